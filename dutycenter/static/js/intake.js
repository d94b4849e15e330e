// The form beside a call saves itself as it is typed, shows what others type into it, and loses nobody's words.
(() => {
  "use strict";
  const RETRY = 4000;
  const SLOW = 5000;
  const form = document.getElementById("intake");
  if (!form) return;
  const { drafts, presence, conflicts } = window.dutycenter;
  // Into an incident each save is a line of its timeline: longer pauses, and whole fields.
  const DEBOUNCE = form.dataset.incident ? 3000 : 600;
  const csrf = document.querySelector("meta[name=csrf-token]").content;
  const says = JSON.parse(form.dataset.says);
  const controls = [...form.querySelectorAll("[data-field] [name]")];
  const known = new Map(); // what the server has
  const undecided = new Set();
  let timer = null;
  let saving = null;

  // A browser may put back what was typed before a reload: compare with what the server said.
  for (const control of controls) {
    if (control.matches("select")) known.set(control.name, [...control.options].find((option) => option.defaultSelected)?.value ?? "");
    else known.set(control.name, control.defaultValue);
  }

  const differs = (control) => control.value !== known.get(control.name);
  const changed = () => controls.filter((control) => differs(control) && !undecided.has(control.name));
  const status = (text, kind = "") => {
    const line = form.querySelector("[data-saved]");
    line.textContent = text;
    line.dataset.kind = kind;
  };

  // Where the cursor goes in a field: a select that one types into is hidden behind its own.
  const stopOf = (field) => field.querySelector("[role=combobox], [name]");

  function put(control, text) {
    control.value = text;
    control.dispatchEvent(new Event("intake:put", { bubbles: true }));
  }

  // --- kept in this browser until the server has it -------------------------------
  const lineOf = (name, text) => ({ account: form.dataset.account, intake: form.dataset.intake, name, text });

  function keep(control) {
    const { name, value } = control;
    if (!differs(control) && !saving) { drafts.forget(lineOf(name)); return; } // the server has it
    drafts.keep({ ...lineOf(name, value), base: known.get(name), version: Number(form.elements.version.value) });
  }

  async function restore() {
    let restored = false;
    for (const { account, intake, name, text, base } of await drafts.ofAccount(form.dataset.account)) {
      const control = form.elements[name];
      if (intake !== form.dataset.intake || !control) continue;
      if (text === known.get(name)) { drafts.forget({ account, intake, name, text }); continue; }
      if (differs(control)) continue; // typed again meanwhile
      put(control, text);
      restored = true;
      const there = known.get(name);
      if (base !== there && !text.includes(there)) conflict(name, there);
    }
    if (!restored) return;
    status(says.restored);
    later(0);
  }

  // --- saving -------------------------------------------------------------------
  function later(wait = DEBOUNCE) {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  async function save() {
    clearTimeout(timer);
    if (saving) await saving;
    const fields = changed();
    if (!fields.length) return true;
    saving = send(fields);
    try { return await saving; } finally { saving = null; }
  }

  function ask(url, options = {}) {
    return fetch(url, { redirect: "manual", ...options, headers: { "X-CSRF-Token": csrf, "HX-Request": "true", ...options.headers } });
  }

  async function send(fields) {
    const sent = new Map(fields.map((control) => [control.name, control.value]));
    const body = new URLSearchParams([["version", form.elements.version.value], ["tab", presence.tab], ...sent]);
    status(says.saving);
    const takesLong = setTimeout(() => status(says.slow), SLOW);
    let response;
    try {
      response = await ask(form.dataset.save, { method: "POST", body, keepalive: body.toString().length < 60000 });
    } catch {
      status(says.unsaved, "bad");
      later(RETRY);
      return false;
    } finally {
      clearTimeout(takesLong);
    }
    if (response.status === 413) { status(says.tooLarge, "bad"); return false; }
    if (response.status === 401 || response.type === "opaqueredirect") { status(says.loggedOut, "bad"); later(RETRY); return false; }
    if (!response.headers.get("Content-Type")?.includes("json")) { status(says.unsaved, "bad"); later(RETRY); return false; }
    const told = await response.json();
    if (response.status === 422) { status(told.message, "bad"); return false; }
    settle(sent, told);
    return response.ok;
  }

  // Somebody else saved, came, moved or left.
  async function look() {
    if (saving) await saving;
    const asked = new URLSearchParams({ version: form.elements.version.value, tab: presence.tab });
    let response;
    try { response = await ask(`${form.dataset.look}?${asked}`, { headers: { "X-Background": "1" } }); } catch { return; }
    if (response.ok && response.headers.get("Content-Type")?.includes("json")) settle(new Map(), await response.json());
  }

  function settle(sent, told) {
    form.elements.version.value = Math.max(told.version, form.elements.version.value);
    for (const [name, value] of sent) {
      if (name in told.conflicts) continue;
      known.set(name, value);
      drafts.forget(lineOf(name, value));
      conflicts.clear(name);
    }
    for (const [name, theirs] of Object.entries({ ...told.theirs, ...told.conflicts })) {
      const control = form.elements[name];
      if (!control || (sent.has(name) && !(name in told.conflicts))) continue;
      if (!differs(control) && !undecided.has(name)) { put(control, theirs); known.set(name, theirs); }
      else if (control.value === theirs) known.set(name, theirs);
      else conflict(name, theirs);
    }
    for (const name of told.unread) conflicts.note(name, "unread", says.unread);
    missing(told.missing);
    presence.show(told.present);
    if (undecided.size) status(says.conflict, "bad");
    else if (sent.size || !changed().length) status(`${says.saved} ${told.saved}`);
    if (changed().length) later();
    else if (String(told.incident ?? "") !== (form.dataset.incident ?? "") && !undecided.size) location.reload(); // somebody made an incident of it
  }

  function conflict(name, theirs) {
    undecided.add(name);
    conflicts.ask(form.elements[name], theirs, (chosen, text) => {
      undecided.delete(chosen);
      known.set(chosen, theirs);
      const control = form.elements[chosen];
      put(control, text);
      keep(control);
      later(0);
    });
  }

  // --- social security incidents are not graded: what was chosen is shown as kept, and taken out by hand -------
  function grading() {
    const field = form.querySelector("[data-ungraded]");
    const ungraded = form.elements.incident_class.value === field.dataset.ungraded;
    field.querySelector("[data-ungraded-hint]").hidden = !ungraded;
    form.querySelector("[data-ungraded-note]").hidden = !ungraded || !form.elements.level.value;
  }
  form.addEventListener("change", grading);
  form.addEventListener("intake:put", grading);
  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-level-out]")) return;
    form.elements.level.value = "";
    form.elements.level.dispatchEvent(new Event("change", { bubbles: true }));
    form.elements.level.focus();
  });
  grading();

  // --- what is missing is named, and one press leads there ------------------------
  function missing(elements) {
    const list = form.querySelector("[data-missing]");
    const named = elements.map(({ name, label }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.goto = name;
      button.textContent = label;
      return button;
    });
    if (list.contains(document.activeElement)) return; // not under the finger
    list.replaceChildren(...(named.length ? named : [says.nothingMissing]));
  }

  form.addEventListener("click", (event) => {
    const name = event.target.closest("[data-goto]")?.dataset.goto;
    if (name) stopOf(form.querySelector(`[data-field="${name}"]`)).focus();
    if (event.target.closest("[data-next-missing]")) nextMissing();
  });

  function nextMissing() {
    const wanted = [...form.querySelectorAll("[data-missing] [data-goto]")].map((button) => button.dataset.goto);
    const fields = [...form.querySelectorAll("[data-field]")].filter((field) => wanted.includes(field.dataset.field));
    const here = document.activeElement?.closest?.("[data-field]");
    const after = fields.find((field) => here && here.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING);
    const next = after ?? fields[0];
    if (next) stopOf(next).focus();
  }

  // --- typing ---------------------------------------------------------------------
  form.addEventListener("input", (event) => {
    if (controls.includes(event.target)) {
      keep(event.target);
      if (!undecided.has(event.target.name)) conflicts.note(event.target.name);
    }
    later();
  });
  form.addEventListener("change", (event) => {
    if (controls.includes(event.target)) keep(event.target);
    if (event.target.name === "subtype" && event.target.value) {
      const of = form.elements.incident_class;
      put(of, event.target.selectedOptions[0].parentElement.dataset.class);
      keep(of);
    }
    if (event.target.name === "incident_class") dropSubtype(event.target.value);
    later(50);
  });
  // A sub-type of another class is taken out, and can be put back.
  function dropSubtype(of) {
    const subtype = form.elements.subtype;
    const before = subtype.value;
    if (!before || subtype.selectedOptions[0].parentElement.dataset.class === of) return;
    const write = (text) => { put(subtype, text); subtype.dispatchEvent(new Event("change", { bubbles: true })); };
    write("");
    conflicts.dropped(subtype, before, () => write(before));
  }

  // Enter goes on to the next field; only F2 makes an incident.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || !event.target.matches("input, select")) return;
    event.preventDefault();
    const stops = [...form.querySelectorAll("[data-field] input, [data-field] select, [data-field] textarea")].filter((stop) => stop.getClientRects().length);
    stops[stops.indexOf(event.target) + 1]?.focus();
  });
  window.addEventListener("pagehide", () => { if (changed().length) save(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && changed().length) later(0); });
  window.addEventListener("online", () => later(0));

  for (const place of form.querySelectorAll(".field-note[data-theirs]")) conflict(place.closest("[data-field]").dataset.field, place.dataset.theirs);
  if (changed().length) later(0);
  restore();
  look();
  if (!document.activeElement || document.activeElement === document.body) {
    const course = form.elements.course;
    const first = form.elements[form.dataset.first] ?? (course.value ? controls.find((control) => !control.value) : course);
    if (first) stopOf(first.closest("[data-field]")).focus({ preventScroll: true });
  }
  for (const name of [`live:intake.${form.dataset.intake}`, "live:reset"]) document.body.addEventListener(name, look);

  // --- everything that leaves the page saves first --------------------------------
  document.addEventListener("submit", async (event) => {
    const target = event.target;
    if (target.dataset.saved || target.method !== "post" || !target.closest("main, header")) return;
    if (!changed().length && !undecided.size && !saving) return;
    event.preventDefault();
    const submitter = event.submitter;
    const saved = await save();
    if (target === form && (!saved || undecided.size)) return; // what is wrong stands beside the field
    // The part of the page that it stood in may have been read anew meanwhile; what was pressed counts all the same.
    if (!target.isConnected) { target.hidden = true; document.querySelector("main").append(target); }
    target.dataset.saved = "yes";
    target.requestSubmit(submitter?.form === target ? submitter : undefined);
    delete target.dataset.saved;
  }, true);
})();
