"""An incident in sentences, for every paper that tells of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Recipient
from dutycenter.incidents.models import Incident, IncidentEntry
from reports.words import Words

ENTRIES = 20  # the latest of the timeline
SPOKEN = ("note", "merged", "closed", "reopened")  # entries that people wrote


def reached(w: Words, i: Incident) -> str:
    """When and how the report reached the duty room."""
    return w.gettext(
        "The report reached the duty room on %(at)s by %(how)s.", at=w.moment(i.reported_at), how=w.label(i.channel)
    )


def what_and_where(w: Words, i: Incident) -> str:
    """Place, time, class, level, status."""
    _ = w.gettext
    kind = w.label(i.incident_class) if i.incident_class else _("Not classified")
    level = w.label(i.level) if i.level else _("Not graded")
    return w.join([
        reached(w, i),
        _("Place: %(place)s.", place=w.clauses([i.district.name if i.district else "", i.place]))
        if i.district or i.place else "",
        _("Time: %(at)s.", at=w.moment(i.occurred_at)) if i.occurred_at else "",
        _("Class: %(kind)s; level: %(level)s; status: %(status)s.",
          kind=kind, level=level, status=w.label(i.status)),
    ])  # fmt: skip


def people(w: Words, i: Incident) -> list[str]:
    """Who reported it, who is in charge there; as far as known."""
    _ = w.gettext
    reporter = w.clauses([i.reporter_unit, i.reporter_name, i.reporter_post, i.reporter_number])
    scene = w.clauses([i.scene_contact, i.scene_number])
    return [
        *([_("Reported by: %(who)s.", who=reporter)] if reporter else []),
        *([_("In charge at the scene: %(who)s.", who=scene)] if scene else []),
    ]


def casualties(w: Words, i: Incident) -> str:
    """The dead, the injured and so on, and the losses."""
    _ = w.gettext
    names = {"dead": _("dead"), "injured": _("injured"), "missing": _("missing"), "trapped": _("trapped"),
             "evacuated": _("evacuated")}  # fmt: skip
    told = [
        _("%(n)s %(name)s", name=name, n=getattr(i, key)) for key, name in names.items() if getattr(i, key) is not None
    ]
    said = _("Casualties: %(losses)s.", losses=w.listed(told)) if told else _(
        "Casualties are not known yet.")  # fmt: skip
    return w.join([said, i.losses])


def not_known(w: Words, i: Incident) -> str:
    """What a follow-up will have to tell; empty when nothing is missing."""
    _ = w.gettext
    wanted = {
        _("place"): i.place or i.district, _("time"): i.occurred_at, _("class"): i.incident_class,
        _("cause"): i.cause, _("measures"): i.measures, _("trend"): i.trend,
        _("person in charge"): i.scene_contact,
    }  # fmt: skip
    missing = [name for name, value in wanted.items() if not value]
    return _("Not known yet: %(what)s; a follow-up will tell.", what=w.listed(missing)) if missing else ""


def texts(w: Words, i: Incident, among: Iterable[str] | None = None) -> list[str]:
    """Course, cause, measures and the like, each with its name; of these elements, or of all."""
    _ = w.gettext
    parts = {
        "course": _("Course"), "cause": _("Cause"), "measures": _("Measures"), "trend": _("Trend"),
        "already_told": _("Already told"), "request": _("Asked for"),
    }  # fmt: skip
    wanted = set(parts) if among is None else set(among)
    return [w.colon(name, getattr(i, key)) for key, name in parts.items() if key in wanted and getattr(i, key)]


def callouts(w: Words, db: Session, incident: Incident, since: datetime | None = None) -> list[str]:
    """Broadcasts of the incident, each with what it came to; ``since``: those launched later."""
    _ = w.gettext
    query = (
        select(Broadcast.title, Broadcast.launched_at, func.count(Recipient.id), func.count(Recipient.acknowledged_at))
        .outerjoin(Recipient, Recipient.broadcast_id == Broadcast.id)
        .where(Broadcast.incident_id == incident.id, Broadcast.launched_at.is_not(None))
        .group_by(Broadcast.id, Broadcast.title, Broadcast.launched_at)
        .order_by(Broadcast.launched_at, Broadcast.id)
    )
    return [
        _("%(at)s: %(title)s; people called: %(people)s, acknowledged: %(done)s.",
          at=w.short_moment(at), title=title, people=people, done=done)
        for title, at, people, done in db.execute(query)
        if at is not None and (since is None or at > since)
    ]  # fmt: skip


def entries(w: Words, incident: Incident) -> list[str]:
    """The latest lines of the timeline that have words."""
    notes: list[IncidentEntry] = [entry for entry in incident.entries if entry.text][-ENTRIES:]
    return [w.colon(w.short_moment(entry.at), entry.text) for entry in notes]


def spoken_since(w: Words, incident: Incident, since: datetime | None) -> list[str]:
    """What people wrote into the timeline after a moment, the oldest first."""
    return [
        w.colon(w.short_moment(entry.at), entry.text)
        for entry in incident.entries
        if entry.kind in SPOKEN and entry.text and (since is None or entry.at > since)
    ]
