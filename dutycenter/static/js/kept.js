// What was typed when a log-in ended comes back as names and values; this browser remembers the words beside the fields.
(() => {
  "use strict";
  const keyOf = (address) => `fields:${new URL(address, location.href).pathname}`;
  const wordsOf = (control) => [...(control.labels?.[0]?.childNodes ?? [])]
    .filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent.trim()).join(" ").trim();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    const fields = {};
    for (const control of form.elements) {
      if (control.name) fields[control.name] = control.type === "hidden" ? null : wordsOf(control) || control.ariaLabel || "";
    }
    try {
      sessionStorage.setItem(keyOf(event.submitter?.getAttribute("formaction") || form.action), JSON.stringify(fields));
    } catch { /* a browser that keeps nothing shows the values alone */ }
  });

  const list = document.querySelector("[data-kept]");
  const fields = list && JSON.parse(sessionStorage.getItem(keyOf(list.dataset.kept)) || "{}");
  for (const row of list?.children ?? []) {
    const words = fields[row.dataset.field];
    if (words === null) row.hidden = true;
    if (!words) continue;
    const name = document.createElement("b");
    name.textContent = words;
    row.prepend(name, document.createElement("br"));
  }
})();
