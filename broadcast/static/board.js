// The board: one person's calls beside it.
(() => {
  "use strict";
  const board = document.getElementById("board");
  if (!board) return;
  const side = document.getElementById("person");
  let opener = null;

  // What was typed for this launch has done its work.
  const sent = sessionStorage.getItem("broadcast.sent");
  if (sent) { sessionStorage.removeItem(sent); sessionStorage.removeItem("broadcast.sent"); }

  function open(button) {
    opener = button.id;
    side.hidden = false;
    board.classList.add("with-side");
    mark();
  }

  function close() {
    side.hidden = true;
    side.replaceChildren();
    board.classList.remove("with-side");
    document.getElementById(opener)?.focus();
    opener = null;
    mark();
  }

  function mark() {
    for (const person of board.querySelectorAll(".person")) {
      if (person.id === opener) person.setAttribute("aria-current", "true");
      else person.removeAttribute("aria-current");
    }
  }

  board.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-person]")) { close(); return; }
    const person = event.target.closest(".person");
    if (person) open(person);
  });
  document.addEventListener("htmx:afterSettle", mark);
})();
