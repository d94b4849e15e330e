"""The nightly copy, put into an empty installation: everything is there, holds, and the record goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from dutycenter.audit.verification import verify
from dutycenter.calls.models import Recording
from dutycenter.calls.recordings import find_foundlings, take_in
from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.sealer import seal
from dutycenter.settings import load
from dutycenter.vocabulary import RecordingState
from dutycenter.work import Work
from tests.conftest import new_database, open_store
from tests.support.recordings import record_call

TOOLS = Path(__file__).parents[3] / "deploy" / "backup"
LATER = "00000000-0000-4000-8000-000000000002"


@contextmanager
def empty_installation(request: pytest.FixtureRequest, database: str, home: Path) -> Iterator[tuple[str, Work]]:
    """Its store's address and the product on it; the store is opened when it is first asked."""
    if database == "sqlite":
        settings = load({"voice": "silent", "rehearsal": "true"}, here=home)
        yield "", open_store(settings)
        return
    with new_database(request.getfixturevalue("postgresql")) as url:
        settings = replace(load({"voice": "silent", "rehearsal": "true"}, here=home), database_url=url)
        work = open_store(settings)
        yield plain(url), work
        work.registry["dutycenter.engine"].dispose()


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def run(tool: str, *arguments: object) -> str:
    done = subprocess.run(
        [TOOLS / tool, *(str(one) for one in arguments if one)], capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def tell(work: Work, count: int) -> None:
    with work.write() as request:
        for number in range(count):
            request.find_service(ILedger).append("call.key", f"call:{number}", {"key": "1"})


def numbered_by_an_older_server(work: Work) -> None:
    """As if the server had counted a milliard transactions."""
    engine: Engine = work.registry["dutycenter.engine"]
    if engine.dialect.name == "sqlite":
        return
    with engine.begin() as owner:
        owner.execute(text("SET LOCAL session_replication_role = replica"))
        owner.execute(text("UPDATE ledger_entries SET transaction_id = transaction_id + 1000000000"))


def test_it_is_restored_proved_and_goes_on(
    work: Work, database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings = work.settings
    if database == "sqlite":
        Path(work.registry["dutycenter.engine"].url.database).rename(settings.var / "dutycenter.sqlite")
        work = open_store(settings := replace(settings, database_url=f"sqlite:///{settings.var}/dutycenter.sqlite"))
    record_call(work)
    tell(work, 300)
    seal(work)
    tell(work, 1)
    numbered_by_an_older_server(work)
    source = "" if database == "sqlite" else plain(settings.database_url)
    copies = tmp_path / "copies"
    day = run("dutycenter-backup", settings.var, copies, source).strip().rpartition("/")[2]
    record_call(work, channel=LATER)  # its file was copied, the store was not
    subprocess.run(["cp", "-a", "--update", settings.evidence_dir, copies], check=True)

    with empty_installation(request, database, tmp_path / "new") as (target, restored):
        said = run("dutycenter-restore", copies, day, restored.settings.var, target)
        assert "private key" in said
        found = verify(restored)
        assert found.faults == []
        assert (found.recordings, found.proof.unsealed) == (1, 1)
        restored.settings.ledger_key_file.write_bytes(settings.ledger_key_file.read_bytes())
        tell(restored, 2)
        take_in(restored)
        find_foundlings_now(restored)
        take_in(restored)
        assert seal(restored) > 3
        found = verify(restored)
        assert found.faults == []
        assert (found.recordings, found.proof.unsealed) == (2, 0)
        with restored.read() as asked:
            states = set(asked.db.scalars(select(Recording.state)))
            assert states == {RecordingState.KEPT}
            assert asked.db.scalar(select(LedgerEntry.id).where(LedgerEntry.action == "recording.found")) is not None
        with pytest.raises(RuntimeError, match="in use"):
            run("dutycenter-restore", copies, day, restored.settings.var, target)


def find_foundlings_now(work: Work) -> None:
    """Files that nobody writes to any more are old; these are made old."""
    for file in work.settings.recordings_dir.glob("*.wav"):
        subprocess.run(["touch", "-d", "1 hour ago", file], check=True)
    find_foundlings(work)
