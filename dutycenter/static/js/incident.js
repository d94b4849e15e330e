// The incident page: a fact that somebody else changed meanwhile comes back with both texts, to be looked at.
(() => {
  "use strict";
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 409 || !event.detail.target?.matches?.(".fact")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.target.closest?.(".fact form")?.querySelector("[hx-get]")?.click();
  });
})();
