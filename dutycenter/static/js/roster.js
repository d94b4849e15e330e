// The month: from day to day by arrow keys, a day opened in place, the month read again when something changed.
(() => {
  "use strict";
  const dialog = document.getElementById("day-dialog");
  const DAY = 24 * 3600 * 1000;
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  let opened = "";

  const cell = (day) => document.querySelector(`[data-day="${day}"]`);
  const days = () => [...document.querySelectorAll("#month [data-day]")];

  function rove(to) {
    days().forEach((other) => { other.tabIndex = other === to ? 0 : -1; });
    to.focus();
  }

  function moved(day, step) {
    return new Date(Date.parse(`${day}T00:00:00Z`) + step * DAY).toISOString().slice(0, 10);
  }

  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey || dialog.open) return;
    const focused = event.target.closest?.("[data-day]");
    if (!focused && event.target !== document.body) return;
    event.preventDefault();
    const from = focused || document.querySelector('#month [data-day][tabindex="0"]');
    if (!focused) { rove(from); return; }
    const day = moved(from.dataset.day, step);
    const to = cell(day);
    if (to) { rove(to); return; }
    location.assign(`${document.getElementById(step < 0 ? "month-before" : "month-after").href}#d${day}`);
  });

  async function open(link) {
    const day = link.dataset.day || link.pathname.split("/").pop();
    opened = day;
    await window.htmx.ajax("GET", link.href, { target: "#day-holder", swap: "innerHTML", headers: { "HX-Request": "true" } });
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector("input[name=person]") || dialog.querySelector("button")).focus();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-dialog]")) { dialog.close(); return; }
    const link = event.target.closest("[data-day], [data-day-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });

  // Ctrl+Enter saves the form in which one types.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.target.closest("form")?.requestSubmit();
  });

  dialog.addEventListener("close", () => {
    cell(opened) && rove(cell(opened));
    window.htmx.trigger("#month", "roster:changed");
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "month" && !dialog.open && opened && cell(opened)) rove(cell(opened));
  });
  if (location.hash.startsWith("#d") && cell(location.hash.slice(2))) rove(cell(location.hash.slice(2)));
})();
