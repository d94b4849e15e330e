// The incident page: a fact that somebody else changed meanwhile comes back with both texts, to be looked at.
(() => {
  "use strict";
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 409 || !event.detail.target?.matches?.(".fact")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  // While something plays, the timeline waits: what is new comes when it has ended.
  let waits = null;
  const plays = (place) => [...(place?.querySelectorAll?.("audio") ?? [])].some((audio) => !audio.paused);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.detail.requestConfig.headers?.["X-Background"] || !plays(event.target)) return;
    event.preventDefault();
    waits = event.target;
  });
  for (const name of ["pause", "ended"]) {
    document.addEventListener(name, () => {
      if (!waits || plays(waits)) return;
      window.htmx.ajax("GET", waits.getAttribute("hx-get"), { target: waits, headers: { "X-Background": "1" } });
      waits = null;
    }, true);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.target.closest?.(".fact form")?.querySelector("[hx-get]")?.click();
  });
})();
