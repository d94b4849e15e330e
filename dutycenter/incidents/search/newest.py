"""The newest incidents in which words stand, in the time that a few take, however many there are.

An index names all incidents that hold a word, in no order: of a common word so many that reading and sorting them
takes far longer than anybody wants to wait for a page. But a common word stands often enough in the newest few
hundred incidents. So those are read first, whatever the index says, and farther back as long as all that is asked
is often met. When it is not, the index names those that meet what is met most rarely; if they are few, only they
are held against the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, intersect, select, union_all
from sqlalchemy.orm import Session

from dutycenter.db.grams import by_index
from dutycenter.incidents.models import Incident
from dutycenter.incidents.search.words import PLACES, Among, Id, found_in

READ_FIRST = 500  # incidents, about 3 ms a word
READ_AT_ONCE = 8000
RARE = 100  # what fewer than one in so many meets
FEW = 2000  # incidents that are read one by one
COUNTED = 1000  # more are not counted
CHUNK = 500

Asked = Callable[[Among | None], Select[int]]
"""Incidents that meet one thing asked for: all, or those among some."""


@dataclass(frozen=True)
class Newest:
    """Incidents by id, the latest first. ``more``: there are others, how many was not counted."""

    ids: Sequence[int]
    more: bool


def newest(
    db: Session,
    words: Sequence[str],
    wanted: int,
    *,
    filters: Sequence[ColumnElement[bool]] = (),
    places: Collection[str] = tuple(PLACES),
) -> Newest:
    """At least so many of the newest incidents that hold every word somewhere, or all there are.

    Args:
        words: at least one.
        wanted: from 1.
        filters: what else an incident must fulfil.
        places: of ``PLACES``, where the words are looked for.
    """
    asked: list[Asked] = [partial(_holding, word, places) for word in words]
    if filters:
        asked.append(partial(_fulfilling, filters))
    met, read, found = [0] * len(asked), 0, list[int]()
    end = 1 + (db.scalar(select(func.max(Incident.id)).where(*filters)) or 0)
    step = READ_FIRST
    while end > 1:
        begin = max(1, end - step)
        sets = [set(db.scalars(one(partial(_between, begin, end)))) for one in asked]
        found += sorted(set.intersection(*sets), reverse=True)
        read, end = read + end - begin, begin
        if len(found) >= wanted:
            return Newest(found, more=True)
        met = [before + len(now) for before, now in zip(met, sets, strict=True)]
        if len(found) * RARE < read:
            break
        step = min(READ_AT_ONCE, 2 * step)
    if end > 1:
        most = max(wanted, COUNTED + 1) - len(found)
        found += _older(db, asked, met.index(min(met)), end, most, common=min(met) * end > FEW * read)
    return Newest(found, more=len(found) > max(wanted - 1, COUNTED))


def _older(db: Session, asked: Sequence[Asked], rarest: int, end: int, most: int, *, common: bool) -> list[int]:
    """Incidents from before ``end`` that meet all that is asked, found by what few meet.

    Args:
        rarest: place among ``asked`` of what the fewest of the newest incidents met.
        common: even that is met so often that the store had better lay the sets together by itself.
    """
    others = [one for place, one in enumerate(asked) if place != rarest]

    def named(one: Asked) -> Select[int]:
        ids = one(None).subquery().c[0]
        return select(ids).where(ids < end)

    with by_index(db):
        if common:
            return _latest(db, intersect(*map(named, asked)), most)
        left = _latest(db, named(asked[rarest]).distinct(), FEW + 1 if others else most)
        if len(left) > FEW:
            return _latest(db, intersect(*map(named, asked)), most)
    found: list[int] = []
    for begin in range(0, len(left), CHUNK):
        chunk = set(left[begin : begin + CHUNK])
        for one in others:
            chunk &= set(db.scalars(one(partial(_one_of, chunk)))) if chunk else set()
        found += sorted(chunk, reverse=True)
        if len(found) >= most:
            break
    return found


def _latest(db: Session, found: Select[int] | CompoundSelect[int], most: int) -> list[int]:
    ids = found.subquery().c[0]
    return list(db.scalars(select(ids).order_by(ids.desc()).limit(most)))


def _between(begin: int, end: int, incident_id: Id) -> ColumnElement[bool]:
    return (incident_id >= begin) & (incident_id < end)


def _one_of(ids: Collection[int], incident_id: Id) -> ColumnElement[bool]:
    return incident_id.in_(ids)


def _fulfilling(filters: Sequence[ColumnElement[bool]], among: Among | None) -> Select[int]:
    rows = select(Incident.id).where(*filters)
    return rows if among is None else rows.where(among(Incident.id))


def _holding(word: str, places: Collection[str], among: Among | None) -> Select[int]:
    return select(union_all(*chain(*found_in(word, among, places).values())).subquery().c[0])
