"""``Incidents``: what is known of an emergency, with the history of every field."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Call
from dutycenter.calls.unanswered import NotOnList, TakenBySomebody, Unanswered
from dutycenter.db.sequence import next_number
from dutycenter.directory.models import District
from dutycenter.incidents.deadlines import Deadlines
from dutycenter.incidents.elements import BY_NAME, as_text, cleaned, read_elements
from dutycenter.incidents.models import Incident, IncidentCall, IncidentEntry, IncidentSequence, year_and_sequence
from dutycenter.interfaces import IClock, ILedger
from dutycenter.kept_words import keep
from dutycenter.vocabulary import IncidentStatus, SourceChannel
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

HEADLINE = 30  # characters of the course that stand in for a title
# A change of these changes the deadlines.
RULED_BY = frozenset({"incident_class", "level", "district_id", "channel", "reported_at"})


class NoSuchIncident(LookupError):
    """There is no incident of this id."""


class Overtaken(Exception):
    """Somebody changed the same field meanwhile; nothing was changed here.

    ``theirs``: what the field holds now, as text; ``mine``: what was to be written.
    """

    def __init__(self, name: str, theirs: str, mine: str) -> None:
        super().__init__(name)
        self.name = name
        self.theirs = theirs
        self.mine = mine


class Incidents:
    """Incidents, their timeline and their calls. ``actor`` is whoever acts, for the timeline."""

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        deadlines: Deadlines,
        unanswered: Unanswered,
        zone: ZoneInfo,
        actor: str,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.deadlines = deadlines
        self.unanswered = unanswered
        self.zone = zone
        self.actor = actor

    def get(self, incident_id: int, *, lock: bool = False) -> Incident:
        """The incident.

        Raises:
            NoSuchIncident
        """
        incident = self.db.get(Incident, incident_id, with_for_update=True if lock else None, populate_existing=lock)
        if incident is None:
            raise NoSuchIncident(incident_id)
        return incident

    def create(
        self,
        texts: Mapping[str, str],
        *,
        channel: SourceChannel = SourceChannel.PHONE,
        created_by_id: int | None = None,
        reported_at: datetime | None = None,
        exercise: bool = False,
    ) -> Incident:
        """A new incident with the next number of the year, in this transaction: no gaps.

        Args:
            texts: elements as typed, any of them; what cannot be read goes to the timeline.
            channel: how it came in, unless ``texts`` say.
            reported_at: when it reached the duty room, unless ``texts`` say; now by default.

        Raises:
            TooLong: a text is longer than the store holds.
        """
        now = self.clock.now()
        values, unread = self._read({name: text for name, text in cleaned(texts).items() if text})
        year = now.astimezone(self.zone).year
        incident = Incident(
            year=year,
            sequence=next_number(self.db, IncidentSequence, year),
            status=IncidentStatus.OPEN,
            exercise=exercise,
            created_at=now,
            created_by_id=created_by_id,
            **{"channel": channel, "reported_at": reported_at or now, **values},
        )
        incident.title = incident.title or _headline(incident)
        self.db.add(incident)
        self.db.flush()
        told = {name: as_text(value, self.zone) for name, value in values.items() if value not in (None, "")}
        self._enter(incident, "created", data={"unread": unread} if unread else {})
        self._tell(incident, "incident.created", number=incident.number, exercise=exercise, elements=told)
        self.deadlines.apply_rules(incident)
        return incident

    def edit(
        self, incident_id: int, texts: Mapping[str, str], was: Mapping[str, str] | None = None
    ) -> tuple[Incident, dict[str, str]]:
        """Change elements; each change is a line of the timeline and an entry of the ledger.

        Args:
            texts: the new texts by element.
            was: what the editor saw before; when it is something else now, nothing is changed.

        Returns:
            The incident, and the texts that could not be read (their elements stay as they were).

        Raises:
            NoSuchIncident, TooLong
            Overtaken: somebody changed one of them meanwhile.
        """
        incident = self.get(incident_id, lock=True)
        values, unread = self._read(cleaned(texts))
        for name, value in values.items():
            now_holds, mine = self.text_of(incident, name), as_text(value, self.zone)
            if was is not None and name in was and now_holds not in (was[name].strip(), mine):
                raise Overtaken(name, now_holds, mine)
        changed = set()
        for name, value in values.items():
            before, after = self.text_of(incident, name), as_text(value, self.zone)
            if before == after:  # what a form does not show, such as seconds, stays
                continue
            setattr(incident, name, value)
            changed.add(name)
            self._enter(incident, "edited", data={"field": name, "was": before, "now": after})
            self._tell(incident, "incident.edited", field=name, was=before, now=after)
        self.db.flush()
        if changed & RULED_BY:
            self.deadlines.apply_rules(incident)
        return incident, unread

    def text_of(self, incident: Incident, name: str) -> str:
        """An element's value as the form shows it."""
        return as_text(getattr(incident, name), self.zone)

    def texts(self, incident: Incident) -> dict[str, str]:
        """All elements as the form shows them."""
        return {name: self.text_of(incident, name) for name in BY_NAME}

    def note(
        self, incident_id: int, text: str, kind: str = "note", data: Mapping[str, Any] | None = None,
        words: TranslationString | None = None,
    ) -> IncidentEntry:  # fmt: skip
        """A line of the timeline.

        Args:
            words: what ``text`` is a translation of; the timeline says them in its reader's language.

        Raises:
            NoSuchIncident, TooLong
            ValueError: there is nothing in it; ``str()`` is a msgid.
        """
        incident = self.get(incident_id, lock=True)
        text = cleaned({"course": text})["course"]
        if not text:
            raise ValueError(_("Write something first."))
        kept = {"words": keep(words)} if words else {}
        entry = self._enter(incident, kind, text, {**(data or {}), **kept})
        self._tell(incident, f"incident.{kind}", entry=entry.id, text=text)
        return entry

    def link_call(self, incident_id: int, call_id: int, account_id: int | None = None) -> None:
        """The call was about this incident; with that, an unanswered call is dealt with. Idempotent.

        Raises:
            NoSuchIncident
            LookupError: no such call.
        """
        incident = self.get(incident_id, lock=True)
        call = self.db.get(Call, call_id)
        if call is None:
            raise LookupError(call_id)
        if self.db.get(IncidentCall, (incident_id, call_id)) is not None:
            return
        self.db.add(IncidentCall(incident_id=incident_id, call_id=call_id))
        self._enter(incident, "call", data={"call": call_id, "number": call.caller_number})
        self._tell(incident, "incident.call_linked", call=call_id)
        if call.open and account_id is not None:
            # Whoever else owns the call goes on dealing with it.
            with suppress(NotOnList, TakenBySomebody):
                self.unanswered.settle(call_id, account_id, incident.number)
        self.db.flush()

    def unlink_call(self, incident_id: int, call_id: int) -> None:
        """Undo ``link_call``. Idempotent.

        Raises:
            NoSuchIncident
        """
        incident = self.get(incident_id, lock=True)
        link = self.db.get(IncidentCall, (incident_id, call_id))
        if link is None:
            return
        self.db.delete(link)
        self._enter(incident, "call_unlinked", data={"call": call_id})
        self._tell(incident, "incident.call_unlinked", call=call_id)
        self.db.flush()

    def close(self, incident_id: int, reason: str = "") -> Incident:
        """It is over (办结), with what there is to say about its end. Idempotent.

        Raises:
            NoSuchIncident, TooLong
        """
        incident = self.get(incident_id, lock=True)
        if incident.status is IncidentStatus.OPEN:
            said = cleaned({"course": reason})["course"]
            incident.status, incident.closed_at = IncidentStatus.CLOSED, self.clock.now()
            self._enter(incident, "closed", said)
            self._tell(incident, "incident.closed", reason=said)
        return incident

    def reopen(self, incident_id: int, reason: str) -> Incident:
        """It is not over after all, because of something. Idempotent. Clocks that were set stay as they were.

        Raises:
            NoSuchIncident, TooLong
            ValueError: no reason is given; ``str()`` is a msgid.
        """
        incident = self.get(incident_id, lock=True)
        if incident.status is IncidentStatus.CLOSED:
            said = cleaned({"course": reason})["course"]
            if not said:
                raise ValueError(_("Say why the incident is opened again."))
            incident.status, incident.closed_at = IncidentStatus.OPEN, None
            self._enter(incident, "reopened", said)
            self._tell(incident, "incident.reopened", reason=said)
        return incident

    def by_number(self, number: str) -> Incident | None:
        """The incident that people call ``2026-0003``."""
        named = year_and_sequence(number)
        if named is None:
            return None
        year, sequence = named
        return self.db.scalars(
            select(Incident).where(Incident.year == year, Incident.sequence == sequence)
        ).one_or_none()

    def _read(self, texts: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        values, unread = read_elements(texts, self.zone)
        district_id = values.get("district_id")
        if district_id is not None and self.db.get(District, district_id) is None:
            unread["district_id"] = str(values.pop("district_id"))
        if "reported_at" in values and values["reported_at"] > self.clock.now():
            unread["reported_at"] = texts["reported_at"]  # a slip: deadlines would run from a time to come
            del values["reported_at"]
        return values, unread

    def _enter(
        self, incident: Incident, kind: str, text: str = "", data: Mapping[str, Any] | None = None
    ) -> IncidentEntry:
        entry = IncidentEntry(
            incident_id=incident.id, at=self.clock.now(), kind=kind, text=text, data=dict(data or {}), actor=self.actor
        )
        self.db.add(entry)
        self.db.flush()
        return entry

    def _tell(self, incident: Incident, action: str, **data: Any) -> None:
        self.ledger.append(action, f"incident:{incident.id}", data)


def _headline(incident: Incident) -> str:
    # No stop at its end: a headline goes on within the sentences of messages and reports.
    course = " ".join(incident.course.split()).rstrip("。．.；;，,、") if incident.course else ""
    text = course if len(course) <= HEADLINE else course[: HEADLINE - 1] + "…"
    return text or incident.place or ""


def incidents_factory(context: object, request: Request) -> Incidents:
    """The request's ``Incidents``."""
    return Incidents(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Deadlines),
        request.find_service(Unanswered),
        settings_of(request.registry).time_zone,
        request.actor,
    )
