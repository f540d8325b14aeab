// The desk at a scanner's speed: the field always has the focus, keys choose what to do, and scans wait in line.
// Without this file every form still works.
(() => {
  const form = document.getElementById("scan");
  const field = document.getElementById("scan-field");
  const work = () => document.getElementById("desk");
  const mode = () => form.querySelector("input[name=do]:checked").value;

  // One after the other: a scanner may read the next card before the last answer has come. The patron is read when a
  // scan's turn comes, so that a card and a book read quickly belong together.
  let line = Promise.resolve();
  const inLine = (deed) => { line = line.then(deed).catch(() => {}); };

  const ask = (verb, address, values, scanned) => inLine(async () => {
    const before = work();
    const patron = before.querySelector("input[name=patron]");
    before.setAttribute("aria-busy", "true");
    try {
      const asked = verb === "POST" ? { patron: patron.value, ...values } : {};
      await htmx.ajax(verb, address, { values: asked, target: "#desk", swap: "outerHTML" });
    } catch { /* told below: the old part is still there */ }
    before.removeAttribute("aria-busy");
    const answered = work() !== before;
    document.getElementById("desk-trouble").hidden = answered;
    document.querySelector("#desk-trouble [data-what]").textContent = scanned || "that";
    if (!answered) patron.value = ""; // it may have been the next card: what follows goes to nobody by mistake
  });

  // With an answer: mode, label and focus follow it, and a screen reader hears what happened.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== work()) return;
    if (!ahead) form.querySelector(`input[value="${work().dataset.mode}"]`).checked = true;
    label();
    fade();
    const said = work().querySelector("[data-said]")?.cloneNode(true);
    said?.querySelectorAll(".sub").forEach((part) => part.prepend(". "));
    const status = document.getElementById("desk-said");
    if (said && status.textContent !== said.textContent) status.textContent = said.textContent;
    if (!document.activeElement?.closest("#desk input, .spine, .topbar, dialog")) field.focus();
  });

  const label = () => {
    const words = work().getAttribute(`data-${mode()}`);
    field.placeholder = words;
    field.setAttribute("aria-label", words);
    document.getElementById("scan-button").textContent = work().getAttribute(`data-${mode()}-button`);
  };

  // A mode chosen while an answer is on its way stands: the answer to an older scan does not change it.
  let ahead = false;
  const choose = (mode) => {
    ahead = true;
    form.querySelector(`input[value="${mode}"]`).checked = true;
    const address = new URL(location);
    address.searchParams.set("do", mode);
    history.replaceState(history.state, "", address);
    label();
    field.focus();
    inLine(() => { ahead = false; });
  };

  // Undo is offered for a minute.
  const fade = () => document.querySelectorAll("[data-undo]").forEach((undo) => {
    setTimeout(() => undo.remove(), Number(undo.dataset.seconds) * 1000);
  });

  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (!sent.matches("form[data-desk]")) return;
    event.preventDefault();
    const values = Object.fromEntries(new FormData(sent, event.submitter));
    if (sent === form) {
      if (!field.value.trim()) { field.value = ""; return; }
      delete values.patron;
      field.value = "";
      ask("POST", sent.action, values, values.scan);
    } else {
      ask("POST", sent.action, { ...values, do: mode() });
      field.focus();
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-desk]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches("[data-next]")) next();
    else ask("GET", link.getAttribute("href"));
    field.focus();
  });

  form.addEventListener("change", (event) => { if (event.target.name === "do") choose(event.target.value); });

  const next = () => ask("GET", `${location.pathname}?do=${mode()}`);

  const keys = {
    F2: () => choose("lend"),
    F4: () => choose("return"),
    F8: () => choose("renew"),
    Escape: () => { field.value = ""; next(); },
  };

  const arrow = (event) => {
    const all = [...document.querySelectorAll("[data-choice]")];
    const at = all.indexOf(document.activeElement);
    const from = document.activeElement === field ? -1 : at;
    if (!all.length || (from === -1 && document.activeElement !== field)) return;
    event.preventDefault();
    const to = event.key === "ArrowDown" ? Math.min(from + 1, all.length - 1) : from - 1;
    (to < 0 ? field : all[to]).focus();
  };

  document.addEventListener("keydown", (event) => {
    const dialog = document.querySelector("dialog[open]");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.defaultPrevented || event.isComposing || (dialog && event.key === "Escape")) return;
    if (plain && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) {
      const undo = document.querySelector("[data-undo]");
      if (field.value || !undo || event.target.closest("#desk input")) return;
      event.preventDefault();
      inLine(() => document.querySelector("[data-undo]")?.requestSubmit(document.querySelector("[data-undo] button")));
    } else if (plain && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      arrow(event);
    } else if (event.key === "?" && event.target === field && !field.value) {
      event.preventDefault();
      document.getElementById("keys")?.showModal();
    } else if (plain && /^[\p{L}\p{N}]$/u.test(event.key) && event.key !== "g") {
      // What a scanner types anywhere lands in the field, also with the list of keys open.
      if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select")) return;
      dialog?.close();
      field.focus();
    }
  });

  addEventListener("focus", () => { if (document.activeElement === document.body) field.focus(); });
  fade();
  label();
  field.focus();
})();
