// Opens the browser's print dialog: for a page that was checked a moment ago, or where a button asks for it.
if (document.querySelector("[data-print-now]")) {
  const address = new URL(location.href);
  address.searchParams.delete("now"); // a reload shows the page and no dialog
  history.replaceState(null, "", address);
  addEventListener("load", () => window.print());
}
document.querySelectorAll("[data-print]").forEach((button) => {
  button.addEventListener("click", () => window.print());
});
