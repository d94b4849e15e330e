// The launch page: choosing people, seeing what follows from it, and losing nothing that was typed.
(() => {
  "use strict";
  const form = document.getElementById("launch");
  if (!form) return;
  const words = JSON.parse(form.dataset.words);
  const fill = (text, values) => text.replace(/\$\{(\w+)\}/g, (_, name) => values[name]);
  const byId = (id) => document.getElementById(id);
  const people = [...form.querySelectorAll("input[name=people]")];
  const rows = new Map([...form.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row]));
  const departments = [...form.querySelectorAll("input[data-department]")];
  const SPOKEN_A_SECOND = 4.5;
  const RING_AND_KEYS = 25; // seconds that a call takes besides the message
  let measured = null; // the true length, once the message has been made

  // --- who -------------------------------------------------------------------
  const inDepartment = (id) => people.filter((box) => box.dataset.in === id);

  function show() {
    for (const box of people) rows.get(box.value).hidden = !box.checked;
    const chosen = people.filter((box) => box.checked);
    for (const box of departments) {
      const all = inDepartment(box.dataset.department);
      const count = all.filter((one) => one.checked).length;
      box.checked = count === all.length;
      box.indeterminate = count > 0 && count < all.length;
      form.querySelector(`[data-chosen-in="${box.dataset.department}"]`).textContent = count;
    }
    showChips();
    byId("called-empty").hidden = chosen.length > 0;
    byId("called-table").hidden = chosen.length === 0;
    showButton(chosen);
  }

  function chip(label, boxes) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.textContent = label;
    button.ariaLabel = fill(words.remove, { name: label });
    const cross = document.createElement("i");
    cross.className = "bi bi-x";
    button.append(cross);
    button.addEventListener("click", () => { boxes.forEach((box) => { box.checked = false; }); show(); });
    return button;
  }

  function showChips() {
    const made = [];
    for (const box of departments) {
      const all = inDepartment(box.dataset.department);
      const chosen = all.filter((one) => one.checked);
      if (chosen.length === all.length && all.length > 1) made.push(chip(`${all[0].dataset.short} · ${all.length}`, all));
      else for (const one of chosen) made.push(chip(one.dataset.name, [one]));
    }
    byId("chips").replaceChildren(...made);
  }

  function showButton(chosen) {
    const able = chosen.filter((box) => box.dataset.callable === "yes").length;
    const lines = Math.max(1, Number(form.channels.value) || 1);
    const minutes = (Math.ceil(able / lines) * (seconds() + RING_AND_KEYS)) / 60;
    const wording = minutes < 1 ? words.quick : words.go;
    const text = able ? fill(wording, { people: able, channels: Math.min(lines, able), minutes: Math.round(minutes) }) : words.nobody;
    byId("go-words").textContent = (form.exercise.checked ? words.exercise : "") + text;
    byId("go").disabled = able === 0;
    byId("called-count").textContent = chosen.length ? `${able} / ${chosen.length}` : "";
    const note = byId("cannot-note");
    note.hidden = able === chosen.length;
    const told = note.querySelector("[data-one]");
    told.textContent = fill(told.dataset.one, { count: chosen.length - able });
  }

  form.addEventListener("change", (event) => {
    if (event.target.dataset.department) {
      inDepartment(event.target.dataset.department).filter(isFound).forEach((box) => { box.checked = event.target.checked; });
    }
    show();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove], [data-add], [data-all], [data-insert]");
    if (!button) {
      // The box in a summary chooses; it doesn't open.
      if (event.target.dataset.department) event.stopPropagation();
      return;
    }
    if ("remove" in button.dataset) set(button.dataset.remove, false);
    else if ("add" in button.dataset) set(button.dataset.add, true);
    else if ("all" in button.dataset) people.filter(isFound).forEach((box) => { box.checked = button.dataset.all === "yes"; });
    else insert(button.dataset.insert);
    show();
    keep();
  });

  function set(id, chosen) {
    const box = people.find((one) => one.value === id);
    if (box) box.checked = chosen;
  }

  // --- search ------------------------------------------------------------------
  const isFound = (box) => !box.closest("li").hidden;
  const branches = [...form.querySelectorAll(".branch")];
  const opened = new Map(branches.map((branch) => [branch, branch.open]));
  byId("tree-search")?.addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const box of people) box.closest("li").hidden = !wanted.every((part) => box.dataset.text.includes(part));
    for (const branch of branches) {
      branch.hidden = !branch.querySelector("li:not([hidden])");
      branch.open = wanted.length ? !branch.hidden : opened.get(branch);
    }
    byId("tree-empty").hidden = branches.some((branch) => !branch.hidden);
    event.stopPropagation();
  });
  byId("tree-search")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey) return;
    event.preventDefault();
    const found = people.filter(isFound);
    if (event.target.value.trim() && found.length === 1) { found[0].checked = !found[0].checked; show(); keep(); event.target.select(); }
  });

  // --- what ----------------------------------------------------------------------
  const seconds = () => measured ?? form.message.value.replace(/\s+/g, "").length / SPOKEN_A_SECOND;

  function showLength() {
    byId("length").textContent = form.message.value.trim() ? fill(words.seconds, { seconds: Math.round(seconds()) }) : "";
  }

  function insert(text) {
    const field = form.message;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.message.addEventListener("input", () => {
    measured = null;
    byId("heard").replaceChildren();
    showLength();
    show();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const audio = event.detail.target.id === "heard" && event.detail.target.querySelector("audio");
    if (audio) { measured = Number(audio.dataset.seconds); byId("length").textContent = ""; show(); }
  });
  form.exercise.addEventListener("change", () => {
    document.body.classList.toggle("exercise", form.exercise.checked);
  });

  // --- nothing typed is lost -------------------------------------------------------
  const PLACE = `broadcast.new:${location.search}`;
  const FIELDS = ["title", "message", "channels", "rounds", "pause", "ring_timeout"];

  function keep() {
    const kept = { people: people.filter((box) => box.checked).map((box) => box.value), exercise: form.exercise.checked };
    for (const name of FIELDS) kept[name] = form[name].value;
    sessionStorage.setItem(PLACE, JSON.stringify(kept));
  }

  function putBack() {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) || "null");
    if (!kept || form.dataset.fresh !== "yes") return;
    for (const name of FIELDS) if (name in kept) form[name].value = kept[name];
    form.exercise.checked = form.exercise.checked || kept.exercise;
    kept.people.forEach((id) => set(id, true));
    window.dutycenter?.toast({ kind: "info", text: words.kept });
  }

  form.addEventListener("input", (event) => {
    // What was wrong may be right now: the server says so again if it isn't.
    event.target.classList.remove("is-invalid");
    byId(`fault-${event.target.name}`)?.remove();
    keep();
  });
  form.addEventListener("change", keep);
  form.addEventListener("submit", () => sessionStorage.setItem("broadcast.sent", PLACE));
  form.addEventListener("keydown", (event) => {
    // Enter in a field must not begin calling people.
    if (event.key === "Enter" && event.target.matches("input") && !event.ctrlKey) event.preventDefault();
  });

  putBack();
  document.body.classList.toggle("exercise", form.exercise.checked);
  showLength();
  show();
})();
