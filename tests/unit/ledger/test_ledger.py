"""The ledger on both databases: append, follow, seal, prove; and each way to tamper, found."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from dutycenter.audit.verification import verify
from dutycenter.interfaces import ILedger
from dutycenter.ledger import verify as module
from dutycenter.ledger.keys import public_file, verifying_key
from dutycenter.ledger.sealer import last_head, seal, unsealed
from dutycenter.ledger.services import Cursor, Ledger
from dutycenter.ledger.verify import Proof, prove
from dutycenter.work import Work


def append(work: Work, *actions: str) -> None:
    for number, action in enumerate(actions):
        with work.write() as request:
            request.find_service(ILedger).append(action, f"call:{number}", {"n": number, "名": "张伟"})


def proof_of(work: Work) -> Proof:
    key = verifying_key(work.settings.ledger_key_file)
    with work.read() as request:
        return prove(request.db, key, work.settings.ledger_anchor_file)


def engine_of(work: Work) -> Engine:
    engine: Engine = work.registry["dutycenter.engine"]
    return engine


class TestAppend:
    def test_a_rolled_back_change_leaves_no_entry(self, work: Work) -> None:
        def fail() -> None:
            with work.write() as request:
                request.find_service(ILedger).append("call.arrived", "call:1")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        with work.read() as request:
            assert request.find_service(Ledger).follow(Cursor()) == []

    @pytest.mark.parametrize("verb", ["UPDATE ledger_entries SET actor = 'x'", "DELETE FROM ledger_entries"])
    def test_the_database_refuses_to_change_it(self, work: Work, verb: str) -> None:
        append(work, "call.arrived")
        with pytest.raises(DatabaseError, match="append-only"), engine_of(work).begin() as connection:
            connection.execute(text(verb))


class TestFollow:
    def test_it_gives_each_entry_once_in_order(self, work: Work) -> None:
        append(work, "a.one", "a.two", "a.three")
        with work.read() as request:
            ledger = request.find_service(Ledger)
            first = ledger.follow(Cursor(), limit=2)
            rest = ledger.follow(first[-1].cursor)
            assert [entry.action for entry in first + rest] == ["a.one", "a.two", "a.three"]
            assert ledger.end() == rest[-1].cursor
            assert Cursor.parse(str(rest[-1].cursor)) == rest[-1].cursor
            assert Cursor.parse(str(Cursor(-3, 7))) == Cursor(-3, 7)  # restored into another server

    def test_what_is_behind_is_not_read_again(self, sqlite_work: Work) -> None:
        """Following and sealing cost what is new, not what the ledger holds."""
        with sqlite_work.write() as request:
            request.find_service(ILedger).append_all([("a.one", f"call:{number}", {}) for number in range(4000)])
        seal(sqlite_work)
        append(sqlite_work, "a.new")
        with sqlite_work.read() as request:
            end = request.find_service(Ledger).end()
            driver = request.db.connection().connection.driver_connection
            steps = []
            driver.set_progress_handler(lambda: steps.append(1), 100)  # called every 100 steps of the engine
            assert request.find_service(Ledger).follow(end) == []
            assert len(request.db.execute(unsealed(request.db, last_head(request.db))).all()) == 1
            driver.set_progress_handler(None, 0)
        assert len(steps) < 20

    def test_it_skips_none_that_commits_late(self, work: Work) -> None:
        """The first writer commits last; its entry must still be seen."""
        if engine_of(work).dialect.name == "sqlite":
            pytest.skip("SQLite lets one writer in at a time: nothing can overtake")
        inside, overtaken = threading.Event(), threading.Event()

        def slow() -> None:
            with work.write() as request:
                request.find_service(ILedger).append("slow.one", "call:1")
                inside.set()
                assert overtaken.wait(20)

        thread = threading.Thread(target=slow)
        thread.start()
        assert inside.wait(20)
        append(work, "fast.one")
        with work.read() as request:
            seen = request.find_service(Ledger).follow(Cursor())
        assert seal(work) == 0
        overtaken.set()
        thread.join()
        after = seen[-1].cursor if seen else Cursor()
        with work.read() as request:
            seen += request.find_service(Ledger).follow(after)
        assert [entry.action for entry in seen] == ["slow.one", "fast.one"]
        assert seal(work) == 2
        assert proof_of(work).holds


class TestSeal:
    def test_it_seals_everything_once(self, work: Work) -> None:
        append(work, "a.one", "a.two")
        assert seal(work) == 2
        assert seal(work) == 0
        append(work, "a.three")
        assert seal(work) == 1
        proof = proof_of(work)
        assert (proof.holds, proof.entries, proof.heads, proof.anchored, proof.unsealed) == (True, 3, 2, 2, 0)

    def test_a_copy_that_was_missed_is_made_later(self, work: Work) -> None:
        append(work, "a.one")
        seal(work)
        work.settings.ledger_anchor_file.write_text('{"size": 1, "sha')
        append(work, "a.two")
        seal(work)
        lines = work.settings.ledger_anchor_file.read_text().splitlines()
        assert len([line for line in lines if line.endswith("}")]) == 2


def unguarded(work: Work, *statements: str) -> None:
    """What somebody does who owns the database."""
    engine = engine_of(work)
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database))) as owner:
            for (name,) in owner.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                owner.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                owner.execute(statement)
            owner.commit()
        return
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def cut_the_anchor(work: Work) -> None:
    lines = work.settings.ledger_anchor_file.read_text().splitlines()
    work.settings.ledger_anchor_file.write_text("\n".join(lines[:-1]) + "\n")


def another_key(work: Work) -> None:
    key_file = work.settings.ledger_key_file
    public = public_file(key_file).read_bytes()
    key_file.unlink()
    public_file(key_file).unlink()
    append(work, "later.one")
    seal(work)
    public_file(key_file).write_bytes(public)


def signed_anew(work: Work) -> None:
    """Whoever has the host makes a key of their own and seals everything once more."""
    unguarded(work, *(f"DELETE FROM {table}" for table in ("ledger_heads", "ledger_subtrees", "ledger_leaves")))
    for half in (work.settings.ledger_key_file, public_file(work.settings.ledger_key_file)):
        half.unlink()
    seal(work)


def set_back(work: Work) -> None:
    append(work, "c.one")
    unguarded(work, "UPDATE ledger_entries SET at = '2001-01-01 00:00:00.000000' WHERE action = 'c.one'")


TAMPERINGS: dict[str, tuple[Callable[[Work], None], str]] = {
    "a changed entry": (
        lambda work: unguarded(work, "UPDATE ledger_entries SET data = '{}' WHERE action = 'a.two'"), "entry:"),
    "another actor": (
        lambda work: unguarded(work, "UPDATE ledger_entries SET actor = 'nobody' WHERE action = 'a.one'"), "entry:"),
    "a removed entry": (
        lambda work: unguarded(work, "DELETE FROM ledger_entries WHERE action = 'a.two'"), "entry:"),
    "an entry put in": (
        lambda work: unguarded(
            work, "INSERT INTO ledger_entries (id, transaction_id, at, actor, action, subject, data) SELECT 0,"
            " transaction_id, at, actor, action, subject, data FROM ledger_entries WHERE action = 'a.one'"), "entry:0"),
    "the clock set back": (set_back, "entry:"),
    "a removed leaf": (
        lambda work: unguarded(work, "DELETE FROM ledger_leaves WHERE position = 1"), "leaf:1"),
    "a head's signature": (
        lambda work: unguarded(work, "UPDATE ledger_heads SET signature = sha256 WHERE size = 3"), "head:3"),
    "a head's frontier": (
        lambda work: unguarded(work, "UPDATE ledger_heads SET frontier_sm3 = frontier_sha256 WHERE size = 3"), "head:3"),
    "a changed leaf": (
        lambda work: unguarded(work, "UPDATE ledger_leaves SET sm3 = sha256 WHERE position = 1"), "leaf:1"),
    "the tail cut off": (
        lambda work: unguarded(
            work, "DELETE FROM ledger_heads WHERE size = 3", "DELETE FROM ledger_leaves WHERE position = 2",
            "DELETE FROM ledger_entries WHERE action = 'b.one'"), "head:3"),
    "a changed head": (
        lambda work: unguarded(work, "UPDATE ledger_heads SET sha256 = sm3 WHERE size = 3"), "head:3"),
    "a head's date": (
        lambda work: unguarded(work, "UPDATE ledger_heads SET at = '2001-01-01 00:00:00' WHERE size = 3"), "head:3"),
    "an anchor cut off": (cut_the_anchor, "anchor of head:3"),
    "another key": (another_key, "head:4"),
    "everything signed anew": (signed_anew, "anchor line 1"),
}  # fmt: skip


class TestProve:
    @pytest.mark.parametrize("name", TAMPERINGS)
    def test_it_names_what_was_changed(self, work: Work, name: str) -> None:
        tamper, accused = TAMPERINGS[name]
        append(work, "a.one", "a.two")
        seal(work)
        append(work, "b.one")
        seal(work)
        assert proof_of(work).holds
        tamper(work)
        proof = proof_of(work)
        assert any(fault.subject.startswith(accused) for fault in proof.faults), proof.faults

    @pytest.mark.parametrize("moment", ["chain_of", "leaf_columns", "check_order", "check_clock"])
    def test_what_is_sealed_meanwhile_accuses_nothing(
        self, work: Work, monkeypatch: pytest.MonkeyPatch, moment: str
    ) -> None:
        """A large ledger takes minutes to prove, and the clerk seals every two seconds."""
        append(work, "a.one", "a.two")
        seal(work)
        before: Callable[..., object] = getattr(module, moment)

        def meanwhile(*given: object) -> object:
            append(work, "b.one")
            seal(work)
            return before(*given)

        monkeypatch.setattr(module, moment, meanwhile)
        found = verify(work)
        assert found.faults == []
        assert (found.proof.entries, found.proof.heads, found.proof.anchored, found.proof.unsealed) == (2, 1, 1, 0)
        monkeypatch.undo()
        assert verify(work).figures()["anchored"] == 2

    def test_a_copy_that_is_just_being_made_is_waited_for(self, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
        """The clerk copies a head after its commit: a proof may begin in between."""
        append(work, "a.one")
        seal(work)
        append(work, "a.two")
        line = work.settings.ledger_anchor_file
        short = line.read_text() + '{"at": "20'  # the clerk is writing
        seal(work)
        whole = line.read_text()
        line.write_text(short)
        before: Callable[..., object] = getattr(module, "chain_of")  # noqa: B009 – it is not exported

        def meanwhile(*given: object) -> object:
            line.write_text(whole)
            return before(*given)

        monkeypatch.setattr(module, "chain_of", meanwhile)
        assert verify(work).faults == []
