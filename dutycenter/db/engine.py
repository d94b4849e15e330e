"""Engines for both databases.

SQLite is opened in WAL mode by several processes at once, so a transaction
that will write takes the write lock when it begins (``BEGIN IMMEDIATE``): a
reader that turns writer half way would fail instead of waiting. A session is
marked as a writer with the execution option ``writes``.
"""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

WRITES = "writes"
BUSY_SECONDS = 30
RETRY_SECONDS = (0.002, 0.02)


def make_engine(url: str) -> Engine:
    """An engine for the store at ``url``; makes the folder of an SQLite file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
        event.listen(engine, "connect", _without_compiling)
        return engine
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=10, max_overflow=50, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def limit_idle(engine: Engine, seconds: float) -> None:
    """Let PostgreSQL end this process's transactions that stand still for so long: they hold locks.

    A process may be stopped in the middle of one. Connections that were made before are made anew.
    """
    if engine.dialect.name == "sqlite":
        return

    @event.listens_for(engine, "connect")
    def limit(connection: Any, record: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {round(seconds * 1000)}")
        connection.commit()

    engine.dispose()


def see_one_moment(db: Session) -> None:
    """Let all that this transaction reads be of one moment, however long it takes; before its first query.

    In SQLite every transaction is so.
    """
    if db.get_bind().dialect.name != "sqlite":
        db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def _without_compiling(connection: Any, record: object) -> None:
    """PostgreSQL compiles a statement that it thinks long: seconds, for what then takes milliseconds."""
    connection.execute("SET jit = off")
    connection.commit()


def _on_connect(connection: Any, record: object) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES, False):
        _take_write_lock(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_write_lock(connection: Connection) -> None:
    """Wait for the write lock in Python.

    SQLite's own waiting stops the whole thread: under gevent the greenlet that
    holds the lock could never go on and give it back.
    """
    database: Any = connection.connection.dbapi_connection
    gives_up = time.monotonic() + BUSY_SECONDS
    database.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > gives_up:
                    raise
            time.sleep(random.uniform(*RETRY_SECONDS))  # noqa: S311 – so that two who wait don't meet again
    finally:
        database.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
