// Two people wrote into one field: both texts are shown, one chooses, and what was not chosen can be put back.
(() => {
  "use strict";
  const form = document.getElementById("intake");
  if (!form) return;
  const says = JSON.parse(form.dataset.says);

  const line = (name) => form.querySelector(`[data-field="${name}"] .field-note`);

  function note(name, kind = "", ...parts) {
    const place = line(name);
    if (!place) return;
    place.dataset.kind = kind;
    place.replaceChildren(...parts);
    place.hidden = !parts.length;
  }

  // What was not chosen may be put back until its field is typed into again.
  function clear(name) {
    if (line(name)?.dataset.kind !== "dropped") note(name);
  }

  function quote(control, text) {
    const words = document.createElement("q");
    words.textContent = control.matches("select") ? [...control.options].find((option) => option.value === text)?.textContent ?? text : text || "–";
    return words;
  }

  function button(label, act) {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.className = "btn btn-sm btn-outline-primary";
    choice.textContent = label;
    choice.addEventListener("click", act);
    return choice;
  }

  // What was taken out of a field, with a way back.
  function offer(control, text, putBack) {
    const { name } = control;
    note(name, "dropped", `${says.dropped} `, quote(control, text), " ", button(says.putBack, () => { note(name); putBack(); }));
  }

  // `decide(name, text)` is told what shall stand in the field.
  function ask(control, theirs, decide) {
    const name = control.name;
    const stop = control.closest("[data-field]").querySelector("[role=combobox], [name]");
    const choose = (text, dropped) => {
      note(name);
      decide(name, text);
      if (dropped) offer(control, dropped, () => { decide(name, dropped); stop.focus(); });
      stop.focus();
    };
    const mine = () => control.value;
    const choices = [button(says.useTheirs, () => choose(theirs, mine())), button(says.keepMine, () => choose(mine(), theirs))];
    const together = control.matches("textarea") ? "\n" : "; ";
    if (control.matches("textarea, input:not([type]), input[type=text]") && theirs && mine()) {
      choices.push(button(says.keepBoth, () => choose(`${theirs}${together}${mine()}`)));
    }
    note(name, "asked", `${says.theirs} `, quote(control, theirs), ...choices.flatMap((choice) => [" ", choice]));
    line(name)?.scrollIntoView({ block: "nearest" });
  }

  window.dutycenter = { ...(window.dutycenter || {}), conflicts: { ask, note, clear, dropped: offer } };
})();
