"""Entries that list things of any number: one entry is bounded in size, what it tells of is not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dutycenter.interfaces import Entry
from dutycenter.ledger.canonical import MAX_BYTES

ROOM = MAX_BYTES * 3 // 4  # bytes of things in one entry; the rest is for what is said beside them


def in_parts(
    action: str, subject: str, data: Mapping[str, Any], name: str, things: Iterable[Mapping[str, Any]]
) -> list[Entry]:
    """The entries that tell of ``action`` and list ``things`` under ``name``.

    What has room in one entry stands in one. Of more, each part is an entry
    ``<action>_part`` before the entry itself, which says how many parts there were.
    """
    parts = list(_parts(things))
    if len(parts) <= 1:
        return [(action, subject, {**data, name: parts[0] if parts else []})]
    before: list[Entry] = [
        (f"{action}_part", subject, {"part": number, name: part}) for number, part in enumerate(parts, start=1)
    ]
    return [*before, (action, subject, {**data, "parts": len(parts), f"{name}_count": sum(map(len, parts))})]


def _parts(things: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    part: list[Mapping[str, Any]] = []
    size = 0
    for thing in things:
        needs = len(json.dumps(thing, ensure_ascii=False).encode())
        if part and size + needs > ROOM:
            yield part
            part, size = [], 0
        part.append(thing)
        size += needs
    if part:
        yield part
