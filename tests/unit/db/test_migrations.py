"""A migrated store is the one that the models describe, guards included."""

from __future__ import annotations

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from dutycenter import configure
from dutycenter.db.base import Base
from dutycenter.db.engine import make_engine
from dutycenter.db.grams import ONLY
from dutycenter.db.migrate import alembic_config, current, upgrade
from dutycenter.settings import Settings
from tests.conftest import new_database


def over_expressions() -> set[str]:
    """Names of the indexes over expressions; the models must be known."""
    return {str(index.name) for table in Base.metadata.tables.values() for index in table.indexes if ONLY in index.info}


def _comparable(thing: object, name: str | None, *_others: object) -> bool:
    """Alembic cannot compare indexes over expressions; they have a test of their own."""
    return name not in over_expressions()


class TestUpgrade:
    @pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
    def test_it_makes_what_the_models_describe(self, settings: Settings, empty_store_url: str) -> None:
        configure(settings)  # every room's tables are known
        upgrade(empty_store_url)
        engine = make_engine(empty_store_url)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": _comparable})
            differences = compare_metadata(context, Base.metadata)
        engine.dispose()
        assert differences == []

    def test_it_makes_the_indexes_over_expressions_that_the_models_describe(
        self, postgresql: str, postgresql_template: str
    ) -> None:
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)"
        with new_database(postgresql) as migrated:
            upgrade(migrated)
            names = (postgresql_template, migrated.rpartition("/")[2])
            made = []
            for name in names:
                with psycopg.connect(postgresql.replace("/postgres", f"/{name}")) as connection:
                    made.append(dict(connection.execute(query, [list(over_expressions())]).fetchall()))
        assert made[0] == made[1]
        assert set(made[1]) == over_expressions() != set()

    def test_it_is_safe_to_repeat(self, empty_store_url: str) -> None:
        upgrade(empty_store_url)
        revision = current(empty_store_url)
        upgrade(empty_store_url)
        assert current(empty_store_url) == revision is not None

    @pytest.mark.parametrize("table", ["ledger_entries", "ledger_leaves", "ledger_heads"])
    def test_it_guards_the_ledger(self, empty_store_url: str, table: str) -> None:
        upgrade(empty_store_url)
        engine = make_engine(empty_store_url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO ledger_entries (id, transaction_id, at, actor, action, subject, data) "
                    "VALUES (1, 0, '2026-11-01 00:00:00', 'a', 'b', 'c', '{}')"
                )
            )
            connection.execute(
                text("INSERT INTO ledger_leaves (position, entry_id, sha256, sm3) VALUES (0, 1, :h, :h)"),
                {"h": b"x" * 32},
            )
            connection.execute(
                text(
                    "INSERT INTO ledger_heads (size, at, sha256, sm3, frontier_sha256, frontier_sm3, key_id, signature) "
                    "VALUES (1, '2026-11-01 00:00:00', :h, :h, :h, :h, 'k', :h)"
                ),
                {"h": b"x" * 32},
            )
        with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))
        engine.dispose()


class TestUpgradeOfAStoreInUse:
    def test_it_keeps_rows_and_what_refers_to_them(self, empty_store_url: str) -> None:
        command.upgrade(alembic_config(empty_store_url), "0001")
        engine = make_engine(empty_store_url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO broadcasts (id, title, message, prompt_path, prompt_seconds, exercise, state, channels,"
                    " rounds, pause, ring_timeout, seed, created_at, lease_owner, lease_fence, waits_for)"
                    " VALUES (1, 't', 'm', '', 0, false, 'running', 1, 1, 5, 30, 0, '2026-11-01', '', 0, '')"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO recipients (id, broadcast_id, name, department, post, weight, outcome_ground)"
                    " VALUES (1, 1, 'n', '', '', 1, '')"
                )
            )
        upgrade(empty_store_url)
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT r.name, b.title, b.reached_rule FROM recipients r JOIN broadcasts b ON b.id = broadcast_id"
                )
            ).all()
        engine.dispose()
        assert rows == [("n", "t", "key")]
