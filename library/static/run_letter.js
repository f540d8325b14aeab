// The letters of a run: j and k open the next one and the one before, outside fields and while keys are switched on.

(() => {
  const off = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  let went = false;
  document.addEventListener("keydown", (event) => {
    const free = !off() && !event.ctrlKey && !event.metaKey && !event.altKey;
    const inField = event.target.closest("input, textarea, select, dialog");
    if (free && !went && !inField) document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
    went = event.key === "g"; // g and then a letter goes to a page
  });
})();
