"""Room on the disks of store and recordings: what is left, how long it lasts, and what is on record of it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dutycenter.calls.disk import ROOM, Disk, Holds, Rate, daily_recordings, disks, room, watch_room
from dutycenter.calls.models import Recording
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import RecordingKind, RecordingState
from dutycenter.work import Work

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def kept(work: Work, **days_ago_and_bytes: tuple[float, int]) -> None:
    """Recordings that were made so many days ago and take so many bytes."""
    with work.write() as request:
        for name, (days, size) in days_ago_and_bytes.items():
            request.db.add(
                Recording(
                    channel_uuid=str(uuid.uuid4()), file_name=f"{name}.wav", kind=RecordingKind.CALL, bytes=size,
                    state=RecordingState.KEPT, started_at=NOW - timedelta(days=days),
                )
            )  # fmt: skip


def disk(**more: object) -> Disk:
    """A disk of 1,000 bytes, 300 of them free, which warns at 20 percent."""
    given = {"place": Path("/"), "holds": (Holds.KEPT,), "total_bytes": 1000, "free_bytes": 300}
    return Disk(**({"low": 20.0, "critical": 5.0} | given | more))


class TestDisk:
    def test_it_lasts_until_the_strip_warns_and_until_it_is_full(self) -> None:
        assert disk().days_until(20, Rate(10, 7)) == pytest.approx(10)
        assert disk().days_until(0, Rate(10, 7)) == pytest.approx(30)
        assert disk(free_bytes=100).days_until(20, Rate(10, 7)) == 0

    @pytest.mark.parametrize(("free", "level"), [(200, ""), (199, "low"), (50, "low"), (49, "critical")])
    def test_it_warns_and_alarms_below_what_is_set(self, free: int, level: str) -> None:
        assert disk(free_bytes=free).level == level

    def test_the_store_alone_is_no_disk_of_recordings(self) -> None:
        assert not disk(holds=(Holds.STORE,)).records
        assert disk(holds=(Holds.STORE, Holds.INCOMING)).records


class TestDisks:
    def test_one_that_holds_all_is_named_once(self, sqlite_work: Work, tmp_path: Path) -> None:
        settings = replace(sqlite_work.settings, recordings_dir=tmp_path / "a", evidence_dir=tmp_path / "b")
        settings = replace(settings, database_url=f"sqlite:///{tmp_path}/store.sqlite")
        (one,) = disks(settings)
        assert one.holds == (Holds.STORE, Holds.INCOMING, Holds.KEPT)
        assert 0 < one.free_bytes <= one.total_bytes

    def test_the_store_of_a_database_server_is_on_none(self, sqlite_work: Work) -> None:
        settings = replace(sqlite_work.settings, database_url="postgresql+psycopg://db.city/dutycenter")
        assert Holds.STORE not in [held for one in disks(settings) for held in one.holds]

    @pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system to be sure of")
    def test_one_of_its_own_is_told_apart(self, sqlite_work: Work, tmp_path: Path) -> None:
        settings = replace(sqlite_work.settings, recordings_dir=Path("/dev/shm/recordings"), evidence_dir=tmp_path)
        told = {held: one.place for one in disks(settings) for held in one.holds}
        assert told[Holds.INCOMING] == Path("/dev/shm")
        assert told[Holds.KEPT] != Path("/dev/shm")


class TestRate:
    def test_it_is_known_once_a_week_is_there(self, work: Work) -> None:
        kept(work, a=(6.9, 1000))
        with work.read() as request:
            assert daily_recordings(request.db, NOW) is None

    def test_it_is_of_the_days_that_are_there(self, work: Work) -> None:
        kept(work, a=(10, 1000), b=(1, 500))
        with work.read() as request:
            assert daily_recordings(request.db, NOW) == Rate(150, 10)

    def test_what_is_older_than_a_month_does_not_count(self, work: Work) -> None:
        kept(work, a=(300, 10**9), b=(20, 3000))
        with work.read() as request:
            assert daily_recordings(request.db, NOW) == Rate(100, 30)

    def test_where_nothing_was_recorded_lately_none_is_known(self, work: Work) -> None:
        kept(work, a=(300, 10**9))
        with work.read() as request:
            assert daily_recordings(request.db, NOW) is None


class TestRoom:
    def test_scarce_room_is_on_record_once_and_so_is_its_end(self, sqlite_work: Work) -> None:
        settings = sqlite_work.settings
        for low, critical in ((99.999, 0.001), (99.999, 0.001), (0.002, 0.001)):
            sqlite_work.registry["dutycenter.settings"] = replace(settings, disk_low=low, disk_critical=critical)
            watch_room(sqlite_work)
        assert room(sqlite_work.settings).level == ""
        with sqlite_work.read() as request:
            told = list(request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == ROOM)))
        assert ['"low"' in one for one in told] == [True, False]
