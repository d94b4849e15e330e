// The duty desk: the form saves itself as it is typed, and nobody's words are lost.
(() => {
  "use strict";
  const RETRY = 4000;
  const form = document.getElementById("intake");
  // Into an incident each save is a line of its timeline: longer pauses, and whole fields.
  const DEBOUNCE = form?.dataset.incident ? 3000 : 600;
  const csrf = document.querySelector("meta[name=csrf-token]").content;

  // --- the form ---------------------------------------------------------------
  const says = form ? JSON.parse(form.dataset.says) : {};
  const controls = form ? [...form.querySelectorAll("[data-field] input, [data-field] select, [data-field] textarea")] : [];
  const known = new Map();
  const undecided = new Set();
  let timer = null;
  let saving = null;

  // A browser may put back what was typed before a reload: compare with what the server said.
  for (const control of controls) {
    if (control.matches("select")) known.set(control.name, [...control.options].find((option) => option.defaultSelected)?.value ?? "");
    else known.set(control.name, control.defaultValue);
  }

  const changed = () => controls.filter((control) => control.value !== known.get(control.name) && !undecided.has(control.name));
  const status = (text, kind = "") => {
    const line = form.querySelector("[data-saved]");
    line.textContent = text;
    line.dataset.kind = kind;
  };

  function later(wait = DEBOUNCE) {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  async function save(look = false) {
    clearTimeout(timer);
    if (saving) { await saving; }
    const fields = changed();
    if (!fields.length && !look) return true;
    saving = send(fields);
    try { return await saving; } finally { saving = null; }
  }

  async function send(fields) {
    const sent = new Map(fields.map((control) => [control.name, control.value]));
    const body = new URLSearchParams([["version", form.elements.version.value], ...sent]);
    if (fields.length) status(says.saving);
    let response;
    try {
      response = await fetch(form.dataset.save, { method: "POST", body, keepalive: body.toString().length < 60000, redirect: "manual",
        headers: { "X-CSRF-Token": csrf, "HX-Request": "true" } });
    } catch {
      status(says.unsaved, "bad");
      later(RETRY);
      return false;
    }
    if (response.status === 413) { status(says.tooLarge, "bad"); return false; }
    if (response.status === 401 || response.type === "opaqueredirect") { status(says.loggedOut, "bad"); later(RETRY); return false; }
    if (!response.headers.get("Content-Type")?.includes("json")) { status(says.unsaved, "bad"); later(RETRY); return false; }
    const told = await response.json();
    if (response.status === 422) { status(told.message, "bad"); return false; }
    settle(sent, told);
    return response.ok;
  }

  function settle(sent, told) {
    form.elements.version.value = told.version;
    for (const [name, value] of sent) if (!(name in told.conflicts)) { known.set(name, value); note(name); }
    for (const [name, value] of Object.entries(told.theirs)) {
      const control = form.elements[name];
      if (!control || sent.has(name)) continue;
      if (control.value === known.get(name)) control.value = value;
      known.set(name, value);
    }
    for (const [name, theirs] of Object.entries(told.conflicts)) conflict(name, theirs);
    for (const name of told.unread) note(name, says.unread);
    form.querySelector("[data-missing]").textContent = told.missing.join(says.separator) || says.nothingMissing;
    status(`${says.saved} ${told.saved}`);
    if (changed().length) later();
  }

  function note(name, text = "") {
    const line = form.querySelector(`[data-field="${name}"] .field-note`);
    if (!line) return null;
    line.replaceChildren(text);
    line.hidden = !text;
    return line;
  }

  function conflict(name, theirs) {
    const control = form.elements[name];
    undecided.add(name);
    const line = note(name, `${says.theirs} `);
    const words = document.createElement("q");
    words.textContent = control.matches("select") ? [...control.options].find((option) => option.value === theirs)?.textContent ?? theirs : theirs;
    line.append(words, " ", choice(says.useTheirs, () => { control.value = theirs; }), " ", choice(says.keepMine, () => {}));
    function choice(label, act) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-primary";
      button.textContent = label;
      button.addEventListener("click", () => { act(); known.set(name, theirs); undecided.delete(name); note(name); control.focus(); later(0); });
      return button;
    }
  }

  if (form) {
    form.addEventListener("input", () => later());
    form.addEventListener("change", (event) => {
      if (event.target.name === "subtype" && event.target.value) {
        form.elements.incident_class.value = event.target.selectedOptions[0].parentElement.dataset.class;
      }
      later(50);
    });
    // Enter goes on to the next field; only F2 makes an incident.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches("input, select")) return;
      event.preventDefault();
      controls[controls.indexOf(event.target) + 1]?.focus();
    });
    window.addEventListener("pagehide", () => { if (changed().length) save(); });
    if (changed().length) later(0);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && changed().length) later(0); });
    if (!document.activeElement || document.activeElement === document.body) {
      const course = form.elements.course;
      (course.value ? controls.find((control) => !control.value) : course)?.focus({ preventScroll: true });
    }
    // Two officers at one form: what the other wrote appears as soon as it is saved.
    document.body.addEventListener(`live:intake.${form.dataset.intake}`, () => { if (!saving) save(true); });
  }

  // --- everything that leaves the page saves first --------------------------------
  document.addEventListener("submit", async (event) => {
    const target = event.target;
    if (!form || target.dataset.saved || target.method !== "post" || !target.closest("main, header")) return;
    if (!changed().length && !undecided.size && !saving) return;
    event.preventDefault();
    const submitter = event.submitter;
    const saved = await save();
    if (target === form && (!saved || undecided.size)) return; // what is wrong stands beside the field
    target.dataset.saved = "yes";
    target.requestSubmit(submitter?.form === target ? submitter : undefined);
    delete target.dataset.saved;
  }, true);

  // --- good news goes by itself, after a while -------------------------------------
  for (const notice of document.querySelectorAll("main > .notice-success")) setTimeout(() => notice.remove(), 20000);

  // --- dialogs ------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const settles = event.target.closest("[data-settle]");
    if (settles) {
      const dialog = document.getElementById("settle");
      dialog.querySelector("form").action = settles.dataset.settle;
      dialog.showModal();
      dialog.querySelector("input[name=how]").focus();
    }
    if (event.target.closest("[data-merge]")) {
      const dialog = document.getElementById("merge");
      dialog.showModal();
      const input = dialog.querySelector("input");
      input.focus();
      htmx.trigger(input, "merge-open");
    }
    event.target.closest("[data-close]")?.closest("dialog").close();
  });
  document.querySelector("#merge form")?.addEventListener("submit", (event) => event.preventDefault());

  // --- a call that was answered by hand opens its form, when none is open -------------
  const openNow = () => document.querySelector("form[data-open-now]")?.requestSubmit();
  document.addEventListener("htmx:afterSettle", openNow);
  openNow();

  // --- a call that rings is seen in other tabs too -------------------------------------
  const title = document.title;
  const ring = () => { document.title = document.querySelector(".ring-mine") ? `☎ ${title}` : title; };
  document.addEventListener("htmx:afterSettle", ring);
  ring();
})();
