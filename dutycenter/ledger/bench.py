"""How fast the ledger seals, verifies and proves, on one core, beside ``pymerkle`` on the same entries in the same run.

Works in a store of its own in a temporary folder. The large tree's leaves are
made, not read from entries: what a proof reads is the same.
"""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert

from dutycenter.clock import SystemClock
from dutycenter.db import open_session
from dutycenter.db.engine import make_engine
from dutycenter.ledger.anchors import anchor_line
from dutycenter.ledger.canonical import canonical
from dutycenter.ledger.keys import verifying_key
from dutycenter.ledger.merkle import Frontier, leaf_hash, root_from_inclusion, sha256, sm3, unpack
from dutycenter.ledger.models import ENTRIES, GUARDED, LedgerEntry, LedgerHead
from dutycenter.ledger.proofs import prove_entry
from dutycenter.ledger.rows import bytes_of, select_entries
from dutycenter.ledger.sealer import BATCH, last_head, seal_batch
from dutycenter.ledger.verify import prove

CHUNK = 100_000
WRITTEN = 5_000  # entries in one statement: what writes them shall not be what takes the memory
PROOFS = 200
SMALL = 10_000  # leaves of the tree that the large one is held against
ADDED = 10_000
ROUNDS = 5
START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Figure:
    """One line of the result; ``target`` is what it should reach, ``against`` what another library did."""

    what: str
    value: float
    unit: str
    target: float | None = None
    against: float | None = None
    less_is_better: bool = False

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.value <= self.target if self.less_is_better else self.value >= self.target

    @property
    def ratio(self) -> float | None:
        """How many times better than the other library."""
        if not self.against:
            return None
        return self.against / self.value if self.less_is_better else self.value / self.against


class Bench:
    """One run.

    Args:
        entries: how many are sealed and verified.
        among: leaves of the large tree.
        say: is told what is being measured.
    """

    def __init__(self, entries: int, among: int, say: Callable[[str], None]) -> None:
        self.entries = entries
        self.among = among
        self.say = say
        self.rng = random.Random(1)  # noqa: S311 – the same places each time

    def run(self) -> Iterator[Figure]:
        """Measure everything, on one core."""
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        with tempfile.TemporaryDirectory(prefix="dutycenter-bench-") as folder:
            here = Path(folder)
            store, small = _Store(here), _Store(here / "small")
            small.write(SMALL)
            small.seal()
            small.verify()
            yield from self._seal_and_verify(store, _peak())
            yield from self._beside_pymerkle(store, here)
            yield from self._large(store, small)
            store.engine.dispose()
            small.engine.dispose()

    def _seal_and_verify(self, store: _Store, peak: float) -> Iterator[Figure]:
        self.say(f"Writing {self.entries:,} entries.")
        store.write(self.entries)
        self.say("Sealing them: read, hashed under SHA-256 and SM3, leaves and signed heads committed.")
        seconds = store.seal()
        yield Figure("sealed", self.entries / seconds, "entries/s", 50_000)
        self.say("Verifying them: every entry, leaf, subtree, head and copy.")
        store.verify()  # once unmeasured, so that both have warm caches
        seconds = store.verify()
        yield Figure("verified", self.entries / seconds, "entries/s", 100_000)
        yield Figure(
            f"memory that {self.entries:,} entries took more than {SMALL:,}, sealed and verified",
            (_peak() - peak) / 1e6,
            "MB",
            50,
            less_is_better=True,
        )

    def _beside_pymerkle(self, store: _Store, here: Path) -> Iterator[Figure]:
        try:
            from pymerkle import InmemoryTree, SqliteTree  # type: ignore[import-untyped]
        except ImportError:
            self.say("pymerkle is not installed: no comparison.")
            return
        self.say("The same entries by pymerkle, SHA-256 alone.")
        entries = store.entries_as_bytes(self.entries)
        theirs = _timed(lambda: InmemoryTree(algorithm="sha256").append_entries(entries))
        ours = _timed(lambda: Frontier(sha256).extend([leaf_hash(sha256, entry) for entry in entries]))
        yield Figure(
            "leaves added in memory, SHA-256 alone", len(entries) / ours, "leaves/s", against=len(entries) / theirs
        )
        other = SqliteTree(str(here / "pymerkle.sqlite"), algorithm="sha256")
        theirs = _timed(lambda: _in_batches(other.append_entries, entries))
        yield Figure(
            "sealed into SQLite (ours: two hashes, signed heads)", self.entries / store.sealed_in, "entries/s",
            against=len(entries) / theirs,
        )  # fmt: skip
        positions = [self.rng.randrange(self.entries) for _ in range(PROOFS)]
        other.cache_clear()
        theirs_each = statistics.median(
            _timed(partial(other.prove_inclusion, position + 1, self.entries)) for position in positions
        )
        ours_each = statistics.median(store.prove(positions, self.entries))
        other.close()
        yield Figure(
            f"proof among {self.entries:,} (ours: two hashes)", ours_each * 1000, "ms", against=theirs_each * 1000,
            less_is_better=True,
        )  # fmt: skip

    def _large(self, store: _Store, small: _Store) -> Iterator[Figure]:
        self.say(f"Growing the tree to {self.among:,} leaves; this takes a minute or two for ten million.")
        positions = sorted(self.rng.sample(range(self.entries, self.among - 1), PROOFS))
        store.grow(self.among, positions)
        self.say("Proofs among them, each with nothing remembered from the one before.")
        times = store.prove(self.rng.sample(positions, PROOFS), self.among)
        yield Figure(
            f"proof for one entry among {self.among:,}, median",
            statistics.median(times) * 1000,
            "ms",
            10,
            less_is_better=True,
        )
        yield Figure("  the slowest of them", max(times) * 1000, "ms", 10, less_is_better=True)
        rounds = [(small.add(ADDED), store.add(ADDED)) for _ in range(ROUNDS)]
        at_small, at_large = (statistics.median(times) / ADDED for times in zip(*rounds, strict=True))
        yield Figure(f"adding one leaf at {SMALL:,}", at_small * 1e6, "µs")
        yield Figure(
            f"adding one leaf at {self.among:,}", at_large * 1e6, "µs", at_small * 1e6 * 1.25, less_is_better=True
        )
        yield Figure("peak memory of the whole run", _peak() / 1e6, "MB")


class _Store:
    """A ledger in an SQLite file of its own."""

    def __init__(self, here: Path) -> None:
        here.mkdir(parents=True, exist_ok=True)
        self.here = here
        self.key_file = here / "ledger.key"
        self.anchor_file = here / "heads.log"
        self.file = here / "bench.sqlite"
        self.engine = make_engine(f"sqlite:///{self.file}")
        LedgerEntry.metadata.create_all(self.engine, tables=[cast("Table", model.__table__) for model in GUARDED])
        self.sealed_in = 0.0

    def write(self, count: int) -> None:
        """Entries such as a call leaves."""
        with open_session(self.engine, writes=True) as db:
            head = last_head(db)
            first = (head.size if head else 0) + 1
            for start in range(first, first + count, WRITTEN):
                ids = range(start, min(start + WRITTEN, first + count))
                db.execute(insert(ENTRIES), [_entry(number) for number in ids])
            db.commit()

    def add(self, count: int) -> float:
        """Seconds to seal ``count`` new entries."""
        self.write(count)
        return self.seal()

    def seal(self) -> float:
        """Seconds to seal all that waits."""
        clock, started = SystemClock(), time.perf_counter()
        while True:
            with open_session(self.engine, writes=True) as db:
                batch = seal_batch(db, clock, self.key_file)
                db.commit()
            if batch < BATCH:
                break
        self.sealed_in = time.perf_counter() - started
        with open_session(self.engine, writes=False) as db:
            heads = db.query(LedgerHead).order_by(LedgerHead.size)
            self.anchor_file.write_text("".join(anchor_line(head) + "\n" for head in heads))
        return self.sealed_in

    def verify(self) -> float:
        """Seconds to verify everything.

        Raises:
            RuntimeError: it doesn't hold.
        """
        started = time.perf_counter()
        with open_session(self.engine, writes=False) as db:
            proof = prove(db, verifying_key(self.key_file), self.anchor_file)
        if not proof.holds:
            raise RuntimeError(f"the bench's own ledger doesn't hold: {proof.faults[:3]}")
        return time.perf_counter() - started

    def entries_as_bytes(self, count: int) -> list[bytes]:
        """The entries as they are hashed."""
        with open_session(self.engine, writes=False) as db:
            return [bytes_of(*row) for row in db.execute(select_entries(db).order_by(LedgerEntry.id).limit(count))]

    def prove(self, positions: Sequence[int], size: int) -> list[float]:
        """Seconds for the proof of each of these places; each is checked against the head.

        Raises:
            RuntimeError: a proof doesn't lead to the head.
        """
        times = []
        with open_session(self.engine, writes=False) as db:
            head = db.get(LedgerHead, size)
            assert head is not None
            for position in positions:
                started = time.perf_counter()
                proof = prove_entry(db, position + 1, size)
                times.append(time.perf_counter() - started)
                for by, path, root in ((sha256, proof.sha256, head.sha256), (sm3, proof.sm3, head.sm3)):
                    if root_from_inclusion(by, leaf_hash(by, proof.entry), position, size, path) != root:
                        raise RuntimeError(f"the proof of leaf {position} doesn't lead to the head")
        return times

    def grow(self, size: int, real: Sequence[int]) -> None:
        """Grow the sealed tree to ``size`` leaves; at the places ``real`` stand entries that can be proved."""
        with open_session(self.engine, writes=True) as db:
            db.execute(insert(ENTRIES), [_entry(position + 1) for position in real])
            head = last_head(db)
            db.commit()
        assert head is not None
        with open_session(self.engine, writes=False) as db:
            rows = db.execute(select_entries(db).where(LedgerEntry.id > head.size)).all()
            known = {row[0] - 1: bytes_of(*row) for row in rows}
        trees = tuple(
            Frontier(by, head.size, unpack(packed))
            for by, packed in ((sha256, head.frontier_sha256), (sm3, head.frontier_sm3))
        )
        with closing(sqlite3.connect(self.file)) as raw:
            raw.execute("PRAGMA synchronous = OFF")
            for start in range(head.size, size - 1, CHUNK):
                _grow(raw, trees, range(start, min(start + CHUNK, size - 1)), known)
        # The last leaf is an ordinary entry, so that an ordinary seal makes the head that covers all of them.
        with open_session(self.engine, writes=True) as db:
            db.execute(
                insert(ENTRIES),
                [_entry(size - 1), _entry(size)] if size - 2 not in known else [_entry(size)],
            )
            db.add(_unsigned(trees))
            db.commit()
        self.seal()


def _grow(raw: sqlite3.Connection, trees: Any, positions: range, known: dict[int, bytes]) -> None:
    made = [sha256(b"leaf %d" % position) for position in positions]
    leaves = (list(made), list(made))
    for position in set(known) & set(positions):
        for by, own in ((sha256, leaves[0]), (sm3, leaves[1])):
            own[position - positions.start] = leaf_hash(by, known[position])
    by_sha256, by_sm3 = (tree.extend(own) for tree, own in zip(trees, leaves, strict=True))
    raw.executemany(
        "INSERT INTO ledger_leaves (position, entry_id, sha256, sm3) VALUES (?, ?, ?, ?)",
        ((position, position + 1, *pair) for position, *pair in zip(positions, *leaves, strict=True)),
    )
    raw.executemany(
        "INSERT INTO ledger_subtrees (height, position, sha256, sm3) VALUES (?, ?, ?, ?)",
        ((one.height, one.position, one.root, other.root) for one, other in zip(by_sha256, by_sm3, strict=True)),
    )
    raw.commit()


def _unsigned(trees: Any) -> LedgerHead:
    return LedgerHead(
        size=trees[0].size, at=START, sha256=trees[0].root(), sm3=trees[1].root(), frontier_sha256=trees[0].packed(),
        frontier_sm3=trees[1].packed(), key_id="-", signature=bytes(64),
    )  # fmt: skip


def _entry(id: int) -> dict[str, Any]:
    data = canonical({"key": str(id % 10), "channel": f"5bee6538-c17c-45e8-865c-{id:012d}", "名": "张伟"})
    return {
        "id": id, "transaction_id": 0, "at": START + timedelta(seconds=id), "actor": "ivr", "action": "call.key",
        "subject": f"call:{id // 12}", "data": data,
    }  # fmt: skip


def _in_batches(add: Callable[[list[bytes]], object], entries: list[bytes]) -> None:
    for start in range(0, len(entries), BATCH):
        add(entries[start : start + BATCH])


def _timed(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _peak() -> float:
    """Bytes of resident memory at their highest so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
