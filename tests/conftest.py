"""Stores to test on: SQLite and PostgreSQL, both real, both fresh for every test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from dutycenter import configure
from dutycenter.db.base import Base
from dutycenter.settings import Settings, load
from dutycenter.work import Work

PG_BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A private PostgreSQL server; the address of its ``postgres`` database."""
    if not PG_BIN:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
    # Not below pytest's own folder: every other session that starts locks the postgres account out of that.
    home = Path(tempfile.mkdtemp(prefix="dutycenter-postgresql-"))
    data = home / "data"
    # The server refuses to run as root: give it to the account that Debian's package made.
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_owner:
        shutil.chown(home, "postgres")
    port = free_port()
    subprocess.run(
        [*as_owner, PG_BIN[0] / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c fsync=off -c unix_socket_directories= -c max_connections=200"
    control = [*as_owner, PG_BIN[0] / "pg_ctl", "-D", data]
    subprocess.run(
        [*control, "-w", "-o", options, "-l", home / "log", "start"], check=True, stdout=subprocess.DEVNULL, cwd="/"
    )
    try:
        yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store, once for each database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.sqlite"
        return
    server = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres", f"/{name}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation in a temporary folder, on SQLite, with a silent voice."""
    return load({"voice": "silent", "rehearsal": "true"}, here=tmp_path)


def open_store(settings: Settings) -> Work:
    """A configured application on an empty store with all tables."""
    work = Work(configure(settings).registry, "test")
    Base.metadata.create_all(work.registry["dutycenter.engine"])
    return work


@pytest.fixture
def work(settings: Settings, store_url: str) -> Iterator[Work]:
    """Units of work on an empty store: the test runs once on each database."""
    opened = open_store(replace(settings, database_url=store_url))
    yield opened
    opened.registry["dutycenter.engine"].dispose()


@pytest.fixture
def sqlite_work(settings: Settings) -> Iterator[Work]:
    """Units of work on an empty SQLite store, for tests that no database can change."""
    opened = open_store(settings)
    with opened.read() as request:
        assert request.db.scalar(text("SELECT 1")) == 1
    yield opened
    opened.registry["dutycenter.engine"].dispose()
