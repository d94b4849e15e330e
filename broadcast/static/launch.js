// The launch page: what follows from the selection, the button that says what it will do, and nothing typed is lost.
(() => {
  "use strict";
  const form = document.getElementById("launch");
  if (!form) return;
  const words = JSON.parse(form.dataset.words);
  const fill = (text, values) => text.replace(/\$\{(\w+)\}/g, (_, name) => values[name]);
  const byId = (id) => document.getElementById(id);
  const SPOKEN_A_SECOND = 4.5;
  const RING_AND_KEYS = 25; // seconds that a call takes besides the message
  let measured = null; // the true length, once the message has been made

  // --- who -------------------------------------------------------------------
  const meant = () => byId("called").firstElementChild;
  let counting = false; // what the button said was of another selection

  function look() {
    counting = true;
    showButton();
    htmx.trigger(byId("called"), "selection");
  }

  function showCounts() {
    const counts = JSON.parse(meant().dataset.counts || "{}");
    for (const chip of form.querySelectorAll("#chips [data-picked-row]")) {
      const count = counts[chip.querySelector("input[name=who]").value];
      chip.querySelector("[data-chip-count]").textContent = count ?? "";
      chip.classList.toggle("chip-empty", count === 0);
    }
    showButton();
  }

  function expected(able, lines) {
    const told = form.querySelector("#forecast [data-expected]");
    if (told) return Number(told.dataset.expected);
    return Math.ceil(able / Math.max(1, lines)) * (seconds() + RING_AND_KEYS);
  }

  function spoken(whole) {
    const rounded = Math.max(1, Math.round(whole));
    const values = { m: Math.floor(rounded / 60), s: rounded % 60 };
    return fill(values.m ? words.minutes : words.short, values);
  }

  const counted = (n, one, many) => fill(n === 1 ? one : many, { n });

  function showButton() {
    const people = Number(meant().dataset.people);
    const able = Number(meant().dataset.able);
    const lines = Math.min(Number(form.channels.value) || 1, Number(meant().dataset.lines));
    const go = form.sms_when.value === "alone" ? words.texts : lines ? words.go : words.noLine;
    const text = counting ? words.counting : able ? fill(go, { people: counted(able, words.person, words.people), lines: counted(lines, words.line, words.lines), time: spoken(expected(able, lines)) }) : words.nobody;
    byId("go-words").textContent = (form.exercise.checked ? words.exercise : "") + text;
    byId("go").disabled = !counting && able === 0;
    byId("called-count").textContent = people ? `${able} / ${people}` : "";
    const note = byId("cannot-note");
    note.hidden = able === people;
    const told = note.querySelector("[data-one]");
    told.textContent = fill(told.dataset.one, { count: people - able });
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-without], [data-without-none]");
    if (!button) return;
    if ("withoutNone" in button.dataset) byId("without").replaceChildren();
    else leaveOut(button.dataset.without);
    look();
    keep();
  });

  function leaveOut(id) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = "without";
    input.value = id;
    byId("without").append(input);
  }

  // --- what ----------------------------------------------------------------------
  const seconds = () => measured ?? form.message.value.replace(/\s+/g, "").length / SPOKEN_A_SECOND;

  function showMessage() {
    byId("length").textContent = measured === null && form.message.value.trim() ? fill(words.seconds, { seconds: Math.round(seconds()) }) : "";
    const open = [...new Set(form.message.value.match(/\{[^{}]{1,24}\}/g) || [])];
    const note = byId("missing");
    note.hidden = open.length === 0;
    note.textContent = `${note.dataset.words} ${open.join(" ")}`;
    showButton();
  }

  form.message.addEventListener("input", () => {
    measured = null;
    byId("heard").replaceChildren();
    showMessage();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "called") { counting = false; showCounts(); }
    if (event.detail.target.id === "forecast-told") showButton();
    const audio = event.detail.target.id === "heard" && event.detail.target.querySelector("audio");
    if (audio) { measured = Number(audio.dataset.seconds); showMessage(); }
  });
  // The slider moves the field it mirrors, and follows what is typed there.
  const slider = form.querySelector("[data-mirrors]");
  slider?.addEventListener("input", () => { form[slider.dataset.mirrors].value = slider.value; showButton(); });
  form.channels.addEventListener("input", () => { slider.value = form.channels.value; });
  // What a forecast offers is taken over by a click.
  form.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-sets]");
    if (!offer) return;
    form[offer.dataset.sets].value = offer.dataset.to;
    form[offer.dataset.sets].dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.exercise.addEventListener("change", () => document.body.classList.toggle("exercise", form.exercise.checked));
  form.channels.addEventListener("input", showButton);
  byId("plan")?.addEventListener("change", (event) => {
    const own = new URLSearchParams(location.search);
    own.delete("plan");
    location.assign(event.target.value || `${location.pathname}?${own}`);
  });

  // --- nothing typed is lost -------------------------------------------------------
  const PLACE = `broadcast.new:${location.search}`;
  const FIELDS = ["title", "message", "channels", "rounds", "pause", "ring_timeout", "reached_rule", "sms_when", "goal", "goal_minutes"];

  function keep() {
    const kept = { exercise: form.exercise.checked, fields: {}, chips: [], without: [], extras: [] };
    for (const name of FIELDS) kept.fields[name] = form[name].value;
    for (const chip of form.querySelectorAll("#chips [data-picked-row]")) {
      const value = (name) => chip.querySelector(`input[name=${name}]`).value;
      kept.chips.push([value("who"), value("tier"), value("both"), chip.querySelector("[data-picked-title]").textContent, chip.querySelector("i.bi").className]);
    }
    for (const input of byId("without").children) kept.without.push(input.value);
    for (const row of form.querySelectorAll(".extra-row")) kept.extras.push([...row.querySelectorAll("input")].map((input) => input.value));
    sessionStorage.setItem(PLACE, JSON.stringify(kept));
  }

  function putBack() {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) || "null");
    if (!kept || form.dataset.fresh !== "yes") return;
    for (const name of FIELDS) if (name in kept.fields) form[name].value = kept.fields[name];
    form.exercise.checked = form.exercise.checked || kept.exercise;
    const template = form.querySelector("template[data-picked-template]").content.firstElementChild;
    byId("chips").replaceChildren(...kept.chips.map(([who, tier, both, title, icon]) => {
      const chip = template.cloneNode(true);
      chip.querySelector("input[name=who]").value = who;
      chip.querySelector("input[name=tier]").value = tier;
      chip.querySelector("input[name=both]").value = both;
      chip.querySelector("[data-picked-title]").textContent = title;
      chip.querySelector("i.bi").className = icon;
      return chip;
    }));
    kept.without.forEach(leaveOut);
    const rows = form.querySelector(".extras [data-rows]");
    const first = rows.querySelector(".extra-row");
    for (const values of kept.extras.filter((pair) => pair.some(Boolean))) {
      const row = first.cloneNode(true);
      row.querySelectorAll("input").forEach((input, place) => { input.value = values[place]; });
      first.before(row);
      form.querySelector(".extras").open = true;
    }
    window.dutycenter?.toast({ kind: "info", text: words.kept });
    look();
  }

  form.addEventListener("input", (event) => {
    // What was wrong may be right now: the server says so again if it isn't.
    event.target.classList.remove("is-invalid");
    byId(`fault-${event.target.name}`)?.remove();
    keep();
  });
  form.addEventListener("change", (event) => {
    if (event.target === form || event.target.name?.startsWith("extra_")) look();
    showButton();
    keep();
  });
  form.addEventListener("submit", () => sessionStorage.setItem("broadcast.sent", PLACE));

  putBack();
  document.body.classList.toggle("exercise", form.exercise.checked);
  showMessage();
  showCounts();
})();
