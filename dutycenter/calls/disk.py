"""Room on the disks: said early, so that nobody learns of a full disk from a missing recording."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from dutycenter.calls.models import Recording
from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.settings import Settings
from dutycenter.work import Work

log = logging.getLogger(__name__)

ROOM = "disk.room"
LOOKED_BACK = timedelta(days=30)
KNOWN_AFTER = timedelta(days=7)  # a week has its quiet days and its busy ones
DAY = timedelta(days=1)


class Holds(StrEnum):
    """What a disk is needed for."""

    STORE = "store"
    INCOMING = "incoming"  # recordings as the switch writes them
    KEPT = "kept"  # recordings that were taken in


@dataclass(frozen=True)
class Disk:
    """A disk that the product cannot do without.

    Attributes:
        low, critical: percent that must be free before the strip warns, and before it alarms.
    """

    place: Path
    holds: tuple[Holds, ...]
    total_bytes: int
    free_bytes: int
    low: float
    critical: float

    @property
    def free_percent(self) -> float:
        return 100.0 * self.free_bytes / self.total_bytes

    @property
    def level(self) -> str:
        """Empty while there is room, ``low``, or ``critical``."""
        return "critical" if self.free_percent < self.critical else "low" if self.free_percent < self.low else ""

    @property
    def records(self) -> bool:
        """Would recordings suffer if it were full?"""
        return self.holds != (Holds.STORE,)

    def days_until(self, percent: float, rate: Rate) -> float:
        """Days until no more than this is free, when it fills at this rate."""
        return max(0.0, self.free_bytes - self.total_bytes * percent / 100.0) / rate.bytes


@dataclass(frozen=True)
class Rate:
    """How fast recordings fill a disk, and of how many days that is known."""

    bytes: float
    days: int


def disks(settings: Settings) -> list[Disk]:
    """Every disk that store and recordings need, once, whatever lies on it."""
    found: dict[Path, list[Holds]] = {}
    for holds, place in _places(settings):
        found.setdefault(_mounted(place), []).append(holds)
    made = []
    for place, held in found.items():
        usage = shutil.disk_usage(place)
        made.append(Disk(place, tuple(held), usage.total, usage.free, settings.disk_low, settings.disk_critical))
    return made


def room(settings: Settings) -> Disk:
    """The fullest of the disks."""
    return min(disks(settings), key=lambda one: one.free_percent)


def _places(settings: Settings) -> Iterator[tuple[Holds, Path]]:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        yield Holds.STORE, Path(url.database).parent
    yield Holds.INCOMING, settings.recordings_dir
    yield Holds.KEPT, settings.evidence_dir


def _mounted(place: Path) -> Path:
    """Where the disk begins that the place lies on, or will once it is made."""
    whole = place.resolve()
    return next(one for one in (whole, *whole.parents) if one.is_mount())


def daily_recordings(db: Session, now: datetime) -> Rate | None:
    """How much recordings take, of late; None while too few days are known."""
    first = db.scalar(select(func.min(Recording.started_at)))
    if first is None or now - first < KNOWN_AFTER:
        return None
    since = max(first, now - LOOKED_BACK)
    total = db.scalar(select(func.sum(Recording.bytes)).where(Recording.started_at >= since))
    days = (now - since) / DAY
    return Rate(float(total) / days, round(days)) if total else None


def watch_room(work: Work) -> None:
    """Put on record, once each, that room became scarce and that there is enough again."""
    now = room(work.settings)
    with work.read() as request:
        last = request.db.scalar(
            select(LedgerEntry.data).where(LedgerEntry.action == ROOM).order_by(LedgerEntry.id.desc()).limit(1)
        )
    if (json.loads(last)["level"] if last else "") == now.level:
        return
    with work.write() as request:
        request.find_service(ILedger).append(
            ROOM,
            "disk:recordings" if now.records else "disk:store",
            {"level": now.level, "free_bytes": now.free_bytes, "percent": round(now.free_percent)},
        )
    if now.level:
        what = "RECORDINGS" if now.records else "STORE"
        log.critical("%s: only %d %% of the disk is free. Nothing is deleted; make room.", what, now.free_percent)
