// <select data-typeahead>: a field in which one types a name, its pinyin, initials or code, and a list that narrows.
// The select stays what is saved; without this script it is what one sees.
(() => {
  "use strict";
  const OWN = 4; // of its keys are code, name, pinyin and initials
  const LONG = 3; // letters that may stand anywhere in a key; fewer are in all of them
  let made = 0;

  function enhance(select) {
    const id = `choices-${++made}`;
    const input = document.createElement("input");
    const list = document.createElement("ul");
    Object.assign(input, { type: "text", className: "form-control", autocomplete: "off", placeholder: select.dataset.typeahead, id: select.id });
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", id);
    input.setAttribute("aria-expanded", "false");
    Object.assign(list, { id, className: "choices", hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", select.labels[0]?.textContent ?? "");
    select.removeAttribute("id");
    select.hidden = true;
    select.before(input, list);
    const options = [...select.options].filter((option) => option.value);
    let shown = [];
    let at = -1;

    const name = (option) => option?.value ? option.textContent.trim() : "";
    const write = () => { input.value = name(select.selectedOptions[0]); };

    // Every word typed must be found; its own name, code and initials come before what it is called otherwise.
    function rank(option, words) {
      const label = name(option).toLowerCase();
      const keys = option.dataset.keys.split(" ");
      const own = keys.slice(0, OWN);
      let worst = 0;
      for (const word of words) {
        const best = label.startsWith(word) || own.some((key) => key.startsWith(word)) ? 1
          : keys.includes(word) ? 2
          : keys.some((key) => key.startsWith(word)) ? 3
          : label.includes(word) || (word.length >= LONG && keys.some((key) => key.includes(word))) ? 4 : 0;
        if (!best) return 0;
        worst = Math.max(worst, best);
      }
      return worst || 1;
    }

    function draw(all) {
      const words = all ? [] : input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      shown = options.map((option) => [rank(option, words), option]).filter(([found]) => found)
        .sort(([one], [other]) => one - other).map(([, option]) => option);
      at = words.length && shown.length ? 0 : shown.findIndex((option) => option.selected);
      list.replaceChildren(...shown.map(line));
      if (!shown.length) {
        const none = document.createElement("li");
        none.className = "quiet";
        none.textContent = select.dataset.none;
        list.append(none);
      }
      mark();
      open(true);
    }

    function line(option, index) {
      const item = document.createElement("li");
      item.id = `${id}-${index}`;
      item.setAttribute("role", "option");
      const words = document.createElement("span");
      words.textContent = name(option);
      item.append(words);
      const group = option.parentElement.label ?? "";
      if (group || option.dataset.code) {
        const more = document.createElement("small");
        more.textContent = [group, option.dataset.code].filter(Boolean).join(" · ");
        item.append(more);
      }
      return item;
    }

    function mark() {
      [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
      const current = shown[at] ? list.children[at] : null;
      if (current) { input.setAttribute("aria-activedescendant", current.id); current.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    }

    function open(is) {
      list.hidden = !is;
      input.setAttribute("aria-expanded", String(is));
      if (is) {
        // Above the field where there is no room below: the form scrolls, the list must not be cut off.
        const box = input.getBoundingClientRect();
        const below = window.innerHeight - box.bottom - 120;
        Object.assign(list.style, { left: `${box.left}px`, minWidth: `${box.width}px` });
        if (below > 220 || below > box.top) Object.assign(list.style, { top: `${box.bottom + 2}px`, bottom: "auto" });
        else Object.assign(list.style, { top: "auto", bottom: `${window.innerHeight - box.top + 2}px` });
      }
    }

    function choose(value) {
      open(false);
      if (select.value !== value) {
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }
      write();
    }

    function leave() {
      if (list.hidden) return;
      open(false);
      if (!input.value.trim()) choose("");
      else write(); // half a name is no choice
    }

    input.addEventListener("input", (event) => { event.stopPropagation(); draw(false); });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => draw(true));
    input.addEventListener("blur", leave);
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { draw(true); return; }
        const step = event.key === "ArrowDown" ? 1 : -1;
        at = shown.length ? (at + step + shown.length) % shown.length : -1;
        mark();
      } else if (event.key === "Enter" && !list.hidden) {
        if (shown[at]) choose(shown[at].value); else leave(); // and the form goes on to the next field
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        open(false);
        write();
      }
    });
    list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the field keeps the cursor
      const index = [...list.children].indexOf(event.target.closest("li"));
      if (shown[index]) choose(shown[index].value);
    });
    select.addEventListener("intake:put", write);
    select.closest(".intake-fields")?.addEventListener("scroll", () => { if (!list.hidden) leave(); });
    write();
  }

  document.querySelectorAll("select[data-typeahead]").forEach(enhance);
})();
