// What was typed and is not saved yet, kept in this browser: the server may be away, the browser may crash.
// One line for each field, with the text that was there before and the form's version at which it was.
(() => {
  "use strict";
  const STORE = "texts";

  let opened = null;

  function database() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open("dutycenter.drafts", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["account", "intake", "name"] });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opened;
  }

  async function run(mode, act) {
    try {
      const transaction = (await database()).transaction(STORE, mode);
      const done = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      });
      const request = act(transaction.objectStore(STORE));
      await done;
      return request?.result;
    } catch {
      return undefined; // without a store of its own the form still saves to the server at every pause
    }
  }

  const keep = (line) => run("readwrite", (store) => store.put({ ...line, at: Date.now() }));

  // Saved, or given up: forget it, unless something else than this text was typed there since; without a text, all.
  function forget({ account, intake, name, text }) {
    return run("readwrite", (store) => {
      const key = [account, intake, name];
      store.get(key).onsuccess = (event) => { if (text === undefined || event.target.result?.text === text) store.delete(key); };
    });
  }

  const ofAccount = async (account) => (await run("readonly", (store) => store.getAll(IDBKeyRange.bound([account], [account, []])))) ?? [];

  window.dutycenter = { ...(window.dutycenter || {}), drafts: { keep, forget, ofAccount } };

  // --- the desk without a form: what an earlier form still has to say is sent now -----
  const desk = document.querySelector(".desk[data-account]");
  const csrf = document.querySelector("meta[name=csrf-token]")?.content;

  async function sendLeftovers() {
    const open = document.getElementById("intake")?.dataset.intake;
    const forms = new Map();
    for (const line of await ofAccount(desk.dataset.account)) {
      if (line.intake !== open) forms.set(line.intake, [...(forms.get(line.intake) ?? []), line]);
    }
    for (const [intake, lines] of forms) await send(intake, lines);
  }

  async function send(intake, lines) {
    const version = Math.min(...lines.map((line) => line.version));
    const body = new URLSearchParams([["version", version], ...lines.map((line) => [line.name, line.text])]);
    let response;
    try {
      response = await fetch(desk.dataset.save.replace("/0/", `/${intake}/`), { method: "POST", body, redirect: "manual",
        headers: { "X-CSRF-Token": csrf, "HX-Request": "true" } });
    } catch { return; }
    if (response.status !== 200 && response.status !== 409) return;
    const { conflicts } = await response.json();
    for (const line of lines) if (!(line.name in conflicts)) forget(line);
    const text = response.ok ? desk.dataset.sentLater : desk.dataset.sentPartly;
    window.dutycenter.toast({ kind: response.ok ? "info" : "warning", text });
  }

  if (desk) {
    sendLeftovers();
    window.addEventListener("online", sendLeftovers);
  }
})();
