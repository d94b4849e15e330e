// Picking whom to call: type, choose with the arrow keys or the mouse, and it stands in the list.
(() => {
  "use strict";
  const rows = (form) => form.querySelector("[data-picked]");
  const changed = (form) => form.dispatchEvent(new Event("change", { bubbles: true }));

  function pick(button) {
    const form = button.closest("form");
    const known = [...form.querySelectorAll("input[name=who]")].find((input) => input.value === button.dataset.token);
    if (!known) {
      const row = form.querySelector("template[data-picked-template]").content.firstElementChild.cloneNode(true);
      row.querySelector("input[name=who]").value = button.dataset.token;
      row.querySelector("[data-picked-title]").textContent = button.dataset.title;
      row.querySelector("i.bi").className = `bi bi-${button.dataset.icon}`;
      rows(form).append(row);
    }
    const search = form.querySelector("[data-picker] input[type=search]");
    search.select();
    search.focus();
    changed(form);
  }

  // Whoever is quicker than the page's scripts has clicked before htmx was there to hear it.
  document.addEventListener("htmx:load", () => {
    const early = document.activeElement;
    if (early?.matches("[data-picker] input[type=search]")) htmx.trigger(early, "click");
  }, { once: true });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-token], [data-unpick], [data-insert-into]");
    if (!button) return;
    if ("token" in button.dataset) { pick(button); return; }
    if ("insertInto" in button.dataset) {
      const field = document.getElementById(button.dataset.insertInto);
      field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    const form = button.closest("form");
    button.closest("[data-picked-row]").remove();
    changed(form);
  });

  document.addEventListener("keydown", (event) => {
    const picker = event.target.closest?.("[data-picker]");
    if (!picker) {
      // Enter in a field must not save or begin anything.
      if (event.key === "Enter" && !event.ctrlKey && event.target.matches?.("[data-no-enter] input")) event.preventDefault();
      return;
    }
    const lines = [...picker.querySelectorAll("[data-token]")];
    const at = lines.indexOf(document.activeElement);
    if (event.key === "Enter" && !event.ctrlKey && at === -1) {
      event.preventDefault();
      if (lines.length && event.target.value.trim()) pick(lines[0]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (lines[next] || picker.querySelector("input[type=search]")).focus();
    } else if (event.key === "Escape") {
      picker.querySelector(".picks").replaceChildren();
    }
  });
})();
