"""The role that the processes work under cannot change the ledger, nor take its guards away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text

from dutycenter.db.migrate import upgrade
from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import GUARDED
from dutycenter.ledger.sealer import seal
from dutycenter.settings import Settings
from dutycenter.work import Work
from tests.conftest import new_database, open_store

ROLES = Path(__file__).parents[3] / "deploy" / "postgresql" / "roles.sql"


@pytest.fixture(scope="module")
def separated(postgresql: str) -> Iterator[str]:
    """A migrated database whose roles are apart; its address for the application's role."""
    with new_database(postgresql) as url:
        upgrade(url)
        plain = url.replace("+psycopg", "")
        for _ in range(2):  # safe to repeat
            with psycopg.connect(plain, autocommit=True) as superuser:
                superuser.execute(ROLES.read_text())  # type: ignore[call-overload]
        yield url.replace("tester@", "dutycenter_app@")


@pytest.fixture
def app(separated: str, settings: Settings) -> Iterator[Work]:
    """The product under the application's role, with a sealed entry."""
    work = open_store(replace(settings, database_url=separated))
    with work.write() as request:
        request.find_service(ILedger).append("call.arrived", "call:1")
    seal(work)
    yield work
    work.registry["dutycenter.engine"].dispose()


def refused(work: Work, statement: str) -> None:
    with pytest.raises(Exception, match=r"permission denied|must be owner") as caught, work.write() as request:
        request.db.execute(text(statement))
    assert isinstance(caught.value.__cause__ or caught.value.orig, InsufficientPrivilege)  # type: ignore[attr-defined]


class TestApplicationRole:
    @pytest.mark.parametrize("table", [model.__tablename__ for model in GUARDED])
    def test_it_may_only_add_to_the_ledger(self, app: Work, table: str) -> None:
        for statement in (
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TRIGGER {table}_no_change ON {table}",
            f"DROP TABLE {table}",
        ):
            refused(app, statement)

    def test_it_may_not_update(self, app: Work) -> None:
        refused(app, "UPDATE ledger_entries SET actor = 'x'")
        refused(app, "UPDATE ledger_heads SET key_id = 'x'")

    def test_it_may_not_make_the_guard_say_yes(self, app: Work) -> None:
        refused(
            app,
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql",
        )
        refused(app, "SET session_replication_role = replica")

    def test_it_does_its_daily_work(self, app: Work) -> None:
        with app.write() as request:
            request.db.execute(text("INSERT INTO districts (code, name) VALUES ('430100', 'd')"))
            request.db.execute(text("UPDATE districts SET name = 'e'"))
            request.db.execute(text("DELETE FROM districts"))

    def test_the_owner_is_stopped_by_the_guard(self, app: Work, separated: str) -> None:
        address = separated.replace("+psycopg", "").replace("dutycenter_app@", "dutycenter_owner@")
        with psycopg.connect(address) as owner, pytest.raises(psycopg.Error, match="append-only"):
            owner.execute("UPDATE ledger_entries SET actor = 'x'")
