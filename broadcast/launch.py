"""The launch page's form: what was typed, what is proposed, and how it becomes a wish."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.people import Candidate
from broadcast.services import LIMITS, Broadcasts
from dutycenter.directory.models import Department, Person
from dutycenter.frame.labels import label
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import Wish
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

DEFAULTS: Mapping[str, int] = {"channels": 20, "rounds": 3, "pause": 60, "ring_timeout": 30}
MAX_TEXT = 20_000  # characters of a field that are kept, however wrong it is


@dataclass
class Form:
    """What stands in the form now."""

    title: str = ""
    message: str = ""
    people: set[int] = field(default_factory=set)
    incident_id: int | None = None
    exercise: bool = False
    numbers: dict[str, str] = field(default_factory=lambda: {name: str(value) for name, value in DEFAULTS.items()})
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @classmethod
    def read(cls, request: Request) -> Form:
        """What was sent; what is no number stays as it was typed, to be shown again."""
        post = request.POST
        incident = post.get("incident_id", "")
        return cls(
            title=post.get("title", "")[:MAX_TEXT],
            message=post.get("message", "")[:MAX_TEXT],
            people={int(raw) for raw in post.getall("people") if raw.isascii() and raw.isdigit() and len(raw) < 10},
            incident_id=int(incident) if incident.isascii() and incident.isdigit() and len(incident) < 10 else None,
            exercise=post.get("exercise") == "yes",
            numbers={name: post.get(name, "")[:20].strip() for name in DEFAULTS},
            token=post.get("form_token", "")[:64] or secrets.token_urlsafe(18),
        )

    @classmethod
    def proposed(cls, request: Request, incident: Incident | None) -> Form:
        """What is proposed for an incident, or for none."""
        if incident is None:
            return cls()
        translate = request.localizer.translate
        title = incident.title or translate(_("Incident ${number}", mapping={"number": incident.number}))
        where = incident.place
        message = translate(
            _(
                "${place}: ${title}. Go to your post at once, as the plan says.",
                mapping={"place": where, "title": title},
            )
            if where
            else _("${title}. Go to your post at once, as the plan says.", mapping={"title": title})
        )
        return cls(title=title[:100], message=message, incident_id=incident.id, exercise=incident.exercise)

    def wish(self) -> Wish:
        """The form as a wish; a number that is none becomes one that is refused."""
        chosen: dict[str, Any] = {name: _number(raw) for name, raw in self.numbers.items()}
        return Wish(
            title=self.title,
            message=self.message,
            people=sorted(self.people),
            incident_id=self.incident_id,
            exercise=self.exercise,
            channels=chosen["channels"],
            rounds=chosen["rounds"],
            pause=chosen["pause"],
            ring_timeout=chosen["ring_timeout"],
        )


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else -1


@dataclass(frozen=True)
class Choice:
    """A department and its people, to choose from."""

    department: Department
    people: Sequence[Candidate]

    @property
    def callable(self) -> int:
        return sum(candidate.callable for candidate in self.people)


def choices(db: Session, broadcasts: Broadcasts) -> list[Choice]:
    """Everybody in the directory by department, each with numbers or the reason why not."""
    ids = db.scalars(select(Person.id).where(Person.removed_at.is_(None))).all()
    by_department: dict[int, list[Candidate]] = {}
    for candidate in broadcasts.candidates(list(ids)):
        by_department.setdefault(candidate.person.department_id, []).append(candidate)
    departments = db.scalars(select(Department).order_by(Department.position, Department.id)).all()
    return [Choice(d, by_department[d.id]) for d in departments if d.id in by_department]


def insertable(request: Request, incident: Incident | None) -> list[tuple[str, str]]:
    """The incident's fields that can be put into the message: what it is, and its words."""
    if incident is None:
        return []
    translate = request.localizer.translate
    zone: ZoneInfo = settings_of(request.registry).time_zone
    occurred = incident.occurred_at.astimezone(zone) if incident.occurred_at else None
    fields: list[tuple[str, Any]] = [
        (_("Title"), incident.title),
        (_("Place"), incident.place),
        (_("Time"), occurred and _spoken_time(request, occurred.month, occurred.day, occurred.hour, occurred.minute)),
        (_("Class"), incident.incident_class and translate(label(incident.incident_class))),
        (_("Course"), incident.course),
        (_("Measures"), incident.measures),
        (_("At the scene"), incident.scene_contact),
        (_("Telephone"), incident.scene_number),
    ]
    return [(translate(name), str(value)) for name, value in fields if value]


def _spoken_time(request: Request, month: int, day: int, hour: int, minute: int) -> str:
    """A time as it is read aloud."""
    spoken: str = request.localizer.translate(
        _("${month}/${day} at ${hour}:${minute}",
          mapping={"month": month, "day": day, "hour": hour, "minute": f"{minute:02d}"})
    )  # fmt: skip
    return spoken


def limits() -> Mapping[str, tuple[int, int]]:
    """Least and most of each number field."""
    return LIMITS
