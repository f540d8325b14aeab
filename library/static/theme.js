// Light or dark, before the first paint: loaded in the head, without defer. The system's choice until a person chose.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* a private window keeps nothing */ }

  const show = (theme) => {
    root.dataset.bsTheme = theme;
    dispatchEvent(new CustomEvent("theme", { detail: theme }));
  };
  show(kept || (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => { if (!kept) show(system.matches ? "dark" : "light"); });

  addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-theme-toggle]")?.addEventListener("click", () => {
      kept = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", kept); } catch { /* then it lasts for this page */ }
      show(kept);
    });
  });
})();
