// Keys, ticked rows, what folds on a phone, double clicks. Everything works without this file but the keys.

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
  const show = (form) => {
    const bar = form.querySelector("[data-bulk]");
    if (!bar) return; // nothing can be done to these
    const rows = [...form.querySelectorAll("[data-tick]")];
    const states = rows.filter((box) => box.checked).map((box) => box.dataset.tick);
    const ticked = states.length;
    const all = form.querySelector("[data-tick-all]");
    rows.forEach((box) => box.closest("tr").classList.toggle("is-sel", box.checked));
    bar.hidden = ticked === 0;
    bar.querySelector("[data-how-many]").textContent = `${ticked} ticked`;
    bar.querySelectorAll("[data-for]").forEach((button) => { // only what does something to one of them
      button.hidden = !button.dataset.for.split(" ").some((state) => states.includes(state));
    });
    all.checked = ticked > 0 && ticked === rows.length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  const showAll = () => document.querySelectorAll("form[data-ticks]").forEach(show);

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-ticks]");
    if (!form) return;
    if (event.target.matches("[data-tick-all]")) {
      form.querySelectorAll("[data-tick]").forEach((box) => { box.checked = event.target.checked; });
    }
    show(form);
  });
  addEventListener("pageshow", showAll); // a page from the browser's memory comes back with its ticks
  document.addEventListener("htmx:afterSettle", showAll);
  showAll();
})();

// A double click sends a form once. What a scanner sends at the desk goes by htmx, and each scan counts.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (Date.now() - (form.dataset.sentAt ?? 0) < 2000) event.preventDefault();
  else form.dataset.sentAt = Date.now();
});

// Parts that refresh themselves leave the page alone while somebody does something on it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches("[data-live]")) return;
  const busy = document.activeElement?.closest("main > *, dialog[open]") || event.target.querySelector(":checked[data-tick]");
  if (busy || document.hidden) event.preventDefault();
});

// On a phone the fields above a list fold away, unless they narrow it; wider, they are always there.
(() => {
  const phone = matchMedia("(max-width: 575.98px)");
  const fold = () => document.querySelectorAll("[data-fold]").forEach((part) => {
    part.open = !phone.matches || part.dataset.fold === "open";
  });
  phone.addEventListener("change", fold);
  fold();
})();

// The open tab is in sight, however many stand before it.
document.querySelector(".tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
