"""Stores to test on: SQLite and PostgreSQL, both real, both fresh for every test."""

from __future__ import annotations

import gc
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import hypothesis
import psycopg
import pytest
from pyramid.router import Router

from dutycenter import configure
from dutycenter.db.base import Base
from dutycenter.db.engine import make_engine
from dutycenter.db.models import MODELS
from dutycenter.settings import Settings, load
from dutycenter.work import Work
from tests.support.postgresql import PG_BIN, PostgreSql
from tests.support.templates import COMPILED

# How long something takes is for the benches to measure: a busy machine is no fault of what is tested.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is imported by now stays: nobody looks through it for garbage, and through the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A private PostgreSQL server; the address of its ``postgres`` database."""
    with private_postgresql() as url:
        yield url


@contextmanager
def private_postgresql(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server of one's own; the address of its ``postgres`` database.

    Args:
        durable: a commit is on the disk when it returns, as in an installation.
    """
    if not PG_BIN:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
    server = PostgreSql(free_port(), durable=durable)
    try:
        server.start()
        yield server.url
    finally:
        server.close()


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """The address of a database of its own on the server, gone afterwards."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres", f"/{name}")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all tables and no rows, to be copied: making tables takes longer than most tests."""
    file = tmp_path_factory.mktemp("template") / "store.sqlite"
    make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> Iterator[str]:
    """The name of a database with all tables and no rows, to be copied."""
    with new_database(postgresql) as url:
        make_tables(url)
        yield url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database: the test runs once on each."""
    return str(request.param)


@pytest.fixture
def empty_store_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[str]:
    """The address of a store without any tables."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path}/store.sqlite"
        return
    with new_database(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture
def store_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[str]:
    """The address of a store with all tables and no rows."""
    if database == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "store.sqlite")
        yield f"sqlite:///{tmp_path}/store.sqlite"
        return
    template = request.getfixturevalue("postgresql_template")
    with new_database(request.getfixturevalue("postgresql"), template) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation in a temporary folder, on SQLite, with a silent voice."""
    return load({"voice": "silent", "rehearsal": "true"}, here=tmp_path)


def make_tables(url: str) -> None:
    """Make every room's tables in an empty store."""
    for name in MODELS:
        import_module(name)
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()


def web_application(settings: Settings) -> Router:
    """What answers the browsers of an installation."""
    app: Router = configure(settings, COMPILED).make_wsgi_app()
    return app


def open_store(settings: Settings) -> Work:
    """A configured application as units of work."""
    return Work(configure(settings, COMPILED, views=False).registry, "test")


@pytest.fixture
def work(settings: Settings, store_url: str) -> Iterator[Work]:
    """Units of work on a store without rows: the test runs once on each database."""
    opened = open_store(replace(settings, database_url=store_url))
    yield opened
    opened.registry["dutycenter.engine"].dispose()


@pytest.fixture
def sqlite_work(settings: Settings, sqlite_template: Path) -> Iterator[Work]:
    """Units of work on an SQLite store without rows, for tests that no database can change."""
    settings.var.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, settings.var / "dutycenter.sqlite")
    opened = open_store(settings)
    yield opened
    opened.registry["dutycenter.engine"].dispose()
