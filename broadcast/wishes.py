"""A broadcast as it is wished for, and everything that is wrong with the wish, said at once and by its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyramid.i18n import TranslationStringFactory

from broadcast.extras import number_fault
from broadcast.goals import goal_fault, seconds_fault
from broadcast.messages import MAX_TITLE, Translate, clean_text, message_fault
from broadcast.models import Recipient
from broadcast.people import Candidate
from dutycenter.interfaces import Wish

_ = TranslationStringFactory("dutycenter")

LIMITS: Mapping[str, tuple[int, int]] = {
    "channels": (1, 500),
    "rounds": (1, 10),
    "pause": (5, 3600),
    "ring_timeout": (10, 120),
    "report_within": (5, 1440),
}
"""Least and most of what a broadcast may be told."""


class WishError(ValueError):
    """A broadcast that cannot be made; ``faults`` names the field of each reason."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("\n".join(faults.values()))
        self.faults = faults


def wish_faults(
    wish: Wish, text: str, chosen: Sequence[Candidate], extras: Sequence[Recipient], translate: Translate
) -> dict[str, str]:
    """What is wrong with a wish, in the reader's words, by its field; empty when nothing is.

    Args:
        text: the message as it would be said.
        chosen: the people of the wish.
        extras: recipients of those typed numbers that can be dialled.
    """
    faults: dict[str, str] = {}
    wrong = [fault for extra in wish.extras if (fault := number_fault(extra.number, translate))]
    if wrong:
        faults["extras"] = wrong[0]
    title = clean_text(wish.title)
    if not title:
        faults["title"] = translate(_("Give the broadcast a title, so that it can be found again."))
    elif len(title) > MAX_TITLE:
        faults["title"] = translate(
            _("The title is too long; ${most} characters are the most.", mapping={"most": MAX_TITLE})
        )
    if not chosen and not extras:
        faults["people"] = translate(_("Nobody is chosen. Choose departments or people to call."))
    elif not any(c.callable for c in chosen) and not any(extra.numbers for extra in extras):
        faults["people"] = translate(
            _("None of the chosen people can be called; the list says why. Choose others or mend their numbers.")
        )
    fault = message_fault(text, translate)
    if fault:
        faults["message"] = fault
    for name, (least, most) in LIMITS.items():
        if not least <= getattr(wish, name) <= most:
            faults[name] = translate(
                _("Give a number from ${least} to ${most}.", mapping={"least": least, "most": most})
            )
    of_goal = {
        "goal": goal_fault(wish.goal, chosen, translate),
        "goal_seconds": seconds_fault(wish.goal_seconds, translate),
    }
    faults |= {name: words for name, words in of_goal.items() if words}
    return faults
