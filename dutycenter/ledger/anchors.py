"""Copies of signed heads where this host should not be able to rewrite them: a file on another disk or host."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select

from dutycenter.ledger.canonical import instant
from dutycenter.ledger.models import LedgerHead
from dutycenter.work import Work

log = logging.getLogger(__name__)

LONGEST_LINE = 4096  # bytes; ours have some 400
PRINTED = "dutycenter-head"


class Head(Protocol):
    """What a copy says of a head."""

    @property
    def size(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def sha256(self) -> bytes: ...
    @property
    def sm3(self) -> bytes: ...
    @property
    def key_id(self) -> str: ...
    @property
    def signature(self) -> bytes: ...


@dataclass(frozen=True)
class Copy:
    """One line of the anchor file."""

    number: int
    text: str
    size: int
    at: datetime
    sha256: bytes
    sm3: bytes
    key_id: str
    signature: bytes


@dataclass(frozen=True)
class Unreadable:
    """A line that is no copy."""

    number: int


def copies(place: Path, length: int) -> Iterator[Copy | Unreadable]:
    """The lines in the first ``length`` bytes of an anchor file, in order.

    A line that broke off and was written again whole is left out.
    """
    torn: tuple[int, str] | None = None
    with place.open("rb") as file:
        for number, line in enumerate(file, start=1):
            length -= len(line)
            if length < 0:
                break
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if torn is not None and not text.startswith(torn[1]):
                yield Unreadable(torn[0])
            torn = None
            copy = _read(number, text)
            if copy is not None:
                yield copy
            elif text:
                torn = (number, text)
    if torn is not None:
        yield Unreadable(torn[0])


def copied_since(place: Path, length: int) -> set[str]:
    """The lines that end behind the first ``length`` bytes of an anchor file."""
    with place.open("rb") as file:
        file.seek(max(0, length - LONGEST_LINE))
        before = file.read(min(length, LONGEST_LINE))
        begun = before[before.rfind(b"\n") + 1 :]  # a line that was being written
        lines = (begun + file.read()).splitlines()
    return {line.decode("utf-8", "replace") for line in lines}


def length_of(place: Path | None) -> int:
    """Bytes of an anchor file; none when there is no such file."""
    return place.stat().st_size if place is not None and place.is_file() else 0


def _read(number: int, text: str) -> Copy | None:
    try:
        said: dict[str, Any] = json.loads(text)
        return Copy(
            number=number,
            text=text,
            size=int(said["size"]),
            at=datetime.strptime(said["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
            sha256=bytes.fromhex(said["sha256"]),
            sm3=bytes.fromhex(said["sm3"]),
            key_id=str(said["key_id"]),
            signature=bytes.fromhex(said["signature"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def printed_head(text: str) -> tuple[int, str, str, str]:
    """Read what a report prints as text and QR code: size, SHA-256, SM3, key id.

    Raises:
        ValueError: it is something else.
    """
    words = text.split()
    named = dict(word.split(":", 1) for word in words[3:] if ":" in word)
    if len(words) < 6 or words[0] != PRINTED or not {"sha256", "sm3", "key"} <= set(named):
        raise ValueError(f"not a printed head: it begins with {PRINTED} and names sha256, sm3 and key")
    return int(words[1]), named["sha256"], named["sm3"], named["key"]


def anchor(work: Work) -> None:
    """Copy heads that the anchor file doesn't have yet to its end.

    A disk that refuses is logged and tried again: the record goes on without it.
    """
    place = work.settings.ledger_anchor_file
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        anchored = last_anchored(place)
        with work.read() as request:
            heads = request.db.scalars(
                select(LedgerHead).where(LedgerHead.size > anchored).order_by(LedgerHead.size)
            ).all()
        if not heads:
            return
        with place.open("a", encoding="utf-8") as file:
            if _broke_off(place):
                file.write("\n")
            for head in heads:
                file.write(anchor_line(head) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.error("The ledger's heads could not be copied to %s: %s. Trying again.", place, error)


def _broke_off(place: Path) -> bool:
    with place.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def anchor_line(head: Head) -> str:
    """A head as one line of the anchor file."""
    return json.dumps(
        {
            "at": instant(head.at),
            "key_id": head.key_id,
            "sha256": head.sha256.hex(),
            "signature": head.signature.hex(),
            "size": head.size,
            "sm3": head.sm3.hex(),
        },
        sort_keys=True,
    )


def last_anchored(place: Path) -> int:
    """The size of the last head in the anchor file; a line that broke off counts as none."""
    if not place.exists():
        return 0
    with place.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - LONGEST_LINE))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            return int(json.loads(line)["size"])
        except (ValueError, KeyError):
            continue
    return 0
