"""What happened to a person and what follows, as one says it: 「未能接通:对方关机。3 分钟后改拨办公室电话。」"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pyramid.i18n import TranslationString, TranslationStringFactory

from broadcast.board import PersonLine, Place
from dutycenter.frame.labels import label
from dutycenter.vocabulary import Disposition

_ = TranslationStringFactory("dutycenter")

CAUSES: dict[Disposition, TranslationString] = {
    Disposition.HEARD: _("Heard to the end, but nothing was pressed."),
    Disposition.HUNG_UP_EARLY: _("Answered, but hung up before the end of the message."),
    Disposition.VOICEMAIL: _("Not reached: a machine answered."),
    Disposition.BUSY: _("Not reached: the line is busy."),
    Disposition.NO_ANSWER: _("Not reached: nobody answers."),
    Disposition.REJECTED: _("Not reached: the call was refused."),
    Disposition.SWITCHED_OFF: _("Not reached: the telephone is switched off or out of coverage."),
    Disposition.NO_SUCH_NUMBER: _("Not reached: the number does not exist."),
    Disposition.CONGESTION: _("Not reached: the lines are full."),
    Disposition.GATEWAY_DOWN: _("Not reached: our line is out of service."),
    Disposition.FAILED: _("Not reached: the network gives no reason."),
    Disposition.LOST: _("Unknown: the switch lost the call."),
    Disposition.DROPPED: _("The call was taken down by us."),
    Disposition.TRANSFERRED: _("Spoke to the duty desk, without acknowledging."),
}
SOON = 5.0  # seconds


def sentence(line: PersonLine, now: datetime, translate: Callable[..., str]) -> str:
    """What happened last and what follows; empty when the state says it all."""
    if line.place not in (Place.AGAIN, Place.NOT_REACHED, Place.REACHED):
        return ""
    last = line.last.disposition if line.last is not None else None
    then = _following(line, now, translate)
    if last not in CAUSES:
        return then
    return translate(_("${what} ${then}", mapping={"what": translate(CAUSES[last]), "then": then}))


def _following(line: PersonLine, now: datetime, translate: Callable[..., str]) -> str:
    if line.place is not Place.AGAIN or line.number is None:
        return translate(_("Nobody calls this person any more."))
    same = line.last is not None and line.last.number_id == line.number.id
    kind = translate(label(line.number.kind))
    wait = 0.0 if line.next_at is None else (line.next_at - now).total_seconds()
    if wait <= SOON:
        words = (
            _("Called again as soon as a line is free.")
            if same
            else _("Next ${kind}, as soon as a line is free.", mapping={"kind": kind})
        )
        return translate(words)
    time = _span(wait, translate)
    if same:
        return translate(_("Called again in ${time}.", mapping={"time": time}))
    return translate(_("Next ${kind}, in ${time}.", mapping={"kind": kind, "time": time}))


def _span(seconds: float, translate: Callable[..., str]) -> str:
    if seconds < 100:
        return translate(_("${n} s", mapping={"n": round(seconds)}))
    return translate(_("${n} min", mapping={"n": round(seconds / 60)}))
