// What every page can do: CSRF for htmx, notices, keys, the find box, buttons that must be held.
(() => {
  "use strict";
  const words = JSON.parse(document.body?.dataset.words || "{}");

  // --- htmx ---------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = document.querySelector("meta[name=csrf-token]").content;
  });
  const isBackground = (event) => Boolean(event.detail.requestConfig?.headers?.["X-Background"]);
  document.addEventListener("htmx:sendError", (event) => {
    if (!isBackground(event)) toast({ kind: "error", title: words.away, text: words.awayText });
  });
  document.addEventListener("htmx:responseError", (event) => {
    const said = event.detail.xhr.getResponseHeader("HX-Trigger") || "";
    if (!isBackground(event) && !said.includes("toast")) toast({ kind: "error", title: words.failed, text: words.failedText });
  });
  document.body.addEventListener("toast", (event) => toast(event.detail));
  // Whoever logs out asks for nothing more: what the page looks up by itself would be refused, and said to be wrong.
  document.addEventListener("submit", (event) => {
    if (!("leave" in event.target.dataset)) return;
    document.addEventListener("htmx:beforeRequest", (asked) => asked.preventDefault());
    document.querySelectorAll(".htmx-request").forEach((asking) => htmx.trigger(asking, "htmx:abort"));
  });

  // --- a long list at the side stands open at what is chosen ------------------
  const side = document.querySelector(".side");
  const chosen = side?.querySelector("[aria-current]");
  if (chosen) side.scrollTop = chosen.offsetTop - side.clientHeight / 2;

  // --- notices --------------------------------------------------------------
  const ICONS = { success: "check-circle", error: "exclamation-triangle", warning: "exclamation-triangle", info: "info-circle" };

  function toast({ kind = "info", title = "", text = "" }) {
    const box = document.createElement("div");
    box.className = `notice notice-${kind}`;
    const icon = document.createElement("i");
    icon.className = `bi bi-${ICONS[kind] || ICONS.info}`;
    const body = document.createElement("span");
    if (title) {
      const head = document.createElement("b");
      head.textContent = title;
      body.append(head, document.createElement("br"));
    }
    body.append(text);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.ariaLabel = words.close;
    close.dataset.dismiss = "";
    box.append(icon, body, close);
    const shelf = document.getElementById("toasts");
    [...shelf.children].filter((other) => other.textContent === box.textContent).forEach((other) => other.remove());
    shelf.append(box);
    if (kind === "success" || kind === "info") setTimeout(() => box.remove(), 8000);
  }
  window.dutycenter = { ...(window.dutycenter || {}), toast, words };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-dismiss], [data-back], [data-print], [data-find], [data-keys]");
    if (!target) return;
    if ("dismiss" in target.dataset) target.closest(".notice").remove();
    else if ("back" in target.dataset) history.length > 1 ? history.back() : location.assign("/");
    else if ("print" in target.dataset) window.print();
    else if ("find" in target.dataset) openFind();
    else openKeys();
  });

  // --- keys -----------------------------------------------------------------
  // <button data-key="F2" data-key-label="Save">: the key presses the button (or puts the cursor into a field).
  // Several keys stand beside each other: "Space F9". With data-key-over they work while a dialog or an input method is open.
  const CAPS = { Space: words.space, ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
  const isTyping = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  const keysOf = (element) => element.dataset.key.split(" ");
  const isShown = (element) => element.getClientRects().length > 0 && !element.disabled;

  function nameOf(event) {
    const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    return [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", key].filter(Boolean).join("+");
  }

  function matching(name) {
    const wanted = name.toLowerCase();
    return [...document.querySelectorAll("[data-key]")].find((element) => keysOf(element).some((key) => key.toLowerCase() === wanted) && isShown(element));
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat) return;
    const name = nameOf(event);
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (name === "F1") { event.preventDefault(); openKeys(); return; }
    if (plain && isTyping(event.target)) return;
    if (plain && name === "space" && event.target.closest("button, a, summary, [role=button]")) return;
    if (name === "?" && plain) { event.preventDefault(); openKeys(); return; }
    const element = matching(name);
    if (!element) return;
    const busy = event.isComposing || document.querySelector("dialog[open]");
    if (busy && name !== "Ctrl+k" && (plain || !("keyOver" in element.dataset))) return;
    event.preventDefault();
    if (element.matches("input, textarea, select")) { element.focus(); element.select?.(); return; }
    element.dataset.heldByKey = "yes";
    element.click();
    delete element.dataset.heldByKey;
  });

  function openKeys() {
    const dialog = document.getElementById("keys");
    const list = dialog.querySelector("dl");
    list.replaceChildren();
    const add = (key, label) => {
      const term = document.createElement("dt");
      key.split(/[+ ]/).forEach((part) => { const cap = document.createElement("kbd"); cap.textContent = CAPS[part] || (part.length === 1 ? part.toUpperCase() : part); term.append(cap, " "); });
      const text = document.createElement("dd");
      text.textContent = label;
      list.append(term, text);
    };
    const seen = new Set();
    for (const element of document.querySelectorAll("[data-key]")) {
      if (!isShown(element) || seen.has(element.dataset.key)) continue;
      seen.add(element.dataset.key);
      add(element.dataset.key, element.dataset.keyLabel || element.textContent.trim());
    }
    add("? F1", words.keys);
    if (!dialog.open) dialog.showModal();
  }

  // --- find box -------------------------------------------------------------
  function openFind() {
    const dialog = document.getElementById("find");
    if (!dialog) return;
    if (!dialog.open) dialog.showModal();
    const input = dialog.querySelector("input");
    input.focus();
    input.select();
    if (window.htmx && !document.getElementById("found").children.length) htmx.trigger(input, "input");
  }
  document.getElementById("find")?.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Enter") return;
    const lines = [...document.querySelectorAll("#found a")];
    const at = lines.indexOf(document.activeElement);
    if (event.key === "Enter") {
      if (at === -1 && lines.length) { event.preventDefault(); lines[0].click(); }
      return;
    }
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (lines[next] || document.querySelector("#find input")).focus();
  });
  for (const dialog of document.querySelectorAll("dialog.overlay")) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  // --- forms: rows that are added and moved, fields in which a person is chosen ------
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-add], [data-row-up]");
    if (!button) return;
    const rows = button.closest("[data-rows]");
    if ("rowUp" in button.dataset) {
      const row = button.closest("[data-row]");
      row.previousElementSibling?.matches("[data-row]") && row.previousElementSibling.before(row);
    } else {
      const last = [...rows.querySelectorAll("[data-row]")].pop();
      const row = last.cloneNode(true);
      row.querySelectorAll("input, textarea").forEach((input) => { input.value = ""; input.classList.remove("is-wrong"); });
      row.querySelectorAll(".fault").forEach((fault) => fault.remove());
      last.after(row);
      row.querySelector("input").focus();
    }
    rows.querySelectorAll("[data-row] .order").forEach((place, index) => { place.textContent = index + 1; });
  });
  let asked = 0;
  document.addEventListener("input", async (event) => {
    const field = event.target.closest("[data-choose]");
    if (!field || field.value.includes("#")) return;
    const turn = ++asked;
    try {
      const answer = await fetch(`${field.dataset.choose}?q=${encodeURIComponent(field.value)}`, { headers: { "HX-Request": "true", "X-Background": "1" } });
      const options = await answer.text();
      if (answer.ok && turn === asked) document.getElementById(field.getAttribute("list")).innerHTML = options;
    } catch { /* the field works without suggestions; what was typed is checked when it is saved */ }
  });

  // --- buttons that must be held ----------------------------------------------
  // <button data-hold="1000">: pressed at once only by its own data-key, a deliberate chord.
  let held = null;

  function release() {
    if (!held) return;
    cancelAnimationFrame(held.frame);
    held.button.style.removeProperty("--held");
    held = null;
  }

  function press(button) {
    if (held || button.disabled) return;
    const began = performance.now();
    const wanted = Number(button.dataset.hold) || 1000;
    held = { button, frame: 0 };
    const step = (now) => {
      if (!held || !button.isConnected) { release(); return; }
      const part = Math.min(1, (now - began) / wanted);
      button.style.setProperty("--held", part);
      if (part < 1) { held.frame = requestAnimationFrame(step); return; }
      release();
      button.dataset.heldByKey = "yes";
      button.click();
      delete button.dataset.heldByKey;
    };
    held.frame = requestAnimationFrame(step);
  }

  document.addEventListener("pointerdown", (event) => {
    const button = event.target.closest("[data-hold]");
    if (button && event.button === 0) press(button);
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, release);
  document.addEventListener("pointerout", (event) => { if (held && !held.button.contains(event.relatedTarget)) release(); });
  document.addEventListener("keydown", (event) => {
    const button = event.target.closest?.("[data-hold]");
    if (!button || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    if (!event.repeat) press(button);
  });
  document.addEventListener("keyup", (event) => { if (event.key === "Enter" || event.key === " ") release(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-hold]");
    if (!button || button.dataset.heldByKey === "yes") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    toast({ kind: "info", text: words.hold });
  }, true);
})();
