"""Hundreds of ways to change one thing, as somebody does who owns the machine, and what must be named for each."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dutycenter.settings import Settings

Named = Callable[[str], bool]


@dataclass(frozen=True)
class Tampering:
    """One change: what it is, how it is done, and which subjects it may make a verification name."""

    what: str
    do: Callable[[], None]
    named: Named


@dataclass(frozen=True)
class Store:
    """An installation on SQLite whose owner has gone bad."""

    settings: Settings
    rng: random.Random

    def run(self, *statements: str) -> None:
        """Change the store behind the application's back."""
        with closing(sqlite3.connect(self.settings.var / "dutycenter.sqlite")) as owner:
            for (name,) in owner.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                owner.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                owner.execute(statement)
            owner.commit()

    def row(self, query: str) -> tuple[object, ...]:
        """The first row of a query."""
        with closing(sqlite3.connect(self.settings.var / "dutycenter.sqlite")) as owner:
            found: tuple[object, ...] = owner.execute(query).fetchone()
            return found


def only(*subjects: str) -> Named:
    """Exactly these subjects, or what is said of them."""
    return lambda subject: any(subject == one or subject.startswith(f"{one} (") for one in subjects)


def rows(store: Store) -> Iterator[Tampering]:
    """One column of one row, one row removed, one row put in; in every table of the ledger."""
    for table, key, columns in (
        ("ledger_entries", "id", ("at", "actor", "action", "subject", "data", "transaction_id")),
        ("ledger_leaves", "position", ("sha256", "sm3", "entry_id")),
        ("ledger_heads", "size", ("at", "sha256", "sm3", "frontier_sha256", "frontier_sm3", "key_id", "signature", "size")),
        ("ledger_subtrees", "position", ("sha256", "sm3")),
        ("ledger_timestamps", "size", ("at", "authority", "reply")),
    ):  # fmt: skip
        for column in columns:
            for _ in range(12 if table == "ledger_entries" else 6):
                yield _changed(store, table, key, column)
        for _ in range(6):
            yield _removed(store, table, key)
    yield from _put_in(store)
    yield from _tail_cut_off(store)


def _pick(store: Store, table: str, key: str) -> tuple[int, Named]:
    sealed = "WHERE id IN (SELECT entry_id FROM ledger_leaves)" if table == "ledger_entries" else ""
    offset = store.rng.randrange(int(str(store.row(f"SELECT count(*) FROM {table} {sealed}")[0])))
    (value,) = store.row(f"SELECT {key} FROM {table} {sealed} ORDER BY {key} LIMIT 1 OFFSET {offset}")
    names = {
        "ledger_entries": only(f"entry:{value}"),
        "ledger_leaves": only(f"leaf:{value}"),
        "ledger_heads": only(f"head:{value}"),
        "ledger_subtrees": only(f"subtree:8/{value}"),
        "ledger_timestamps": only(f"time stamp of head:{value}"),
    }
    return int(str(value)), names[table]


def _changed(store: Store, table: str, key: str, column: str) -> Tampering:
    value, named = _pick(store, table, key)
    (old,) = store.row(f"SELECT {column} FROM {table} WHERE {key} = {value}")
    new = _other(store, old)
    if column == "entry_id":
        new = "(SELECT max(id) FROM ledger_entries)"
    if (table, column) == ("ledger_heads", "size"):
        # The row that was changed is the old head and the new one: both names are its own.
        sizes = str(store.row("SELECT group_concat(size) FROM ledger_heads")[0]).split(",")
        new = next(str(n) for n in range(int(str(old)) + 1, 10**6) if str(n) not in sizes)
        named = only(f"head:{old}", f"head:{new}", f"anchor of head:{new}", f"time stamp of head:{old}")
    statement = f"UPDATE {table} SET {column} = {new} WHERE {key} = {value}"
    return Tampering(f"{table} {value}: {column}", lambda: store.run(statement), named)


def _other(store: Store, old: object) -> str:
    """Nearly the same value: one bit of bytes, one character of text, the next number."""
    if isinstance(old, bytes):
        changed = bytearray(old)
        changed[store.rng.randrange(len(changed))] ^= 1 << store.rng.randrange(8)
        return f"x'{changed.hex()}'"
    if isinstance(old, int):
        return str(old + 1)
    text = str(old)
    at = store.rng.randrange(len(text))
    digits = [n for n, c in enumerate(text) if c.isdigit()]
    if digits and text[:4].isdigit() and text[4] == "-":  # a moment stays a moment
        at = digits[3]
        return f"'{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}'"
    changed = f"{text[:at]}{'#' if text[at] != '#' else '*'}{text[at + 1 :]}"
    return "'" + changed.replace("'", "''") + "'"


def _removed(store: Store, table: str, key: str) -> Tampering:
    value, named = _pick(store, table, key)
    return Tampering(f"{table} {value} removed", lambda: store.run(f"DELETE FROM {table} WHERE {key} = {value}"), named)


def _put_in(store: Store) -> Iterator[Tampering]:
    entry = (
        "INSERT INTO ledger_entries SELECT {0}, 0, at, actor, action, subject, data FROM ledger_entries WHERE id = {1}"
    )
    for row in (0, -1, -7):
        other = store.rng.randrange(1, 500)
        yield Tampering(
            f"entry {row} put in",
            lambda row=row, other=other: store.run(entry.format(row, other)),
            only(f"entry:{row}"),
        )
    for position in (-1, -5):
        leaf = f"INSERT INTO ledger_leaves VALUES ({position}, -9, zeroblob(32), zeroblob(32))"
        yield Tampering(f"leaf {position} put in", lambda leaf=leaf: store.run(leaf), only(f"leaf:{position}"))
    (size,) = store.row("SELECT max(size) FROM ledger_heads")
    last = int(str(size))
    leaf = f"INSERT INTO ledger_leaves VALUES ({last}, -9, zeroblob(32), zeroblob(32))"
    yield Tampering("a leaf put in at the end", lambda: store.run(leaf), only(f"leaf:{last}", "entry:-9"))
    for between in (2, 40, last - 1):
        forged = (
            f"INSERT INTO ledger_heads SELECT {between}, at, sha256, sm3, frontier_sha256, frontier_sm3, key_id,"
            f" signature FROM ledger_heads WHERE size = (SELECT min(size) FROM ledger_heads WHERE size > {between})"
        )
        named = only(f"head:{between}", f"anchor of head:{between}")
        yield Tampering(f"head {between} put in", lambda forged=forged: store.run(forged), named)
    stamp = "INSERT INTO ledger_timestamps SELECT 99, 1, at, authority, reply FROM ledger_timestamps LIMIT 1"
    yield Tampering("a time stamp put in", lambda: store.run(stamp), only("time stamp of head:1"))
    subtree = "INSERT INTO ledger_subtrees SELECT 8, 77, sha256, sm3 FROM ledger_subtrees LIMIT 1"
    yield Tampering("a subtree put in", lambda: store.run(subtree), only("subtree:8/77"))


def _tail_cut_off(store: Store) -> Iterator[Tampering]:
    sizes = str(store.row("SELECT group_concat(size) FROM (SELECT size FROM ledger_heads ORDER BY size)")[0]).split(",")
    for kept in store.rng.sample(sizes[:-1], 4):
        lost = [f"head:{size}" for size in sizes if int(size) > int(kept)]
        stamps = [f"time stamp of {head}" for head in lost]
        cut = (
            f"DELETE FROM ledger_entries WHERE id IN (SELECT entry_id FROM ledger_leaves WHERE position >= {kept})",
            "DELETE FROM ledger_entries WHERE id NOT IN (SELECT entry_id FROM ledger_leaves)",
            f"DELETE FROM ledger_leaves WHERE position >= {kept}",
            f"DELETE FROM ledger_heads WHERE size > {kept}",
            f"DELETE FROM ledger_subtrees WHERE (position + 1) * 256 > {kept}",
            f"DELETE FROM ledger_timestamps WHERE size > {kept}",
        )
        yield Tampering(f"the end cut off at {kept}", lambda cut=cut: store.run(*cut), only(*lost, *stamps))


def files(store: Store) -> Iterator[Tampering]:
    """One bit of one file, a file cut, lengthened, exchanged or removed."""
    settings = store.settings
    anchor = settings.ledger_anchor_file
    for _ in range(40):
        yield _flipped(store, anchor, lambda subject: subject.startswith("anchor"))
    lines = anchor.read_bytes().splitlines(keepends=True)
    for n in store.rng.sample(range(len(lines)), 4):
        without = b"".join(lines[:n] + lines[n + 1 :])
        yield Tampering(f"anchor line {n} removed", lambda without=without: _write(anchor, without), _about_anchors)
    yield Tampering("the anchor removed", anchor.unlink, only("anchor"))
    key = settings.ledger_key_file.with_name(settings.ledger_key_file.name + ".pub")
    for _ in range(20):
        yield _flipped(store, key, only("key"))
    yield Tampering("the public key removed", key.unlink, only("key"))


def recordings(store: Store, kept: list[tuple[int, str, Path]]) -> Iterator[Tampering]:
    """What happens to a recording's file or row."""
    for row, name, file in kept:
        named = only(f"recording:{row}")
        content = file.read_bytes()
        for _ in range(15):
            yield _flipped(store, file, named)
        for what, changed in (
            ("cut", content[:-2]), ("lengthened", content + b"\0\0"), ("emptied", b""), ("silenced", content[:44] + bytes(len(content) - 44)),
        ):  # fmt: skip
            yield Tampering(f"{name} {what}", lambda file=file, changed=changed: _write(file, changed), named)
        yield Tampering(f"{name} removed", file.unlink, named)
        other = next(path for _, _, path in kept if path != file)
        yield Tampering(f"{name} exchanged", lambda file=file, other=other: _write(file, other.read_bytes()), named)
        for column, value in (("sha256", "'00'"), ("sm3", "'00'"), ("file_name", "'x.wav'"), ("state", "'missing'")):
            statement = f"UPDATE recordings SET {column} = {value} WHERE id = {row}"
            yield Tampering(f"{name} row: {column}", lambda statement=statement: store.run(statement), named)
        yield Tampering(
            f"{name} row removed", lambda row=row: store.run(f"DELETE FROM recordings WHERE id = {row}"), named
        )


def clock(store: Store) -> Iterator[Tampering]:
    """The clock is set back, and the record goes on."""
    for seconds in (6, 60, 3600, 86400, 40_000_000):
        (next_id,) = store.row("SELECT max(id) + 1 FROM ledger_entries")
        late = (
            f"INSERT INTO ledger_entries SELECT {next_id}, 0, strftime('%Y-%m-%d %H:%M:%S', at, '-{seconds} seconds')"
            f" || '.000000', actor, action, subject, data FROM ledger_entries WHERE id = {int(str(next_id)) - 1}"
        )
        yield Tampering(f"the clock {seconds} s back", lambda late=late: store.run(late), only(f"entry:{next_id}"))


def _about_anchors(subject: str) -> bool:
    return subject.startswith("anchor")


def _flipped(store: Store, file: Path, named: Named) -> Tampering:
    content = bytearray(file.read_bytes())
    at, bit = store.rng.randrange(len(content)), store.rng.randrange(8)
    content[at] ^= 1 << bit
    return Tampering(f"{file.name}: bit {bit} of byte {at}", lambda: _write(file, bytes(content)), named)


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def snapshot(settings: Settings, place: Path) -> None:
    """Keep the installation as it is."""
    shutil.copytree(settings.var, place)


def restore(settings: Settings, place: Path) -> None:
    """Put the installation back as it was."""
    shutil.rmtree(settings.var)
    shutil.copytree(place, settings.var)
