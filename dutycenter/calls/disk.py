"""Room for recordings: said early, so that nobody learns of a full disk from a missing recording."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.settings import Settings
from dutycenter.work import Work

log = logging.getLogger(__name__)

ROOM = "disk.room"


@dataclass(frozen=True)
class Room:
    """The fuller of the disks that recordings need.

    Attributes:
        level: empty while there is room, ``low``, or ``critical``.
    """

    free_percent: float
    free_bytes: int
    level: str


def room(settings: Settings) -> Room:
    """How much is left where recordings are written and kept."""
    usages = [shutil.disk_usage(_existing(place)) for place in (settings.recordings_dir, settings.evidence_dir)]
    usage = min(usages, key=lambda one: one.free / one.total)
    percent = 100.0 * usage.free / usage.total
    level = "critical" if percent < settings.disk_critical else "low" if percent < settings.disk_low else ""
    return Room(percent, usage.free, level)


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
            "disk:recordings",
            {"level": now.level, "free_bytes": now.free_bytes, "percent": round(now.free_percent)},
        )
    if now.level:
        log.critical("RECORDINGS: only %d %% of the disk is free. Nothing is deleted; make room.", now.free_percent)


def _existing(place: Path) -> Path:
    return next(folder for folder in (place, *place.parents) if folder.exists())
