"""Hundreds of ways to change one thing, as somebody does who owns the machine, and what must be named for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tests.support.tampered import Store

Named = Callable[[str], bool]


@dataclass(frozen=True)
class Tampering:
    """One change: what it is, how it is done, and which subjects it may make a verification name."""

    what: str
    do: Callable[[], None]
    named: Named


def only(*subjects: str) -> Named:
    """Exactly these subjects, or what is said of them."""
    return lambda subject: any(subject == one or subject.startswith(f"{one} (") for one in subjects)


def rows(store: Store, times: int) -> Iterator[Tampering]:
    """One column of one row, one row removed, one row put in; in every table of the ledger.

    Args:
        times: how often each kind of change is made, at another place; an entry's twice as often.
    """
    for table, key, columns in (
        ("ledger_entries", "id", ("at", "actor", "action", "subject", "data", "transaction_id")),
        ("ledger_leaves", "position", ("sha256", "sm3", "entry_id")),
        ("ledger_heads", "size", ("at", "sha256", "sm3", "frontier_sha256", "frontier_sm3", "key_id", "signature", "size")),
        ("ledger_subtrees", "position", ("sha256", "sm3")),
        ("ledger_timestamps", "size", ("at", "authority", "reply")),
    ):  # fmt: skip
        for column in columns:
            if column == "transaction_id" and not store.seals_transactions:
                continue
            for _ in range(2 * times if table == "ledger_entries" else times):
                yield _changed(store, table, key, column)
        for _ in range(times):
            yield _removed(store, table, key)
    yield from _put_in(store)
    yield from _tail_cut_off(store)


def telling(store: Store) -> Iterator[Tampering]:
    """The entries that a verification itself reads: of recordings, keys and time stamps."""
    actions = "('recording.kept', 'ledger.key_rotated', 'ledger.stamped')"
    for (number,) in store.rows(f"SELECT id FROM ledger_entries WHERE action IN {actions} ORDER BY id"):
        named = only(f"entry:{number}")
        changes = {
            "no JSON": "data = '#'",
            "other JSON": "data = '[1]'",
            "JSON without what belongs there": "data = '{}'",
            "another action": "action = 'call.key'",
            "another subject": "subject = 'call:7'",
            "no subject of its kind": "subject = 'x'",
        }
        for what, change in changes.items():
            statement = f"UPDATE ledger_entries SET {change} WHERE id = {number}"
            yield Tampering(f"entry {number}: {what}", partial(store.run, statement), named)
        for column in ("data", "data", "at", "actor"):
            yield _of_row(store, "ledger_entries", "id", int(str(number)), column, named)
        removal = f"DELETE FROM ledger_entries WHERE id = {number}"
        yield Tampering(f"entry {number} removed", partial(store.run, removal), named)


def _pick(store: Store, table: str, key: str) -> tuple[int, Named]:
    sealed = "WHERE id IN (SELECT entry_id FROM ledger_leaves)" if table == "ledger_entries" else ""
    (value,) = store.rng.choice(store.rows(f"SELECT {key} FROM {table} {sealed} ORDER BY {key}"))
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
    return _of_row(store, table, key, value, column, named)


def _of_row(store: Store, table: str, key: str, value: int, column: str, named: Named) -> Tampering:
    ((old,),) = store.rows(f"SELECT {column} FROM {table} WHERE {key} = {value}")
    new = _other(store, old)
    if column == "entry_id":
        new = "(SELECT max(id) FROM ledger_entries)"
    if (table, column) == ("ledger_heads", "size"):
        # The row that was changed is the old head and the new one: both names are its own.
        sizes = _sizes(store)
        new = next(str(n) for n in range(value + 1, 10**6) if n not in sizes)
        named = only(f"head:{old}", f"head:{new}", f"anchor of head:{new}", f"time stamp of head:{old}")
    statement = f"UPDATE {table} SET {column} = {new} WHERE {key} = {value}"
    return Tampering(f"{table} {value}: {column}", lambda: store.run(statement), named)


def _other(store: Store, old: object) -> str:
    """Nearly the same value: one bit of bytes, one character of text, the next number."""
    if isinstance(old, bytes):
        changed = bytearray(old)
        changed[store.rng.randrange(len(changed))] ^= 1 << store.rng.randrange(8)
        return store.blob(bytes(changed))
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
    nothing = store.blob(bytes(32))
    for position in (-1, -5):
        leaf = f"INSERT INTO ledger_leaves VALUES ({position}, -9, {nothing}, {nothing})"
        yield Tampering(f"leaf {position} put in", lambda leaf=leaf: store.run(leaf), only(f"leaf:{position}"))
    last = _sizes(store)[-1]
    leaf = f"INSERT INTO ledger_leaves VALUES ({last}, -9, {nothing}, {nothing})"
    yield Tampering("a leaf put in at the end", lambda: store.run(leaf), only(f"leaf:{last}", "entry:-9"))
    for between in (2, 40, last - 1):
        forged = (
            f"INSERT INTO ledger_heads SELECT {between}, at, sha256, sm3, frontier_sha256, frontier_sm3, key_id,"
            f" signature FROM ledger_heads WHERE size = (SELECT min(size) FROM ledger_heads WHERE size > {between})"
        )
        named = only(f"head:{between}", f"anchor of head:{between}")
        yield Tampering(f"head {between} put in", lambda forged=forged: store.run(forged), named)
    twice = "INSERT INTO ledger_timestamps SELECT 98, size, at, authority, reply FROM ledger_timestamps LIMIT 1"
    ((stamped,),) = store.rows("SELECT size FROM ledger_timestamps")
    yield Tampering("a time stamp twice", lambda: store.run(twice), only(f"time stamp of head:{stamped}"))
    stamp = "INSERT INTO ledger_timestamps SELECT 99, 1, at, authority, reply FROM ledger_timestamps LIMIT 1"
    yield Tampering("a time stamp put in", lambda: store.run(stamp), only("time stamp of head:1"))
    subtree = "INSERT INTO ledger_subtrees SELECT 8, 77, sha256, sm3 FROM ledger_subtrees LIMIT 1"
    yield Tampering("a subtree put in", lambda: store.run(subtree), only("subtree:8/77"))


def _tail_cut_off(store: Store) -> Iterator[Tampering]:
    sizes = _sizes(store)
    for kept in sizes[:-1]:
        lost = [f"head:{size}" for size in sizes if size > kept]
        stamps = [f"time stamp of {head}" for head in lost]
        cut = (
            f"DELETE FROM ledger_entries WHERE id IN (SELECT entry_id FROM ledger_leaves WHERE position >= {kept})",
            "DELETE FROM ledger_entries WHERE id NOT IN (SELECT entry_id FROM ledger_leaves)",
            f"DELETE FROM ledger_leaves WHERE position >= {kept}",
            f"DELETE FROM ledger_heads WHERE size > {kept}",
            f"DELETE FROM ledger_subtrees WHERE (position + 1) * 256 > {kept}",
            f"DELETE FROM ledger_timestamps WHERE size > {kept}",
        )
        named = only(*lost, *stamps, f"leaf:{kept}")
        yield Tampering(f"the end cut off at {kept}", lambda cut=cut: store.run(*cut), named)


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
    ((next_id, transaction),) = store.rows("SELECT max(id) + 1, max(transaction_id) FROM ledger_entries")
    ((last,),) = store.rows(f"SELECT at FROM ledger_entries WHERE id = {next_id} - 1")
    own = transaction if store.seals_transactions else int(str(transaction)) + 1
    # Between transactions of several hosts little steps say nothing; there the product itself tells of them.
    little = (0.001, 1, 4) if store.seals_transactions else ()
    for seconds in (*little, 6, 60, 3600, 86400, 40_000_000):
        at = datetime.fromisoformat(str(last)) - timedelta(seconds=seconds)
        late = (
            f"INSERT INTO ledger_entries SELECT {next_id}, {own}, '{at:%Y-%m-%d %H:%M:%S.%f}', actor, action, subject,"
            f" data FROM ledger_entries WHERE id = {next_id} - 1"
        )
        yield Tampering(f"the clock {seconds} s back", lambda late=late: store.run(late), only(f"entry:{next_id}"))


def _sizes(store: Store) -> list[int]:
    return [int(str(size)) for (size,) in store.rows("SELECT size FROM ledger_heads ORDER BY size")]


def _about_anchors(subject: str) -> bool:
    return subject.startswith("anchor")


def _flipped(store: Store, file: Path, named: Named) -> Tampering:
    content = bytearray(file.read_bytes())
    at, bit = store.rng.randrange(len(content)), store.rng.randrange(8)
    content[at] ^= 1 << bit
    return Tampering(f"{file.name}: bit {bit} of byte {at}", lambda: _write(file, bytes(content)), named)


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
