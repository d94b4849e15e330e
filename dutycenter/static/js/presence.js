// Who else has this form open, and in which field they are.
(() => {
  "use strict";
  const EVERY = 15000;
  const form = document.getElementById("intake");
  if (!form) return;

  const tab = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const csrf = document.querySelector("meta[name=csrf-token]").content;
  form.elements.tab.value = tab;
  let spot = "";
  let timer = null;

  function tell(more = {}) {
    clearTimeout(timer);
    timer = setTimeout(tell, EVERY);
    if (document.hidden && !more.leave) return;
    const body = new URLSearchParams({ tab, element: spot, ...more });
    fetch(form.dataset.present, { method: "POST", body, keepalive: true, redirect: "manual",
      headers: { "X-CSRF-Token": csrf, "HX-Request": "true", "X-Background": "1" } }).catch(() => {}); // told again soon
  }

  function moved(event) {
    const now = event.type === "focusin" ? event.target.closest("[data-field]")?.dataset.field ?? "" : "";
    if (now === spot) return;
    spot = now;
    clearTimeout(timer);
    timer = setTimeout(tell, 250);
  }

  // Whoever is there is named at the foot, and at the field in which they are.
  function show(present) {
    form.querySelectorAll(".field-who").forEach((mark) => mark.remove());
    for (const { name, element } of present) {
      const label = element && form.querySelector(`[data-field="${element}"] > label`);
      if (!label || [...label.children].some((mark) => mark.textContent === name)) continue;
      const mark = document.createElement("span");
      mark.className = "field-who";
      mark.textContent = name;
      label.append(mark);
    }
    const line = form.querySelector("[data-here]");
    const names = [...new Set(present.map(({ name }) => name))];
    line.hidden = !names.length;
    line.querySelector("b").textContent = names.join(line.dataset.separator);
  }

  form.addEventListener("focusin", moved);
  form.addEventListener("focusout", moved);
  document.addEventListener("visibilitychange", () => tell());
  window.addEventListener("pagehide", () => tell({ leave: "yes" }));
  window.addEventListener("pageshow", () => tell());
  window.dutycenter = { ...(window.dutycenter || {}), presence: { tab, show } };
})();
