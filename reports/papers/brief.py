"""突发事件信息专报: what is known of an incident on a page or two, for those above."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Recipient
from dutycenter.incidents.models import Incident, IncidentEntry
from reports.making import Making
from reports.paper import Block, Items, Note, Paper, Paragraph, Section, Signatures
from reports.papers.base import brief_paper, data_until, the
from reports.queries import snapshot
from reports.words import Words

ENTRIES = 20  # the latest of the timeline


def paper(about: str, making: Making) -> Paper:
    """The brief of an incident."""
    w, _ = making.words, making.words.gettext
    with snapshot(making.engine) as db:
        incident = the(db, Incident, about)
        until = data_until(db, making)
        sections = [
            Section(_("Facts of the incident"), _facts(w, incident)),
            Section(_("Course and measures"), _course(w, incident)),
            Section(_("Call-outs"), _callouts(w, db, incident)),
            Section(_("Latest entries"), _entries(w, incident)),
            Section("", [Signatures([_("Drafted by"), _("Checked by"), _("Signed by")])]),
        ]
        return brief_paper(
            making,
            _("Incident Brief"),
            incident.title or _("(no title)"),
            sections,
            issue=_("Incident %(number)s", number=incident.number),
            issued=w.moment(until),
            exercise=incident.exercise,
        )


def _facts(w: Words, i: Incident) -> list[Block]:
    _ = w.gettext
    kind = w.label(i.incident_class) if i.incident_class else _("Not classified")
    level = w.label(i.level) if i.level else _("Not graded")
    said = [
        _("The report reached the duty room on %(at)s by %(how)s.",
          at=w.moment(i.reported_at), how=w.label(i.channel)),
        _("Place: %(place)s.", place=w.clauses([i.district.name if i.district else "", i.place]))
        if i.district or i.place else "",
        _("Time: %(at)s.", at=w.moment(i.occurred_at)) if i.occurred_at else "",
        _("Class: %(kind)s; level: %(level)s; status: %(status)s.",
          kind=kind, level=level, status=w.label(i.status)),
    ]  # fmt: skip
    blocks: list[Block] = [Paragraph(w.join(said)), Paragraph(_casualties(w, i))]
    reporter = w.clauses([i.reporter_unit, i.reporter_name, i.reporter_post, i.reporter_number])
    if reporter:
        blocks.append(Paragraph(_("Reported by: %(who)s.", who=reporter)))
    scene = w.clauses([i.scene_contact, i.scene_number])
    if scene:
        blocks.append(Paragraph(_("In charge at the scene: %(who)s.", who=scene)))
    missing = _missing(w, i)
    if missing:
        blocks.append(Note(_("Not known yet: %(what)s; a follow-up will tell.",
                             what=w.listed(missing))))  # fmt: skip
    return blocks


def _casualties(w: Words, i: Incident) -> str:
    _ = w.gettext
    names = {"dead": _("dead"), "injured": _("injured"), "missing": _("missing"), "trapped": _("trapped"),
             "evacuated": _("evacuated")}  # fmt: skip
    told = [
        _("%(n)s %(name)s", name=name, n=getattr(i, key)) for key, name in names.items() if getattr(i, key) is not None
    ]
    said = _("Casualties: %(losses)s.", losses=w.listed(told)) if told else _(
        "Casualties are not known yet.")  # fmt: skip
    return w.join([said, i.losses])


def _missing(w: Words, i: Incident) -> list[str]:
    _ = w.gettext
    wanted = {
        _("place"): i.place or i.district, _("time"): i.occurred_at, _("class"): i.incident_class,
        _("cause"): i.cause, _("measures"): i.measures, _("trend"): i.trend,
        _("person in charge"): i.scene_contact,
    }  # fmt: skip
    return [name for name, value in wanted.items() if not value]


def _course(w: Words, i: Incident) -> list[Block]:
    _ = w.gettext
    parts = {
        _("Course"): i.course, _("Cause"): i.cause, _("Measures"): i.measures, _("Trend"): i.trend,
        _("Already told"): i.already_told, _("Asked for"): i.request,
    }  # fmt: skip
    told: list[Block] = [Paragraph(w.colon(name, text)) for name, text in parts.items() if text]
    return told or [Paragraph(_("Nothing is written down yet."))]


def _callouts(w: Words, db: Session, incident: Incident) -> list[Block]:
    _ = w.gettext
    query = (
        select(Broadcast.title, Broadcast.launched_at, func.count(Recipient.id), func.count(Recipient.acknowledged_at))
        .outerjoin(Recipient, Recipient.broadcast_id == Broadcast.id)
        .where(Broadcast.incident_id == incident.id, Broadcast.launched_at.is_not(None))
        .group_by(Broadcast.id, Broadcast.title, Broadcast.launched_at)
        .order_by(Broadcast.launched_at, Broadcast.id)
    )
    told = [
        _("%(at)s: %(title)s, %(people)s people called, %(done)s acknowledged.",
          at=w.short_moment(at), title=title, people=people, done=done)
        for title, at, people, done in db.execute(query)
        if at is not None
    ]  # fmt: skip
    return [Items(told)] if told else [Paragraph(_("Nobody was called out for it."))]


def _entries(w: Words, incident: Incident) -> list[Block]:
    _ = w.gettext
    notes: list[IncidentEntry] = [entry for entry in incident.entries if entry.text][-ENTRIES:]
    if not notes:
        return [Paragraph(_("Nothing is written down yet."))]
    return [Items([w.colon(w.short_moment(entry.at), entry.text) for entry in notes])]
