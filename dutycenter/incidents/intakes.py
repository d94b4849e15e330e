"""The form beside a call: kept as it is typed, by one officer or two at once.

``Intake.fields`` holds ``{"texts": {element: text}, "versions": {element: n}}``:
each element remembers the form's version at which it was last changed, so that
two people who write into different elements never disturb each other, and two
who write into the same one are both told. ``"tabs"`` remembers by which browser
tab, so that nobody is told of their own words when an answer was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pyramid.request import Request
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from dutycenter.calls.models import Call
from dutycenter.incidents.attachments.services import Attachments
from dutycenter.incidents.elements import Element, as_text, cleaned, missing
from dutycenter.incidents.models import Incident, IncidentEntry, Intake
from dutycenter.incidents.services import Incidents, Overtaken
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import CallResult, SourceChannel

UNFINISHED_SHOWN = timedelta(days=7)
MOST_UNFINISHED = 50


class NoSuchIntake(LookupError):
    """There is no form of this id."""


class AlreadySaved(Exception):
    """The form has become an incident before; ``incident`` says which."""

    def __init__(self, incident: Incident) -> None:
        super().__init__(incident.number)
        self.incident = incident


@dataclass
class Saved:
    """What became of what was typed.

    ``theirs``: elements that somebody else changed since the version that the
    typist saw. ``conflicts``: of these, the ones that the typist changed too;
    they hold the other's text, and the typist's own was not written.
    """

    version: int
    saved_at: datetime
    missing: list[Element]
    incident_id: int | None
    theirs: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


class Intakes:
    """Forms that are being filled in."""

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, incidents: Incidents, attachments: Attachments
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.incidents = incidents
        self.attachments = attachments

    def get(self, intake_id: int, *, lock: bool = False) -> Intake:
        """The form.

        Raises:
            NoSuchIntake
        """
        intake = self.db.get(Intake, intake_id, with_for_update=True if lock else None, populate_existing=lock)
        if intake is None:
            raise NoSuchIntake(intake_id)
        return intake

    def for_call(self, call: Call, account_id: int) -> Intake:
        """The call's form: the one that is there, or a new one with the caller's number in it."""
        channel = SourceChannel.VOICEMAIL if call.result is CallResult.VOICEMAIL else SourceChannel.PHONE
        texts = {"reporter_number": call.caller_number, "channel": channel.value}
        return self._open(texts, account_id, call_id=call.id)

    def blank(self, account_id: int, channel: SourceChannel) -> Intake:
        """A form without a call: fax, walk-in, a lower unit's report; received now, unless somebody writes when."""
        received = as_text(self.clock.now(), self.incidents.zone)
        return self._open({"channel": channel.value, "reported_at": received}, account_id, call_id=None)

    def unfinished(self) -> list[Intake]:
        """Forms with something in them that are no incident yet."""
        query = select(Intake).where(*self._is_unfinished()).options(joinedload(Intake.call))
        return list(self.db.scalars(query.order_by(Intake.saved_at.desc()).limit(MOST_UNFINISHED)))

    def count_unfinished(self) -> int:
        """How many there are of these."""
        return self.db.scalar(select(func.count()).select_from(Intake).where(*self._is_unfinished())) or 0

    def save(self, intake_id: int, seen_version: int, changes: Mapping[str, str], tab: str = "") -> Saved:
        """Write what was typed since ``seen_version``; other people's elements stay as they are.

        Once the form is an incident, the incident is changed too.

        Args:
            tab: the typist's browser tab; what it wrote itself is nobody else's.

        Raises:
            NoSuchIntake, TooLong
        """
        intake = self.get(intake_id, lock=True)
        texts, versions = texts_of(intake), dict(intake.fields.get("versions", {}))
        wanted = {name: text for name, text in cleaned(changes).items() if text != texts.get(name, "")}
        theirs = _changed_since(intake, seen_version, tab)
        conflicts = {name: theirs[name] for name in wanted if name in theirs}
        written = {name: text for name, text in wanted.items() if name not in conflicts}
        unread: dict[str, str] = {}
        if written and intake.incident_id is not None:
            unread = self._pass_on(intake.incident_id, texts, written, conflicts)
        if written:
            intake.version += 1
            intake.fields = {
                "texts": {**texts, **written},
                "versions": {**versions, **dict.fromkeys(written, intake.version)},
                "tabs": {**intake.fields.get("tabs", {}), **dict.fromkeys(written, tab)},
            }
            intake.saved_at = self.clock.now()
            # Which, not what: a text is saved at every pause of its typist, and stands in the ledger as an incident's.
            told = {"version": intake.version, "elements": sorted(written)}
            self.ledger.append("intake.saved", f"intake:{intake.id}", told)
        # What is told now is seen from now on; a conflict is told until its typist decides.
        return _saved(intake, theirs=theirs, conflicts=conflicts, unread=unread)

    def look(self, intake_id: int, seen_version: int, tab: str = "") -> Saved:
        """What others wrote since ``seen_version``; nothing is written.

        Raises:
            NoSuchIntake
        """
        intake = self.get(intake_id)
        return _saved(intake, theirs=_changed_since(intake, seen_version, tab))

    def make_incident(self, intake_id: int, account_id: int) -> Incident:
        """The form becomes an incident with a number.

        Raises:
            NoSuchIntake
            AlreadySaved: it has one.
        """
        intake = self._unsaved(intake_id)
        texts = texts_of(intake)
        incident = self.incidents.create(
            texts,
            created_by_id=account_id,
            reported_at=intake.call.arrived_at if intake.call else intake.created_at,
            exercise=bool(intake.call and intake.call.exercise),
        )
        self._belongs(intake, incident, account_id)
        return incident

    def merge_into(self, intake_id: int, incident_id: int, account_id: int) -> Incident:
        """The form tells more of an incident that is there: what it lacks is filled in, the rest becomes a line.

        Raises:
            NoSuchIntake, NoSuchIncident
            AlreadySaved: it belongs to one already.
        """
        intake = self._unsaved(intake_id)
        incident = self.incidents.get(incident_id, lock=True)
        texts = {name: text for name, text in texts_of(intake).items() if text}
        known = self.incidents.texts(incident)
        filled = {name: text for name, text in texts.items() if not known.get(name)}
        self.incidents.edit(incident_id, filled)
        now_known = self.incidents.texts(incident)
        told = {"elements": texts, "intake": intake.id, "filled": {name: now_known[name] for name in filled}}
        self.incidents.note(incident_id, texts.get("course") or "–", kind="merged", data=told)
        self._belongs(intake, incident, account_id)
        return incident

    def detach(self, intake_id: int) -> Intake:
        """Undo ``merge_into``: the form stands alone again, and what it filled in is unknown again.

        What somebody changed since stays as they wrote it. Idempotent; a form that made its incident stays with it.

        Raises:
            NoSuchIntake
        """
        intake = self.get(intake_id, lock=True)
        merged = self._merged(intake) if intake.incident_id is not None else None
        if merged is None:
            return intake
        for name, text in merged.data["filled"].items():
            if text:
                with suppress(Overtaken):
                    self.incidents.edit(merged.incident_id, {name: ""}, was={name: text})
        if intake.call_id is not None:
            self.incidents.unlink_call(merged.incident_id, intake.call_id)
        self.incidents.note(merged.incident_id, merged.text, kind="detached", data={"intake": intake.id})
        self.ledger.append("intake.detached", f"intake:{intake.id}", {"incident": merged.incident_id})
        intake.incident_id = None
        self.attachments.follow(intake)
        return intake

    def _is_unfinished(self) -> tuple[ColumnElement[bool], ...]:
        return (
            Intake.incident_id.is_(None),
            Intake.saved_at > self.clock.now() - UNFINISHED_SHOWN,
            # A call opens its form by itself: it counts once somebody has written into it.
            or_(Intake.version > 1, Intake.call_id.is_(None)),
        )

    def _merged(self, intake: Intake) -> IncidentEntry | None:
        lines = self.db.scalars(
            select(IncidentEntry)
            .where(IncidentEntry.incident_id == intake.incident_id, IncidentEntry.kind == "merged")
            .order_by(IncidentEntry.id.desc())
        )
        return next((line for line in lines if line.data.get("intake") == intake.id), None)

    def _belongs(self, intake: Intake, incident: Incident, account_id: int) -> None:
        intake.incident_id = incident.id
        self.attachments.follow(intake)
        if intake.call_id is not None:
            self.incidents.link_call(incident.id, intake.call_id, account_id)
        self.ledger.append("intake.became", f"intake:{intake.id}", {"incident": incident.id, "number": incident.number})
        self.db.flush()

    def _unsaved(self, intake_id: int) -> Intake:
        intake = self.get(intake_id, lock=True)
        if intake.incident_id is not None:
            raise AlreadySaved(self.incidents.get(intake.incident_id))
        return intake

    def _pass_on(
        self, incident_id: int, texts: Mapping[str, str], written: dict[str, str], conflicts: dict[str, str]
    ) -> dict[str, str]:
        """Change the incident too; what was changed on its own page meanwhile becomes a conflict."""
        unread: dict[str, str] = {}
        for name in list(written):
            try:
                _, not_read = self.incidents.edit(incident_id, {name: written[name]}, was={name: texts.get(name, "")})
                unread.update(not_read)
            except Overtaken as overtaken:
                conflicts[name] = overtaken.theirs
                del written[name]
        return unread

    def _open(self, texts: dict[str, str], account_id: int, call_id: int | None) -> Intake:
        now = self.clock.now()
        insert = sqlite.insert if self.db.get_bind().dialect.name == "sqlite" else postgresql.insert
        row = {
            "call_id": call_id,
            "account_id": account_id,
            "fields": {"texts": texts, "versions": {}},
            "version": 1,
            "created_at": now,
            "saved_at": now,
        }
        statement = insert(Intake).values(**row).on_conflict_do_nothing(index_elements=["call_id"]).returning(Intake.id)
        made = self.db.execute(statement).scalar_one_or_none()
        if made is not None:
            self.ledger.append("intake.opened", f"intake:{made}", {"call": call_id})
            return self.get(made)
        return self.db.scalars(select(Intake).where(Intake.call_id == call_id)).one()


def _changed_since(intake: Intake, seen_version: int, tab: str) -> dict[str, str]:
    tabs = intake.fields.get("tabs", {}) if tab else {}
    return {
        name: text
        for name, text in texts_of(intake).items()
        if intake.fields["versions"].get(name, 0) > seen_version and not (tab and tabs.get(name) == tab)
    }


def _saved(intake: Intake, **more: dict[str, str]) -> Saved:
    return Saved(intake.version, intake.saved_at, missing(texts_of(intake)), intake.incident_id, **more)


def texts_of(intake: Intake) -> dict[str, str]:
    """What is in the form."""
    return dict(intake.fields.get("texts", {}))


def gist_of(intake: Intake) -> str:
    """What the form is about, as far as it is known; empty while nothing says it."""
    typed = texts_of(intake)
    return next((typed[name] for name in ("title", "course", "place", "reporter_number") if typed.get(name)), "")


def intakes_factory(context: object, request: Request) -> Intakes:
    """The request's ``Intakes``."""
    return Intakes(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Incidents),
        request.find_service(Attachments),
    )
