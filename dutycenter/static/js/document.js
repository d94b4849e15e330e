// A written report saves itself as it is typed; whatever leaves the page saves first.
(() => {
  "use strict";
  const PAUSE = 2000;
  const RETRY = 5000;
  const form = document.getElementById("document");
  if (!form) return;
  const status = form.querySelector("[data-status]");
  const text = () => JSON.stringify([...form.querySelectorAll("input[maxlength], textarea")].map((field) => field.value));
  let known = JSON.stringify([...form.querySelectorAll("input[maxlength], textarea")].map((field) => field.defaultValue));
  let timer = null;
  let saving = null;
  let refused = false;

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  async function save() {
    clearTimeout(timer);
    if (saving) await saving;
    if (refused || text() === known) return !refused;
    saving = send();
    try { return await saving; } finally { saving = null; }
  }

  async function send() {
    const sent = text();
    const body = new URLSearchParams(new FormData(form));
    body.set("keep", "");
    let response;
    try {
      response = await fetch(form.dataset.save, { method: "POST", body, keepalive: body.toString().length < 60000, redirect: "manual",
        headers: { "HX-Request": "true", "X-CSRF-Token": form.elements.csrf_token.value } });
    } catch {
      return failed(form.dataset.unsaved);
    }
    if (!response.headers.get("Content-Type")?.includes("json")) return failed(form.dataset.unsaved);
    const told = await response.json();
    status.textContent = told.said;
    status.dataset.kind = response.ok ? "" : "bad";
    if (!response.ok) {
      refused = response.status === 409;
      return false;
    }
    known = sent;
    for (const field of document.querySelectorAll("input[name=version]")) field.value = told.version;
    if (text() !== known) later(PAUSE);
    return true;
  }

  function failed(words) {
    status.textContent = words;
    status.dataset.kind = "bad";
    later(RETRY);
    return false;
  }

  form.addEventListener("input", () => later(PAUSE));
  window.addEventListener("pagehide", () => { save(); });
  document.addEventListener("submit", async (event) => {
    const target = event.target;
    if (target === form || target.method !== "post" || target.dataset.saved || text() === known) return;
    event.preventDefault();
    if (!await save()) return;
    target.dataset.saved = "yes";
    target.requestSubmit(event.submitter);
  });
})();
