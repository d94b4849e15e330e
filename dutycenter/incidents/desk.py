"""What a duty officer needs to see at once, read in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.calls.marks import Marks
from dutycenter.calls.models import Call, CallParty, MarkedCaller
from dutycenter.calls.numbers import dialled_form
from dutycenter.calls.queue import Called
from dutycenter.directory.models import Person
from dutycenter.incidents.models import Incident, IncidentCall
from dutycenter.incidents.search.newest import newest
from dutycenter.incidents.search.words import OF_ITSELF
from dutycenter.interfaces import Asking, CalledOut, IBroadcasts, IReadiness, NoticeLeg, Standing
from dutycenter.vocabulary import BroadcastState, CallResult, CallState, IncidentStatus, PartyPart

EARLIER_SHOWN = 5
LIKELY_SHOWN = 20
LATELY = timedelta(hours=1)
REPEATS = 3  # so many earlier calls within the hour
NOT_REACHED_SHOWN = timedelta(seconds=30)


@dataclass
class Caller:
    """What is known of a caller before the answer."""

    person: Person | None = None
    earlier: list[Call] = field(default_factory=list)
    earlier_count: int = 0
    incidents: list[Incident] = field(default_factory=list)
    called_out: list[CalledOut] = field(default_factory=list)  # broadcasts in which the number was called
    marks: list[MarkedCaller] = field(default_factory=list)
    lately: int = 0  # earlier calls within the hour

    @property
    def repeats(self) -> bool:
        """Does this number call again and again just now?"""
        return self.lately >= REPEATS


def callers(request: Request, calls: Iterable[Call]) -> dict[int, Caller]:
    """Who calls: the person, earlier calls of the number, incidents, broadcasts and what is noted of it."""
    return {call.id: caller_of(request, call) for call in calls}


def people_of(db: Session, calls: Iterable[Call]) -> dict[int, Person]:
    """Who is known to have made these calls, by the call's id."""
    made = {call.id: call.person_id for call in calls if call.person_id}
    rows = db.scalars(select(Person).where(Person.id.in_(set(made.values()))).options(joinedload(Person.department)))
    people = {person.id: person for person in rows} if made else {}
    return {call_id: people[person_id] for call_id, person_id in made.items()}


def caller_of(request: Request, call: Call) -> Caller:
    """The same for one call."""
    db = request.db
    person = db.get(Person, call.person_id) if call.person_id else None
    if not call.caller_number:
        return Caller(person)
    numbers = {call.caller_number, dialled_form(call.caller_number)}
    same = (Call.caller_number.in_(numbers), Call.id != call.id)
    earlier = db.scalars(select(Call).where(*same).order_by(Call.arrived_at.desc()).limit(EARLIER_SHOWN)).all()
    count = db.scalar(select(func.count()).select_from(Call).where(*same)) or 0
    incidents = db.scalars(
        select(Incident)
        .where(
            or_(
                Incident.id.in_(
                    select(IncidentCall.incident_id)
                    .join(Call, Call.id == IncidentCall.call_id)
                    .where(Call.caller_number.in_(numbers))
                ),
                Incident.reporter_number.in_(numbers),
            )
        )
        .order_by(Incident.created_at.desc())
        .limit(EARLIER_SHOWN)
    ).all()
    lately = db.scalar(select(func.count()).select_from(Call).where(*same, Call.arrived_at > call.arrived_at - LATELY))
    marks = request.find_service(Marks).of([call.caller_number])[call.caller_number]
    return Caller(person, list(earlier), count, list(incidents), called_out(request, call), marks, lately or 0)


def parties_shown(call: Call, now: datetime) -> list[CallParty]:
    """Who was brought onto a call: who is there or rings, and for a while who did not come; not the desk that has it."""
    return [
        party
        for party in call.parties
        if party.channel_uuid != call.desk_channel_uuid
        and (party.left_at is None or (party.joined_at is None and now - party.left_at < NOT_REACHED_SHOWN))
    ]


def supervised(db: Session, account_id: int) -> dict[int, CallParty]:
    """The calls that this account listens to, or is being called for."""
    rows = db.scalars(
        select(CallParty).where(
            CallParty.part == PartyPart.SUPERVISES,
            CallParty.account_id == account_id,
            CallParty.left_at.is_(None),
        )
    )
    return {party.call_id: party for party in rows}


def taking_part(db: Session, desk: str | None) -> CallParty | None:
    """How this desk's telephone takes part in another desk's call: it joined, or its leader listens."""
    if not desk:
        return None
    return db.scalar(
        select(CallParty)
        .join(Call, Call.id == CallParty.call_id)
        .where(
            CallParty.number == desk,
            CallParty.joined_at.is_not(None),
            CallParty.left_at.is_(None),
            CallParty.channel_uuid != Call.desk_channel_uuid,
            Call.state == CallState.TALKING,
        )
        .order_by(CallParty.id.desc())
        .limit(1)
    )


def one_each(called: Iterable[Called], desk: str | None) -> list[Called]:
    """Each called person once, though several desks ring for them: as this desk has them, else as whoever talks to them."""
    found: dict[str, Called] = {}
    for one in sorted(called, key=lambda one: (one.desk != desk, not one.talks)):
        found.setdefault(one.channel_uuid, one)
    return sorted(found.values(), key=lambda one: one.since)


def called_out(request: Request, call: Call) -> list[CalledOut]:
    """Broadcasts in which the caller's number was called; none when this installation has none."""
    try:
        broadcasts: IBroadcasts = request.find_service(IBroadcasts)
    except LookupError:
        return []
    return list(broadcasts.called_out(call.caller_number, EARLIER_SHOWN))


@dataclass(frozen=True)
class Today:
    """The day's calls so far, in the duty room's zone."""

    calls: int
    answered: int
    missed: int
    messages: int


def today(db: Session, now: datetime, zone: ZoneInfo) -> Today:
    """Count the day's calls."""
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    counts = dict(
        db.execute(
            select(Call.result, func.count()).where(Call.arrived_at >= midnight).group_by(Call.result)
        ).all()
    )  # fmt: skip
    answered = db.scalar(
        select(func.count()).select_from(Call).where(Call.arrived_at >= midnight, Call.answered_at.is_not(None))
    )
    missed = counts.get(CallResult.ABANDONED, 0) + counts.get(CallResult.FAILED, 0)
    return Today(sum(counts.values()), answered or 0, missed, counts.get(CallResult.VOICEMAIL, 0))


def likely_same(db: Session, now: datetime, text: str = "") -> list[Incident]:
    """Incidents that a report may belong to: open ones, the latest first; or those that ``text`` names."""
    if text:
        return named(db, text, LIKELY_SHOWN)
    latest = select(Incident).where(
        Incident.status == IncidentStatus.OPEN, Incident.created_at > now - timedelta(days=3)
    )
    return list(db.scalars(latest.order_by(Incident.created_at.desc()).limit(LIKELY_SHOWN)))


def named(db: Session, text: str, limit: int) -> list[Incident]:
    """The latest incidents whose number, texts or people contain the text."""
    ids = newest(db, [text.strip()], limit, places=OF_ITSELF).ids[:limit]
    return list(db.scalars(select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id.desc())))


def running_broadcasts(request: Request) -> list[Standing]:
    """Broadcasts that run or wait; none when this installation has no broadcasts."""
    shown = (BroadcastState.RUNNING, BroadcastState.PAUSED)
    return [standing for standing in broadcasts_of(request) if standing.state in shown]


def readiness_of(request: Request) -> IReadiness | None:
    """What is known of the plans; None when this installation has none."""
    try:
        found: IReadiness = request.find_service(IReadiness)
    except LookupError:
        return None
    return found


def broadcasts_of(request: Request, incident_id: int | None = None) -> list[Standing]:
    """``IBroadcasts.standings``; none when this installation has no broadcasts."""
    try:
        broadcasts: IBroadcasts = request.find_service(IBroadcasts)
    except LookupError:
        return []
    return broadcasts.standings(incident_id)


def legs_of(request: Request, broadcast_id: int) -> list[NoticeLeg]:
    """The legs of a broadcast; none when this installation has no broadcasts."""
    try:
        broadcasts: IBroadcasts = request.find_service(IBroadcasts)
    except LookupError:
        return []
    return broadcasts.legs(broadcast_id=broadcast_id)


def asking(request: Request, channel_uuids: Sequence[str]) -> Mapping[str, Asking]:
    """Who was called out on these legs, and by which broadcast; nobody when this installation has none."""
    try:
        broadcasts: IBroadcasts = request.find_service(IBroadcasts)
    except LookupError:
        return {}
    return broadcasts.asking(channel_uuids)
