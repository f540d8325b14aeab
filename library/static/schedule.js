// A schedule's table of steps: add a row, take one away, save with Ctrl S. Without this file rows that are there can
// still be changed and taken away. What the rows mean is the server's business: it answers while somebody types.

(() => {
  const form = document.querySelector("form[data-schedule]");
  if (!form) return;
  const rows = form.querySelector("[data-rows]");
  const blank = form.querySelector("template[data-new-row]");
  const total = form.querySelector("[name=steps-TOTAL_FORMS]");

  const changed = () => form.dispatchEvent(new CustomEvent("schedule:rows"));

  // A row is taken away by a tick; the row goes out of sight and its tick is sent.
  const dress = (row) => {
    const tick = row.querySelector("[data-remove] input");
    row.hidden = tick.checked;
  };

  form.querySelector("[data-add-row]").addEventListener("click", () => {
    const place = Number(total.value);
    const made = document.createElement("tbody");
    made.innerHTML = blank.innerHTML.replaceAll("__prefix__", place);
    const row = made.firstElementChild;
    rows.append(row);
    total.value = place + 1;
    row.querySelector("input:not([type=hidden])").focus();
    changed();
  });

  form.addEventListener("change", (event) => {
    const row = event.target.closest("[data-remove]")?.closest("[data-step]");
    if (!row) return;
    dress(row);
    form.querySelector("[data-add-row]").focus();
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    form.requestSubmit();
  });

  const dressAll = () => rows.querySelectorAll("[data-step]").forEach(dress);
  addEventListener("pageshow", dressAll);
  dressAll();
})();
