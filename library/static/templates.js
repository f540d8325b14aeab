// Wording: fields put in by a click, Ctrl+S, the way to a mistake, and words that are never lost. The letter itself is
// written by the server; without this file it is shown by its button.

(() => {
  const form = document.querySelector("form[data-wording]");
  if (!form) return;
  const { subject, body } = form.elements;
  const saved = { subject: subject.value, body: body.value };
  let last = body;

  const changed = () => form.hasAttribute("data-changed") || subject.value !== saved.subject || body.value !== saved.body;
  const heard = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
  [subject, body].forEach((field) => field.addEventListener("focus", () => { last = field; }));

  const put = (field, words, from, to) => {
    field.focus();
    field.setRangeText(words, from, to, "end");
    heard(field);
  };
  const place = (field, line, column) => {
    const before = field.value.split("\n").slice(0, line - 1);
    return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  };

  document.addEventListener("click", (event) => {
    const field = event.target.closest("[data-insert]");
    const error = event.target.closest("[data-go-to]");
    if (field) put(last, field.dataset.insert, last.selectionStart, last.selectionEnd);
    if (!error) return;
    const { goTo, line, column, width, instead } = error.dataset;
    const from = place(form.elements[goTo], Number(line), Number(column));
    const to = from + Math.max(Number(width), 1);
    if (instead) {
      put(form.elements[goTo], instead, from, to);
    } else {
      form.elements[goTo].focus();
      form.elements[goTo].setSelectionRange(from, to);
    }
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  // The HTML goes signed from the page into its frame: no address holds anything about anybody.
  const show = () => document.querySelectorAll("form[data-show-letter]:not([data-shown])").forEach((one) => {
    one.setAttribute("data-shown", "");
    one.querySelector("[data-by-hand]").hidden = true;
    one.submit();
  });
  document.addEventListener("htmx:afterSettle", show);
  show();

  // Words that were not saved stay in this tab, also when the session ended meanwhile.
  const shelf = `wording-${form.dataset.wording}`;
  const keep = () => {
    try {
      if (changed()) sessionStorage.setItem(shelf, JSON.stringify({ subject: subject.value, body: body.value }));
      else sessionStorage.removeItem(shelf);
    } catch { /* then they are in the fields alone */ }
  };
  const kept = (() => { try { return JSON.parse(sessionStorage.getItem(shelf)); } catch { return null; } })();
  const note = form.querySelector("[data-kept]");
  if (kept && (kept.subject.trim() !== subject.value.trim() || kept.body.trim() !== body.value.trim())) note.hidden = false;
  else keep();
  note.querySelector("[data-put-back]").addEventListener("click", () => {
    subject.value = kept.subject;
    body.value = kept.body;
    note.hidden = true;
    heard(body);
  });
  note.querySelector("[data-forget]").addEventListener("click", () => { note.hidden = true; keep(); });
  form.addEventListener("input", keep);

  let leaving = false;
  document.addEventListener("submit", (event) => {
    if (event.target !== form && !event.target.matches("[data-leave]")) return;
    leaving = true;
    keep();
  });
  addEventListener("beforeunload", (event) => { if (!leaving && changed()) event.preventDefault(); });
})();
