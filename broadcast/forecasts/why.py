"""Why somebody was called, or not yet: the decision's own grounds in plain words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.i18n import TranslationString, TranslationStringFactory

from broadcast.forecasts.words import clock
from broadcast.models import Broadcast, Recipient
from dutycenter.vocabulary import BroadcastState, Disposition, NumberKind

_ = TranslationStringFactory("dutycenter")

STANDS: Mapping[str, TranslationString] = {
    "ready": _("may be called"),
    "cooling": _("rests"),
    "live": _("is being called"),
    "dead": _("is called no more"),
}


def settled(broadcast: Broadcast, recipient: Recipient) -> list[TranslationString]:
    """Where nothing is decided any more, or never was."""
    if not recipient.numbers:
        return [_("There is no number on which this person can be called.")]
    if broadcast.launched_at is None:
        return [_("The broadcast has not been launched yet.")]
    if broadcast.texts_alone and broadcast.finished_at is None:
        return [_("This broadcast sends texts and calls nobody, unless you ask for a call.")]
    return [_("The broadcast has ended; nobody is called any more.")]


def reasons(told: Mapping[str, Any], broadcast: Broadcast) -> list[TranslationString]:
    """From the answer of ``answers.why``: the ground first, then what stands beside it."""
    said = [_ground(told)]
    if broadcast.state is BroadcastState.PAUSED:
        said.insert(0, _("The broadcast is paused: nobody is called until it goes on."))
    if broadcast.state is BroadcastState.STOPPED:
        said.insert(0, _("The broadcast was stopped: nobody is called any more."))
    if told["ground"] in ("waiting", "no_line"):
        said.append(_("${busy} of ${lines} lines are in use.", mapping={"busy": told["busy"], "lines": told["lines"]}))
    if told["tier"]:
        said.append(
            _("This person is in wave ${wave}: those before it come first.", mapping={"wave": told["tier"] + 1})
        )
    if told["overdue"]:
        said.append(_("The person has waited so long that they come before everybody of the same wave."))
    if told["calls"]:
        said.append(_("Called so far: ${calls} times.", mapping={"calls": told["calls"]}))
    return said


def _ground(told: Mapping[str, Any]) -> TranslationString:
    ground, until = told["ground"], told["until"]
    if ground == "resting":
        left = max(0.0, until - told["now"])
        return _(
            "Every number rests after its last call; the first may be called again in ${left} (at ${at}).",
            mapping={"left": clock(left), "at": clock(until)},
        )
    if ground == "wave":
        return _("This person's wave begins at ${at}.", mapping={"at": clock(until)})
    if ground == "waiting":
        if not told["ahead"]:
            return _("This person is next, as soon as the line's pace allows another call.")
        return _(
            "Calls that stand before this one: ${ahead}. More is expected of them for the lines that they take.",
            mapping={"ahead": told["ahead"]},
        )
    return {
        "acknowledged": _("The person has acknowledged: nobody calls them again."),
        "closed": _("The person has answered that they cannot come, or spoke to the duty desk."),
        "stopped": _("The person was taken out, or has an outcome already."),
        "late": _("The time for this person has passed."),
        "live": _("A call is running at this moment."),
        "no_number": _("There is no number on which this person can be called."),
        "exhausted": _("Every number has used up its tries, or does not exist."),
        "no_line": _("No line that may carry this person's numbers is free."),
    }[ground]


def number_lines(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each number as the decision sees it."""
    return [
        one
        | {
            "stand": STANDS[one["state"]],
            "kind": NumberKind(one["kind"]),
            "last": None if one["last"] is None else Disposition(one["last"]),
            "next": position == told["next"],
            "left": None if one["ready_at"] is None else max(0.0, one["ready_at"] - told["now"]),
        }
        for position, one in enumerate(told["numbers"])
    ]
