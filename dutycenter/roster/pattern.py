"""A rotation's pattern as JSON, and as it is typed: names instead of ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from pyramid.i18n import TranslationStringFactory

from dutycenter.directory.models import Person
from dutycenter.roster.checks import Served, Serving
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.rotation import Pattern, Slot, Step, What, Wheel
from dutycenter.typed import whole
from dutycenter.vocabulary import DayChoice, Pace, ShiftDuty

_ = TranslationStringFactory("dutycenter")

BETWEEN_NAMES = re.compile(r"[\s,，、;；]+")
MOST_SLOTS = 6
MOST_WHEELS = 8
MOST_GROUPS = 60
LONGEST_HOURS = 36


def written(pattern: Pattern) -> dict[str, Any]:
    """The pattern as JSON."""
    return {
        "slots": [
            {"name": s.name, "begins": f"{s.begins:%H:%M}", "hours": s.hours, "on": s.on.value} for s in pattern.slots
        ],
        "wheels": [
            {
                "duty": w.duty.value, "on_call": w.on_call, "pace": w.pace.value, "on": w.on.value,
                "slots": list(w.slots), "groups": [list(group) for group in w.groups],
            }
            for w in pattern.wheels
        ],
    }  # fmt: skip


def read(data: Mapping[str, Any]) -> Pattern:
    """The pattern that ``written`` wrote."""
    return Pattern(
        tuple(Slot(s["name"], time.fromisoformat(s["begins"]), s["hours"], DayChoice(s["on"])) for s in data["slots"]),
        tuple(
            Wheel(
                ShiftDuty(w["duty"]), tuple(tuple(group) for group in w["groups"]), Pace(w["pace"]), DayChoice(w["on"]),
                w["on_call"], tuple(w["slots"]),
            )
            for w in data["wheels"]
        ),
    )  # fmt: skip


def step_written(step: Step) -> dict[str, Any]:
    """A step as JSON."""
    return {"what": step.what.value, "before": _served_written(step.before), "after": _served_written(step.after)}


def step_read(data: Mapping[str, Any]) -> Step:
    """The step that ``step_written`` wrote."""
    return Step(What(data["what"]), _served_read(data["before"]), _served_read(data["after"]))


def _served_written(shift: Served | None) -> dict[str, Any] | None:
    if shift is None:
        return None
    return {
        "id": shift.shift_id, "starts_at": shift.starts_at.isoformat(), "ends_at": shift.ends_at.isoformat(),
        "name": shift.name, "members": [[m.duty.value, m.person_id, m.on_call] for m in shift.members],
    }  # fmt: skip


def _served_read(data: Mapping[str, Any] | None) -> Served | None:
    if data is None:
        return None
    members = tuple(Serving(ShiftDuty(duty), person, on_call) for duty, person, on_call in data["members"])
    begin, end = (datetime.fromisoformat(data[name]) for name in ("starts_at", "ends_at"))
    return Served(begin, end, data["name"], members, data["id"])


def slot_typed(name: str, begins: str, hours: str, on: str) -> Slot:
    """A shift of the day as it was typed.

    Raises:
        RosterFault: it cannot be one.
    """
    length = whole(hours.strip(), 2)
    try:
        at, choice = time.fromisoformat(begins.strip()), DayChoice(on)
    except ValueError:
        raise RosterFault(_("A shift begins at a time such as 08:00.")) from None
    if not length or length > LONGEST_HOURS:
        raise RosterFault(_("A shift has 36 hours at most."))
    if not name.strip() or len(name) > 32 or not name.isprintable():
        raise RosterFault(_("Give the shift a name of 32 characters at most, such as 白班."))
    return Slot(name.strip(), at, length, choice)


def groups_typed(text: str, find: Callable[[str], Sequence[Person]]) -> tuple[tuple[int, ...], ...]:
    """Groups as they were typed, one a line, names apart by a blank or a comma; ``张伟#12`` names one of several.

    Args:
        find: everybody of exactly this name.

    Raises:
        RosterFault: nobody, or more than one person, has a name.
    """
    lines = [[part for part in BETWEEN_NAMES.split(line) if part] for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_GROUPS:
        raise RosterFault(_("${n} groups at most.", mapping={"n": MOST_GROUPS}))
    return tuple(tuple(dict.fromkeys(_person(part, find) for part in parts)) for parts in lines if parts)


def _person(text: str, find: Callable[[str], Sequence[Person]]) -> int:
    name, _mark, number = text.partition("#")
    found = [person for person in find(name) if not number or person.id == whole(number)]
    if not found:
        raise RosterFault(_("Nobody in the directory is called “${name}”.", mapping={"name": text[:40]}))
    if len(found) > 1:
        choices = "、".join(f"{person.name}#{person.id}（{person.department.short_name}）" for person in found[:5])
        raise RosterFault(_("Several people are called so; write one of ${choices}.", mapping={"choices": choices}))
    return found[0].id


def groups_text(groups: Sequence[Sequence[int]], people: Mapping[int, Person]) -> str:
    """The same, to be typed again; names that two people have carry their number, those who are gone are left out."""
    names = [person.name for person in people.values()]
    said = {p.id: p.name if names.count(p.name) == 1 else f"{p.name}#{p.id}" for p in people.values()}
    return "\n".join(" ".join(said[one] for one in group if one in said) for group in groups)
