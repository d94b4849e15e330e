// The board: what changes comes in over its own stream; tiles are exchanged one by one, nothing else moves.
(() => {
  "use strict";
  const board = document.getElementById("board");
  if (!board) return;
  const side = document.getElementById("person");
  const people = document.getElementById("people");
  const away = document.getElementById("board-away");

  // What was typed for this launch has done its work.
  const sent = sessionStorage.getItem("broadcast.sent");
  if (sent) { sessionStorage.removeItem(sent); sessionStorage.removeItem("broadcast.sent"); }

  // --- one person beside the board ---------------------------------------------
  let shown = null;

  function open(id) {
    shown = id;
    side.hidden = false;
    board.classList.add("with-side");
    mark();
    htmx.ajax("GET", board.dataset.person + id, { target: "#person", swap: "innerHTML" });
  }

  function close() {
    const button = document.getElementById(`person-${shown}`);
    shown = null;
    side.hidden = true;
    side.replaceChildren();
    board.classList.remove("with-side");
    button?.focus();
    mark();
  }

  function mark() {
    for (const person of board.querySelectorAll(".person[aria-current]")) person.removeAttribute("aria-current");
    if (shown) document.getElementById(`person-${shown}`)?.setAttribute("aria-current", "true");
  }

  board.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-person]")) { close(); return; }
    const tile = event.target.closest("#people .tile-of");
    if (tile && "person" in board.dataset) open(tile.dataset.person);
  });

  // --- filters -------------------------------------------------------------------
  const filters = document.getElementById("board-filters");

  function wanted() {
    const form = filters ? new FormData(filters) : new FormData();
    return {
      words: (form.get("words") || "").trim().toLowerCase().split(/\s+/).filter(Boolean),
      department: form.get("department") || "",
      places: new Set(form.getAll("places").flatMap((value) => value.split(" "))),
      latest: form.has("latest"),
    };
  }

  const fits = (tile, want) =>
    (!want.department || tile.dataset.department === want.department) &&
    (!want.places.size || want.places.has(tile.dataset.place)) &&
    want.words.every((word) => tile.dataset.words.toLowerCase().includes(word));

  const homeOf = (tile) => people.querySelector(`.department[data-department="${CSS.escape(tile.dataset.department)}"] ul`);

  function arrange() {
    const want = wanted();
    const tiles = [...people.querySelectorAll(".tile-of")];
    const latest = people.querySelector(".latest");
    const counts = {};
    for (const tile of tiles) {
      tile.hidden = !fits(tile, want);
      counts[tile.dataset.place] = (counts[tile.dataset.place] || 0) + 1;
    }
    const order = want.latest
      ? (a, b) => (a.dataset.at < b.dataset.at ? 1 : a.dataset.at > b.dataset.at ? -1 : a.dataset.order - b.dataset.order)
      : (a, b) => a.dataset.order - b.dataset.order;
    if (want.latest || !latest.hidden) {
      const focused = document.activeElement;
      for (const tile of tiles.sort(order)) (want.latest ? latest.querySelector("ul") : homeOf(tile)).append(tile);
      if (focused?.isConnected) focused.focus({ preventScroll: true });
    }
    latest.hidden = !want.latest;
    for (const department of people.querySelectorAll(".department[data-department]")) {
      department.hidden = want.latest || !department.querySelector(".tile-of:not([hidden])");
    }
    document.getElementById("nobody-shown").hidden = tiles.some((tile) => !tile.hidden) || !tiles.length;
    for (const place of filters?.querySelectorAll("[data-count]") || []) {
      place.textContent = place.dataset.count.split(" ").reduce((sum, name) => sum + (counts[name] || 0), 0);
    }
    const narrowed = want.words.length || want.department || want.places.size;
    filters?.querySelector("[type=reset]").toggleAttribute("hidden", !narrowed);
  }
  filters?.addEventListener("input", arrange);
  filters?.addEventListener("reset", () => setTimeout(arrange));
  filters?.addEventListener("submit", (event) => event.preventDefault());

  // --- what changes ------------------------------------------------------------------
  let version = board.dataset.version;
  let source = null;
  let heard = Date.now();
  const SILENCE = 25000; // two beats and some patience

  function apply(news) {
    document.getElementById("score").innerHTML = news.score;
    const shelf = document.createElement("template");
    let strangers = false;
    const focused = document.activeElement?.closest?.("#people .tile-of")?.dataset.person;
    for (const [id, html] of Object.entries(news.tiles)) {
      shelf.innerHTML = html;
      const old = people.querySelector(`.tile-of[data-person="${id}"]`);
      if (old) old.replaceWith(shelf.content.firstElementChild);
      else strangers = true;
    }
    if (focused && focused in news.tiles) document.getElementById(`person-${focused}`)?.focus({ preventScroll: true });
    for (const [name, tally] of Object.entries(news.departments)) {
      const place = people.querySelector(`.department[data-department="${CSS.escape(name)}"] [data-tally]`);
      if (place && place.textContent !== tally) place.textContent = tally;
    }
    if (strangers) htmx.ajax("GET", board.dataset.people, { target: "#people", swap: "innerHTML" }).then(settle);
    settle();
    if (shown && shown in news.tiles) document.body.dispatchEvent(new CustomEvent("board:person"));
  }

  function settle() {
    arrange();
    mark();
    window.dutycenter.tick?.();
  }

  function connect() {
    source?.close();
    heard = Date.now();
    source = new EventSource(`${board.dataset.stream}?after=${encodeURIComponent(version)}`);
    source.addEventListener("board", (event) => { version = event.lastEventId; alive(); apply(JSON.parse(event.data)); });
    source.addEventListener("beat", alive);
    source.onopen = alive;
    source.onerror = () => { if (source?.readyState === EventSource.CLOSED) source = null; };
  }

  function alive() {
    heard = Date.now();
    away.hidden = true;
  }

  // A browser that slept has a connection that only looks alive: silence tells. Hidden pages need none.
  function watch() {
    if (document.hidden) { source?.close(); source = null; return; }
    const silent = Date.now() - heard >= SILENCE;
    if (silent) away.hidden = false;
    if (silent || !source) connect();
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { connect(); document.body.dispatchEvent(new CustomEvent("board:whole")); } else watch();
  });
  window.addEventListener("online", connect);
  window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  setInterval(watch, 5000);
  settle();
  connect();
})();
