// What changes while one looks: events from the ledger, and clocks that tick.
// Every change becomes `live:<kind>`, `live:<kind>.<id>` and `live:<action>` on the body, at most once in 200 ms each.
(() => {
  "use strict";
  const COALESCE = 200;
  const body = document.body;

  // --- changes --------------------------------------------------------------
  const pending = new Map();
  let timer = null;

  function take(change) {
    pending.set(`live:${change.kind}`, change);
    pending.set(`live:${change.kind}.${change.id}`, change);
    pending.set(`live:${change.action}`, change);
    timer ??= setTimeout(dispatch, COALESCE);
  }

  function dispatch() {
    const changes = [...pending];
    pending.clear();
    timer = null;
    for (const [name, detail] of changes) body.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // Too much was missed to be told one by one: everything that listens reads itself again.
  function readAllAgain() {
    const names = new Set();
    for (const element of document.querySelectorAll("[hx-trigger*='live:']")) {
      for (const found of element.getAttribute("hx-trigger").matchAll(/live:[\w.-]+/g)) names.add(found[0]);
    }
    for (const name of names) body.dispatchEvent(new CustomEvent(name, { detail: { reset: true } }));
    body.dispatchEvent(new CustomEvent("live:reset"));
  }

  function show(connected) {
    document.documentElement.dataset.live = connected ? "on" : "off";
  }

  // --- one connection for all tabs --------------------------------------------
  // Browsers open six connections to a host and no more: where tabs can agree, one of them listens for all.
  let last = "";
  let source = null;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("dutycenter.live") : null;
  const recent = [];

  function connect() {
    source?.close();
    source = new EventSource(last ? `/live?after=${encodeURIComponent(last)}` : "/live");
    source.onopen = () => tell({ connected: true });
    source.onerror = () => {
      tell({ connected: false });
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
    };
    source.onmessage = (event) => {
      last = event.lastEventId;
      const change = JSON.parse(event.data);
      recent.push({ change, at: Date.now() });
      while (recent.length && Date.now() - recent[0].at > 10000) recent.shift();
      tell({ change });
    };
    source.addEventListener("reset", () => tell({ reset: true }));
  }
  document.addEventListener("submit", (event) => { if ("leave" in event.target.dataset) source?.close(); });

  function tell(message) {
    hear(message);
    if (navigator.locks) channel?.postMessage(message);
  }

  function hear(message) {
    if (message.change) take(message.change);
    else if (message.reset) readAllAgain();
    else if ("connected" in message) show(message.connected);
    else if (message.hello && source) {
      channel.postMessage({ connected: source.readyState === EventSource.OPEN });
      for (const { change } of recent) channel.postMessage({ change });
    }
  }

  if (navigator.locks && channel) {
    channel.onmessage = (event) => hear(event.data);
    channel.postMessage({ hello: true });
    navigator.locks.request("dutycenter.live", () => { connect(); return new Promise(() => {}); });
  } else {
    const whileSeen = () => { if (document.hidden) { source?.close(); source = null; } else if (!source) connect(); };
    document.addEventListener("visibilitychange", whileSeen);
    whileSeen();
  }

  // --- clocks ---------------------------------------------------------------
  // The server's time is the only one: the strip brings it, with how fast it runs and the duty room's zone.
  const server = { now: Date.now(), read: performance.now(), speed: 1, zone: undefined };

  function readServerClock() {
    const brought = document.querySelector("[data-server-now]");
    if (!brought || brought.dataset.read) return;
    brought.dataset.read = "yes";
    server.now = Date.parse(brought.dataset.serverNow);
    server.read = performance.now();
    server.speed = Number(brought.dataset.speed) || 1;
    server.zone = brought.dataset.zone;
  }

  const now = () => server.now + (performance.now() - server.read) * server.speed;
  const two = (number) => String(number).padStart(2, "0");

  function length(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const days = Math.floor(whole / 86400);
    if (days) {
      const rest = `${Math.floor((whole % 86400) / 3600)}:${two(Math.floor((whole % 3600) / 60))}`;
      return `${(window.dutycenter.words.days || "").replace("${n}", days)} ${rest}`;
    }
    const hours = Math.floor(whole / 3600);
    const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
    return hours ? `${hours}:${rest}` : rest;
  }

  function tick() {
    readServerClock();
    const at = now();
    for (const element of document.querySelectorAll("[data-now]")) {
      const text = new Date(at).toLocaleTimeString("en-GB", { timeZone: server.zone });
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of document.querySelectorAll("[data-since]")) {
      const text = length((at - Date.parse(element.dataset.since)) / 1000);
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of document.querySelectorAll("[data-until]")) {
      const left = (Date.parse(element.dataset.until) - at) / 1000;
      const whole = Number(element.dataset.whole) || 0;
      if (left <= 0 && element.dataset.end) { element.dataset.ended = "yes"; continue; }
      if (!element.children.length) element.textContent = left >= 0 ? length(left) : `−${length(-left)}`;
      element.dataset.urgency = left <= 0 ? "over" : left <= whole / 3 ? "near" : "";
    }
  }
  window.dutycenter = { ...(window.dutycenter || {}), now, tick };
  setInterval(tick, 500);
  document.addEventListener("htmx:afterSettle", tick);
  tick();
})();
