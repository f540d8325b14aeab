// Letters by hand: what the buttons say follows the ticks; j and k open the next letter and the one before; the closed
// list of groups says what is ticked in it; a field for one letter stands there for that letter alone, and "how late" is
// what that kind of letter is about, until a person says otherwise. The server counts again what was ticked.

(() => {
  const form = document.querySelector("form[data-letters]");
  if (!form) return;
  const rows = () => [...form.querySelectorAll("input[name=letter]:not(:disabled)")];
  const all = form.querySelector("[data-all]");
  const buttons = [...form.querySelectorAll(".dock button[name=how]")];

  const count = () => {
    const ticked = rows().filter((box) => box.checked);
    const email = ticked.filter((box) => box.dataset.how === "email").length;
    const print = ticked.length - email;
    const words = { email: `Email ${email}`, print: `Print ${print}`, both: `Email ${email}, print ${print}` };
    const shown = { email: email > 0, print: print > 0, both: email > 0 && print > 0 };
    buttons.forEach((button) => {
      button.querySelector("span").textContent = words[button.value];
      button.hidden = !shown[button.value];
      button.classList.toggle("btn-primary", button.value === "both" || !shown.both);
    });
    const sum = form.querySelector("[data-sum]");
    const parts = [email && `${email} by email`, print && `${print} to print`].filter(Boolean);
    const strong = document.createElement("strong");
    strong.textContent = `${ticked.length} ticked:`;
    sum.replaceChildren(...(parts.length ? [strong, ` ${parts.join(", ")}.`] : ["Nothing is ticked."]));
    all.checked = ticked.length > 0 && ticked.length === rows().length;
    all.indeterminate = ticked.length > 0 && !all.checked;
  };

  form.addEventListener("change", (event) => {
    if (event.target === all) rows().forEach((box) => { box.checked = all.checked; });
    count();
  });
  addEventListener("pageshow", count); // a page from the browser's memory comes back with its ticks
  count();

  document.addEventListener("htmx:afterSettle", () => {
    const letter = form.querySelector("#letter");
    const open = letter.dataset.open;
    if (letter.getBoundingClientRect().top > innerHeight) letter.scrollIntoView(); // below the list on small screens
    form.querySelectorAll("[data-row]").forEach((row) => row.classList.toggle("is-sel", row.dataset.row === open));
  });

  const off = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  let went = false;
  document.addEventListener("keydown", (event) => {
    const free = !off() && !event.ctrlKey && !event.metaKey && !event.altKey;
    const inField = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
    if (free && !went && !inField) form.querySelector(`#letter [data-key="${CSS.escape(event.key)}"]`)?.click();
    went = event.key === "g"; // g and then a letter goes to a page
  });
})();

(() => {
  const picker = document.querySelector("details.picker");
  if (!picker) return;
  const said = picker.querySelector("summary");
  picker.addEventListener("change", () => {
    const names = [...picker.querySelectorAll(":checked")].map((box) => box.closest("label").textContent.trim());
    said.textContent = names.length === 0 ? said.dataset.chosen : names.length === 1 ? names[0] : `${names.length} groups`;
  });
  picker.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { picker.open = false; said.focus(); }
  });
  document.addEventListener("click", (event) => { if (!picker.contains(event.target)) picker.open = false; });
})();

(() => {
  const which = document.querySelector("select[name=which]");
  if (!which) return;
  const fit = () => document.querySelectorAll("[data-only-for]").forEach((part) => {
    part.hidden = !which.value.endsWith(part.dataset.onlyFor);
  });
  which.addEventListener("change", () => {
    const late = document.querySelector("select[name=days_late]");
    const aboutSteps = /(^|-)\d+$/.test(which.value); // all other letters are about whatever is out
    if (late && aboutSteps === (late.value === "0")) late.value = aboutSteps ? "1" : "0";
    fit();
  });
  addEventListener("pageshow", fit); // the browser may bring back another choice than the page was made with
  fit();
})();
