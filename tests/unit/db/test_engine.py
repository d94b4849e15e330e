"""Several writers on one SQLite store: each waits for its turn, and nobody stops the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from dutycenter.db import engine as engine_module
from dutycenter.db import open_session
from dutycenter.db.engine import make_engine

GREENLETS = """
from gevent import monkey
monkey.patch_all()
import sys, time
import gevent
from sqlalchemy import text
from dutycenter.db import open_session
from dutycenter.db.engine import make_engine

engine = make_engine(sys.argv[1])
with open_session(engine, writes=True) as db:
    db.execute(text("CREATE TABLE t (n INTEGER)"))
    db.commit()

def write(n):
    with open_session(engine, writes=True) as db:
        db.execute(text("INSERT INTO t VALUES (:n)"), {"n": n})
        time.sleep(0.05)  # as a command to the switch would: the others run meanwhile
        db.commit()

gevent.joinall([gevent.spawn(write, n) for n in range(8)], raise_error=True)
with open_session(engine, writes=False) as db:
    print(db.execute(text("SELECT count(*) FROM t")).scalar())
"""


class TestWriteLock:
    def test_greenlets_of_one_thread_take_turns(self, tmp_path: Path) -> None:
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", GREENLETS, f"sqlite:///{tmp_path}/store.sqlite"],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip

        assert ran.stdout.strip() == "8", ran.stderr

    def test_whoever_waits_too_long_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0)
        engine = make_engine(f"sqlite:///{tmp_path}/store.sqlite")
        with open_session(engine, writes=True) as holder:
            holder.execute(text("CREATE TABLE t (n INTEGER)"))
            with pytest.raises(OperationalError, match="locked"), open_session(engine, writes=True):
                pass
            holder.commit()
        with open_session(engine, writes=True) as db:
            assert db.execute(text("SELECT count(*) FROM t")).scalar() == 0
        engine.dispose()
