"""Installations whose owner has gone bad: the store is changed behind the application's back, and can be put back."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg.sql import SQL, Identifier

from dutycenter.settings import Settings

Row = tuple[object, ...]
TABLES = (
    "ledger_entries", "ledger_leaves", "ledger_heads", "ledger_subtrees", "ledger_timestamps", "recordings",
)  # fmt: skip


class Store(Protocol):
    """One of them. Moments are read as text, in UTC."""

    @property
    def settings(self) -> Settings: ...
    @property
    def rng(self) -> random.Random: ...
    @property
    def seals_transactions(self) -> bool:
        """Is an entry's transaction checked?"""

    def run(self, *statements: str) -> None:
        """Change the store; no guard stands in the way of who owns it."""

    def rows(self, query: str) -> Sequence[Row]:
        """All rows of a query."""

    def blob(self, value: bytes) -> str:
        """Bytes as SQL writes them."""

    def keep(self, place: Path) -> None:
        """Keep the installation as it is."""

    def put_back(self, place: Path) -> None:
        """Put it back as it was."""


@dataclass(frozen=True)
class SqliteStore:
    """On SQLite: the store is one of the files."""

    settings: Settings
    rng: random.Random
    seals_transactions = True

    def run(self, *statements: str) -> None:
        with closing(self._open()) as owner:
            for (name,) in owner.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                owner.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                owner.execute(statement)
            owner.commit()

    def rows(self, query: str) -> Sequence[Row]:
        with closing(self._open()) as owner:
            return owner.execute(query).fetchall()

    def blob(self, value: bytes) -> str:
        return f"x'{value.hex()}'"

    def keep(self, place: Path) -> None:
        shutil.copytree(self.settings.var, place)

    def put_back(self, place: Path) -> None:
        shutil.rmtree(self.settings.var)
        shutil.copytree(place, self.settings.var)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.settings.var / "dutycenter.sqlite")


@dataclass(frozen=True)
class PostgresqlStore:
    """On PostgreSQL, as its superuser."""

    settings: Settings
    rng: random.Random
    seals_transactions = False

    def run(self, *statements: str) -> None:
        with self._open() as owner:
            for statement in statements:
                owner.execute(statement.encode())

    def rows(self, query: str) -> Sequence[Row]:
        with self._open() as owner:
            return [tuple(_as_text(value) for value in row) for row in owner.execute(query.encode())]

    def blob(self, value: bytes) -> str:
        return f"'\\x{value.hex()}'::bytea"

    def keep(self, place: Path) -> None:
        shutil.copytree(self.settings.var, place)
        with self._open() as owner:
            owner.execute("CREATE SCHEMA kept")
            for table in TABLES:
                owner.execute(SQL("CREATE TABLE kept.{0} AS TABLE {0}").format(Identifier(table)))

    def put_back(self, place: Path) -> None:
        shutil.rmtree(self.settings.var)
        shutil.copytree(place, self.settings.var)
        with self._open() as owner:
            for table in TABLES:
                owner.execute(SQL("DELETE FROM {}").format(Identifier(table)))
                owner.execute(SQL("INSERT INTO {0} SELECT * FROM kept.{0}").format(Identifier(table)))

    def _open(self) -> psycopg.Connection[Row]:
        address = self.settings.database_url.replace("+psycopg", "")
        return psycopg.connect(address, options="-c session_replication_role=replica -c timezone=UTC")


def _as_text(value: object) -> object:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value
