// The duty desk: dialogs, calls that open their form, a title that rings.
(() => {
  "use strict";

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
    const transfers = event.target.closest("[data-transfer]");
    if (transfers) openTransfer(transfers);
    if (event.target.closest("[data-merge]")) {
      const dialog = document.getElementById("merge");
      dialog.showModal();
      const input = dialog.querySelector("input");
      input.focus();
      htmx.trigger(input, "merge-open");
    }
    event.target.closest("[data-close]")?.closest("dialog").close();
  });
  async function openTransfer(button) {
    await htmx.ajax("GET", button.dataset.transfer, "#transfer-body");
    const dialog = document.getElementById("transfer");
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(button.dataset.focus || ".transfer-desks button, #transfer-who")?.focus();
  }
  // Nothing covers a ringing call: whatever lies over the page goes away, and keeps what was typed.
  document.addEventListener("htmx:afterSettle", () => {
    if (document.querySelector(".strip-ring form")) document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  });
  document.querySelector("#merge form")?.addEventListener("submit", (event) => event.preventDefault());

  // --- what was opened to be read stays open when its part of the page is read anew -------
  let opened = [];
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    opened = [...detail.target.querySelectorAll("details[id][open]")].map((one) => one.id);
  });
  document.addEventListener("htmx:afterSwap", () => opened.forEach((id) => document.getElementById(id)?.setAttribute("open", "")));

  // --- what needs no key: the form of a call that was answered by hand, a call answered before it rang again -----
  let sent = false;
  const atOnce = () => {
    const form = document.querySelector("form[data-at-once]");
    if (!form || sent) return;
    sent = true;
    form.requestSubmit();
  };
  document.addEventListener("htmx:afterSettle", atOnce);
  atOnce();

  // --- a call that rings is seen in other tabs too -------------------------------------
  const title = document.title;
  const ring = () => { document.title = document.querySelector(".ring-mine") ? `☎ ${title}` : title; };
  document.addEventListener("htmx:afterSettle", ring);
  ring();
})();
