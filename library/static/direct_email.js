// Direct email: tell the library that a message was opened in the mail program, and copy its text for webmail.
// Without it the link works all the same; only the history does not know.

(() => {
  const form = document.querySelector("form[data-opened]");
  if (!form) return;
  const told = document.querySelector("[data-told]");

  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-guardian]");
    if (link) {
      const body = new URLSearchParams({ guardian: link.dataset.guardian });
      const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
      fetch(form.dataset.opened, { method: "POST", body, headers: { "X-CSRFToken": token }, keepalive: true })
        .then((answer) => { told.textContent = answer.ok ? "The history says that it was opened in your mail program." : ""; });
    }
    const button = event.target.closest("button[data-copy]");
    if (button) {
      const text = document.getElementById(button.dataset.copy);
      const said = (words) => { button.querySelector("span").textContent = words; };
      const select = () => { getSelection().selectAllChildren(text); said("Text is selected"); };
      if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(() => said("Text is copied"), select);
      else select(); // no clipboard on a page without TLS: Ctrl C does it
    }
  });
})();
