"""Finding recordings: by time, number, person, incident, result, length, kind and state; quick among a million.

Pages follow one another by the place of their last row, so the thousandth is
as quick as the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, and_, false, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from dutycenter.calls.models import ODD, Leg, Recording
from dutycenter.directory.models import Person
from dutycenter.incidents.models import Incident, IncidentCall, year_and_sequence
from dutycenter.interfaces import IBroadcasts
from dutycenter.vocabulary import CallResult, Disposition, RecordingKind, RecordingState

PAGE = 50
COUNTED = 1000  # beyond it the count says "more than"
MOST_SECONDS = 100_000
RESULTS: tuple[CallResult | Disposition, ...] = (*CallResult, *Disposition)


@dataclass(frozen=True)
class Query:
    """What somebody looks for; ``faults`` names fields that could not be read."""

    number: str = ""
    person: str = ""
    incident: str = ""  # as people say it: 2026-0001
    since: date | None = None
    until: date | None = None
    longer: int | None = None  # seconds
    shorter: int | None = None
    kind: RecordingKind | None = None
    state: RecordingState | None = None
    result: str = ""
    odd: bool = False  # only recordings of which something is worth a word
    after: tuple[datetime, int] | None = None  # the last row of the page before
    faults: tuple[str, ...] = field(default=())

    @property
    def criteria(self) -> dict[str, str]:
        """What was asked, for the record; empty when nothing was."""
        return {name: str(value) for name, value in vars(self).items() if value and name not in ("after", "faults")}


@dataclass(frozen=True)
class Found:
    """One page of recordings with what is known of their legs.

    Attributes:
        total: how many there are; ``COUNTED`` stands for more than that.
        longest: seconds, for the length bars.
        next: the place of the next page, None when this is the last.
    """

    rows: list[tuple[Recording, Leg | None]]
    people: Mapping[int, Person]
    total: int
    longest: float
    next: str | None


def read_query(params: Mapping[str, str]) -> Query:
    """A query from a form; what cannot be read is left out and named."""
    faults: list[str] = []

    def day(name: str) -> date | None:
        raw = params.get(name, "").strip()
        try:
            return date.fromisoformat(raw) if raw else None
        except ValueError:
            faults.append(name)
            return None

    def seconds(name: str) -> int | None:
        raw = params.get(name, "").strip()
        if raw and not (raw.isascii() and raw.isdigit() and len(raw) < 7):
            faults.append(name)
            return None
        return min(int(raw), MOST_SECONDS) if raw else None

    kind, state, result = params.get("kind", ""), params.get("state", ""), params.get("result", "")
    return Query(
        number="".join(c for c in params.get("number", "") if c.isascii() and c.isdigit())[:20],
        person=" ".join(params.get("person", "").replace("\0", "").split())[:40],
        incident=params.get("incident", "").replace("\0", "").strip()[:20],
        since=day("since"),
        until=day("until"),
        longer=seconds("longer"),
        shorter=seconds("shorter"),
        kind=RecordingKind(kind) if kind in list(RecordingKind) else None,
        state=RecordingState(state) if state in list(RecordingState) else None,
        result=result if result in {value.value for value in RESULTS} else "",
        odd=params.get("odd") == "1",
        after=_place(params.get("after", "")),
        faults=tuple(faults),
    )


def find(db: Session, query: Query, zone: ZoneInfo, broadcasts: IBroadcasts) -> Found:
    """The newest first."""
    where = _conditions(db, query, zone, broadcasts)
    total = (
        db.scalar(select(func.count()).select_from(select(Recording.id).where(*where).limit(COUNTED).subquery())) or 0
    )
    if query.number and total == COUNTED and db.get_bind().dialect.name == "sqlite":
        where = _conditions(db, query, zone, broadcasts, walk=True)
    rows = _page(db, query, where)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    ids = {row[0].person_id for row in rows if row[0].person_id}
    people = {person.id: person for person in db.scalars(select(Person).where(Person.id.in_(ids)))}
    last = rows[-1][0] if rows else None
    return Found(
        rows,
        people,
        total,
        max((row[0].seconds or 0.0 for row in rows), default=0.0),
        f"{last.started_at.timestamp():.6f}_{last.id}" if more and last else None,
    )


def _page(db: Session, query: Query, where: Sequence[ColumnElement[bool]]) -> list[tuple[Recording, Leg | None]]:
    among: Any = select(Recording.id, Recording.started_at).where(*where)
    # An incident's recordings lie together in time: who walks from the newest to find them walks past all others.
    among = among.cte("found").prefix_with("MATERIALIZED") if query.incident else among.subquery()
    page = select(among.c.id).order_by(among.c.started_at.desc(), among.c.id.desc()).limit(PAGE + 1)
    if query.after is not None:
        page = page.where(tuple_(among.c.started_at, among.c.id) < tuple_(*query.after))
    order = (Recording.started_at.desc(), Recording.id.desc())
    # The page first, and only then what is shown beside it: a sort would carry all of it for every row found.
    statement = (
        select(Recording, Leg)
        .outerjoin(Leg, Leg.channel_uuid == Recording.channel_uuid)
        .options(joinedload(Recording.call))
        .where(Recording.id.in_(db.scalars(page).all()))
        .order_by(*order)
    )
    return [(row[0], row[1]) for row in db.execute(statement)]


def _conditions(
    db: Session, query: Query, zone: ZoneInfo, broadcasts: IBroadcasts, *, walk: bool = False
) -> list[ColumnElement[bool]]:
    """What a recording must fulfil.

    Args:
        walk: many have such a number: SQLite, which doesn't know, shall not gather and sort them all, but walk
            through the newest. A column that is joined to nothing has no index there.
    """
    where: list[ColumnElement[bool]] = []
    if query.number:
        columns: list[Any] = [Recording.number, Recording.number_reversed]
        forwards, backwards = [column.concat("") for column in columns] if walk else columns
        where.append(or_(_begins(forwards, query.number), _begins(backwards, query.number[::-1])))
    if query.person:
        named = select(Person.id).where(Person.name.contains(query.person, autoescape=True))
        where.append(Recording.person_id.in_(list(db.scalars(named.limit(500)))))
    if query.incident:
        where.append(_of_incident(db, query.incident, broadcasts))
    if query.since:
        where.append(Recording.started_at >= datetime.combine(query.since, time(), zone))
    if query.until:
        where.append(Recording.started_at < datetime.combine(query.until + timedelta(days=1), time(), zone))
    simple: tuple[tuple[Any, ColumnElement[bool]], ...] = (
        (query.longer is not None, Recording.seconds >= (query.longer or 0)),
        (query.shorter is not None, Recording.seconds <= (query.shorter or 0)),
        (query.kind, Recording.kind == query.kind),
        (query.state, Recording.state == query.state),
        (query.result, Recording.result == query.result),
        (query.odd, literal_column(ODD, Boolean)),
    )
    return [*where, *(condition for asked, condition in simple if asked)]


def _begins(column: Any, digits: str) -> ColumnElement[bool]:
    """Begins with these digits, as a range that an index answers in every collation."""
    return and_(column >= digits, column < digits + ":")


def _of_incident(db: Session, number: str, broadcasts: IBroadcasts) -> ColumnElement[bool]:
    named = year_and_sequence(number)
    if named is None:
        return false()
    incident = db.scalar(select(Incident.id).where(Incident.year == named[0], Incident.sequence == named[1]))
    if incident is None:
        return false()
    # Their ids, and no query inside the query: that would be asked for every recording there is.
    calls = db.scalars(select(IncidentCall.call_id).where(IncidentCall.incident_id == incident)).all()
    return or_(Recording.call_id.in_(calls), Recording.broadcast_id.in_(broadcasts.of_incident(incident)))


def _place(text: str) -> tuple[datetime, int] | None:
    moment, _, row = text.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), UTC), int(row)
    except (ValueError, OverflowError, OSError):
        return None
