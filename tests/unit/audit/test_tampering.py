"""One thing changed at a time, some hundreds of ways: what was changed is named, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from dutycenter.audit.verification import Verification, verify
from dutycenter.calls.models import Recording
from dutycenter.calls.store import Store as Kept
from dutycenter.interfaces import ILedger
from dutycenter.ledger.authority import stamp_last_head
from dutycenter.ledger.rotation import rotate_key
from dutycenter.ledger.sealer import seal
from dutycenter.settings import Settings, load
from dutycenter.work import Work
from tests.conftest import make_tables, new_database, open_store
from tests.support import tampering
from tests.support.authority import local_authority
from tests.support.recordings import record_call
from tests.support.tampered import PostgresqlStore, SqliteStore, Store
from tests.support.tampering import Tampering

SEED = 20261127
ENTRIES = 560  # two kept subtrees and some more


@dataclass(frozen=True)
class Ground:
    """An installation that can be put back."""

    work: Work
    store: Store
    snapshot: Path

    def verify(self) -> Verification:
        self._let_go()
        return verify(self.work)

    def again(self) -> None:
        self._let_go()
        self.store.put_back(self.snapshot)

    def _let_go(self) -> None:
        """An SQLite file that was exchanged must be opened anew."""
        if isinstance(self.store, SqliteStore):
            self.work.registry["dutycenter.engine"].dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    home = tmp_path_factory.mktemp("tampering")
    with ExitStack() as stack:
        address, roots = stack.enter_context(local_authority(home / "authority"))
        settings: Settings = load(
            {"voice": "silent", "rehearsal": "true", "ledger.tsa_url": address, "ledger.tsa_roots": str(roots)},
            here=home,
        )
        settings.var.mkdir(parents=True)
        store: Store = SqliteStore(settings, random.Random(SEED))
        if request.param == "postgresql":
            url = stack.enter_context(new_database(request.getfixturevalue("postgresql")))
            settings = replace(settings, database_url=url)
            store = PostgresqlStore(settings, random.Random(SEED))
        make_tables(settings.database_url)
        work = open_store(settings)
        _fill(work)
        work.registry["dutycenter.engine"].dispose()
        store.keep(home / "snapshot")
        yield Ground(work, store, home / "snapshot")
        work.registry["dutycenter.engine"].dispose()


def _fill(work: Work) -> None:
    """Entries under several heads and two keys, a time stamp, two recordings, and an entry that waits."""
    for number in range(2):
        record_call(work, channel=f"00000000-0000-4000-8000-{number:012d}", caller=f"1380013800{number}")
    for batch in range(6):
        _tell(work, ENTRIES // 6)
        if batch == 2:
            rotate_key(work)
        seal(work)
        if batch == 4:
            stamp_last_head(work)
    _tell(work, 1)


def _tell(work: Work, count: int) -> None:
    with work.write() as request:
        for number in range(count):
            request.find_service(ILedger).append("call.key", f"call:{number}", {"key": str(number % 10), "名": "张伟"})


def kept(work: Work) -> list[tuple[int, str, Path]]:
    with work.read() as request:
        rows = list(request.db.scalars(select(Recording).order_by(Recording.id)))
    return [(row.id, row.file_name, Kept(work.settings).path(row.file_name, row.sha256)) for row in rows]


def judge(ground: Ground, changes: list[Tampering]) -> None:
    wrong = []
    for change in changes:
        change.do()
        try:
            faults = ground.verify().faults
        finally:
            ground.again()
        if not faults:
            wrong.append(f"{change.what}: nothing was named")
        wrong += [f"{change.what}: {f.subject} {f.what}" for f in faults if not change.named(f.subject)]
    assert not wrong, "\n".join(wrong)


class TestTampering:
    def test_nothing_untouched_is_accused(self, ground: Ground) -> None:
        found = ground.verify()
        assert found.faults == []
        assert (found.proof.unsealed, found.proof.stamped, found.recordings) == (1, 1, 2)

    def test_rows(self, ground: Ground) -> None:
        # What is read of a row is the same on both databases: there fewer of each kind will do.
        times = 6 if isinstance(ground.store, SqliteStore) else 2
        changes = list(tampering.rows(ground.store, times))
        assert len(changes) > 35 * times
        judge(ground, changes)

    def test_entries_that_the_proof_itself_reads(self, ground: Ground) -> None:
        changes = list(tampering.telling(ground.store))
        assert len(changes) > 40
        judge(ground, changes)

    def test_files(self, ground: Ground) -> None:
        judge(ground, list(tampering.files(ground.store)))

    def test_recordings(self, ground: Ground) -> None:
        judge(ground, list(tampering.recordings(ground.store, kept(ground.work))))

    def test_the_clock(self, ground: Ground) -> None:
        judge(ground, list(tampering.clock(ground.store)))
