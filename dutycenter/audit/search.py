"""Finding recordings: by time, number, state and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.calls.models import Call, Leg, Recording
from dutycenter.vocabulary import RecordingKind, RecordingState

PAGE = 50


@dataclass(frozen=True)
class Query:
    """What somebody looks for; ``faults`` names fields that could not be read."""

    number: str = ""
    since: date | None = None
    until: date | None = None
    kind: RecordingKind | None = None
    state: RecordingState | None = None
    page: int = 1
    faults: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Found:
    """One page of recordings with what is known of their legs."""

    rows: list[tuple[Recording, Leg | None]]
    total: int
    page: int
    longest: float  # seconds, for the length bars

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


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

    page = params.get("page", "1")
    kind, state = params.get("kind", ""), params.get("state", "")
    return Query(
        number="".join(c for c in params.get("number", "") if c.isdigit())[:20],
        since=day("since"),
        until=day("until"),
        kind=RecordingKind(kind) if kind in list(RecordingKind) else None,
        state=RecordingState(state) if state in list(RecordingState) else None,
        page=min(int(page), 100_000) if page.isascii() and page.isdigit() and int(page) > 0 else 1,
        faults=tuple(faults),
    )


def find(db: Session, query: Query, zone: ZoneInfo) -> Found:
    """The newest first."""
    where = _conditions(query, zone)
    total = db.scalar(_joined(select(func.count(Recording.id))).where(*where)) or 0
    rows = db.execute(
        _joined(select(Recording, Leg))
        .options(joinedload(Recording.call))
        .where(*where)
        .order_by(Recording.started_at.desc(), Recording.id.desc())
        .limit(PAGE)
        .offset((query.page - 1) * PAGE)
    ).all()
    pairs = [(row[0], row[1]) for row in rows]
    return Found(pairs, total, query.page, max((pair[0].seconds or 0.0 for pair in pairs), default=0.0))


def _joined(query: Any) -> Any:
    return (
        query.select_from(Recording)
        .outerjoin(Leg, Leg.channel_uuid == Recording.channel_uuid)
        .outerjoin(Call, Call.id == Recording.call_id)
    )


def _conditions(query: Query, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.number:
        where.append(or_(Leg.number.contains(query.number), Call.caller_number.contains(query.number)))
    if query.since:
        where.append(Recording.started_at >= datetime.combine(query.since, time(), zone))
    if query.until:
        where.append(Recording.started_at < datetime.combine(query.until + timedelta(days=1), time(), zone))
    if query.kind:
        where.append(Recording.kind == query.kind)
    if query.state:
        where.append(Recording.state == query.state)
    return where
