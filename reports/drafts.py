"""The beginning of a written report (初报, 续报, 终报): what the record says, in sentences to be edited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from dutycenter.incidents.models import Incident
from dutycenter.interfaces import Drafted
from dutycenter.vocabulary import SituationKind
from reports import incident_words as told
from reports.render import heading
from reports.words import Words

COUNTS = frozenset({"dead", "injured", "missing", "trapped", "evacuated", "losses"})

Parts = Sequence[tuple[str, Sequence[str]]]


def draft(w: Words, db: Session, incident: Incident, kind: SituationKind, since: datetime | None) -> Drafted:
    """The draft of a report.

    Args:
        w: the language in which it is written.
        since: when the report before went out; a follow-up tells what came after it.
    """
    title = incident.title or incident.place or w.gettext("Incident %(number)s", number=incident.number)
    if kind is SituationKind.FIRST or (kind is SituationKind.FOLLOW_UP and since is None):
        return Drafted(title, _body(w, "", _first(w, db, incident)))
    if kind is SituationKind.FINAL:
        return Drafted(title, _body(w, "", _final(w, db, incident)))
    assert since is not None
    opening = w.gettext("Since our report of %(at)s the following has come to be known.", at=w.moment(since))
    return Drafted(title, _body(w, opening, _follow_up(w, db, incident, since)))


def _first(w: Words, db: Session, i: Incident) -> Parts:
    _ = w.gettext
    return [
        (_("Facts of the incident"), [told.what_and_where(w, i), *_plain(i.course), *told.texts(w, i, ("cause",))]),
        (_("Casualties and losses"), [told.casualties(w, i)]),
        (_("Measures"), [*_plain(i.measures), *told.texts(w, i, ("already_told",)), *told.callouts(w, db, i)]),
        (_("Trend and what is asked for"), told.texts(w, i, ("trend", "request"))),
        (_("To be followed up"), [text for text in [told.not_known(w, i)] if text]),
    ]


def _follow_up(w: Words, db: Session, i: Incident, since: datetime) -> Parts:
    _ = w.gettext
    edited = {str(e.data.get("field")) for e in i.entries if e.kind == "edited" and e.at > since}
    news = [*told.texts(w, i, edited & {"course", "cause"}), *told.spoken_since(w, i, since)]
    if edited & {"place", "district_id", "occurred_at", "incident_class", "level"}:
        news.insert(0, told.what_and_where(w, i))
    parts: Parts = [
        (_("News"), news),
        (_("Casualties and losses"), [told.casualties(w, i)] if edited & COUNTS else []),
        (
            _("Measures"),
            [
                *(_plain(i.measures) if "measures" in edited else []),
                *told.texts(w, i, edited & {"already_told"}),
                *told.callouts(w, db, i, since),
            ],
        ),
        (_("Trend and what is asked for"), told.texts(w, i, edited & {"trend", "request"})),
    ]
    if not any(texts for _title, texts in parts):
        return [(_("News"), [_("Nothing new has come to be known.")])]
    return parts


def _final(w: Words, db: Session, i: Incident) -> Parts:
    _ = w.gettext
    ended = [_("It was closed on %(at)s.", at=w.moment(i.closed_at))] if i.closed_at else []
    ended += [entry.text for entry in i.entries if entry.kind == "closed" and entry.text][-1:]
    return [
        (_("Facts of the incident"), [told.what_and_where(w, i), *_plain(i.course)]),
        (_("Casualties and losses"), [told.casualties(w, i)]),
        (_("Cause"), _plain(i.cause)),
        (_("Measures"), [*_plain(i.measures), *told.callouts(w, db, i)]),
        (_("How it was settled"), ended),
    ]


def _plain(text: str) -> list[str]:
    return [text] if text else []


def _body(w: Words, opening: str, parts: Parts) -> str:
    lines = [opening] if opening else []
    for number, (title, texts) in enumerate(((t, x) for t, x in parts if x), start=1):
        lines += [heading(w.chinese, number) + title if w.chinese else f"{number}. {title}", *texts]
    return "\n".join(lines)
