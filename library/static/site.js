// Keys, ticked rows. Everything works without this file but the keys.

// `/` goes to the search field, `g` and a letter to a page, `?` shows all keys. Only outside fields, and only while
// switched on (the dialog has the switch).
(() => {
  const off = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], dialog");
  let waiting = 0;

  document.addEventListener("keydown", (event) => {
    if (off() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const go = Date.now() - waiting < 1500 && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    waiting = event.key === "g" ? Date.now() : 0;
    if (go) {
      event.preventDefault();
      location.assign(go.href);
    } else if (event.key === "/") {
      const field = document.querySelector("[data-find]");
      if (field) { event.preventDefault(); field.focus(); }
    } else if (event.key === "?") {
      document.getElementById("keys")?.showModal();
    }
  });

  const dialog = document.getElementById("keys");
  document.querySelectorAll("[data-show-keys]").forEach((button) => {
    button.addEventListener("click", () => dialog?.showModal());
  });
  const use = dialog?.querySelector("[data-use-keys]");
  if (use) {
    use.checked = !off();
    use.addEventListener("change", () => {
      try { localStorage.setItem("keys", use.checked ? "on" : "off"); } catch { /* then they stay on */ }
    });
  }
})();

// Ticked rows: the bar above the table says how many, and is there only while something is ticked.
(() => {
  document.querySelectorAll("form[data-ticks]").forEach((form) => {
    const bar = form.querySelector("[data-bulk]");
    if (!bar) return; // nothing can be done to these
    const all = form.querySelector("[data-tick-all]");
    const rows = () => [...form.querySelectorAll("[data-tick]")];

    const show = () => {
      const ticked = rows().filter((box) => box.checked).length;
      rows().forEach((box) => box.closest("tr").classList.toggle("is-sel", box.checked));
      bar.hidden = ticked === 0;
      bar.querySelector("[data-how-many]").textContent = `${ticked} ticked`;
      if (all) {
        all.checked = ticked > 0 && ticked === rows().length;
        all.indeterminate = ticked > 0 && !all.checked;
      }
    };
    form.addEventListener("change", (event) => {
      if (event.target === all) rows().forEach((box) => { box.checked = all.checked; });
      show();
    });
    addEventListener("pageshow", show); // a page from the browser's memory comes back with its ticks
    show();
  });
})();
