"""One way to write an entry down as bytes, so that its hash means one thing.

Canonical JSON after RFC 8785 for what the ledger admits: objects with text
keys sorted, arrays, text, whole numbers, true, false, null; no floats, whose
text form differs between languages.
"""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MAX_BYTES = 256 * 1024
# Beyond it JavaScript, and so a reader's own tools, would read another number.
MAX_INTEGER = 2**53 - 1
_quoted = json.encoder.encode_basestring  # what ``json.dumps`` itself uses; without its preparations for each call


def canonical(data: Mapping[str, Any]) -> str:
    """The canonical text of ``data``.

    Raises:
        ValueError: a float, a key that is no text, text that is no Unicode, a
            number beyond 2**53, or more than 256 KiB.
    """
    _check(data, "data")
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    if len(_utf8(text)) > MAX_BYTES:
        raise ValueError(f"data is longer than {MAX_BYTES} bytes")
    return text


def entry_bytes(id: int, at: datetime, actor: str, action: str, subject: str, data: str) -> bytes:
    """The bytes of an entry, as hashed into its leaf; ``data`` is canonical already."""
    return written(id, instant(at), actor, action, subject, data)


def written(id: int, at: str, actor: str, action: str, subject: str, data: str) -> bytes:
    """The bytes of an entry whose moment is text already."""
    return (
        f'{{"action":{_quoted(action)},"actor":{_quoted(actor)},"at":{_quoted(at)},"data":{data},'
        f'"id":{id},"subject":{_quoted(subject)}}}'
    ).encode()


def instant(at: datetime) -> str:
    """A moment as the ledger writes it: UTC, microseconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"not Unicode text: {error}") from None


def _check(value: Any, place: str) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError(f"{place}: a whole number beyond 2**53")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{place}: the key {key!r} is no text")
            _check(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]")
    else:
        raise ValueError(f"{place}: {type(value).__name__} cannot be written down")


def said_in(data: str) -> dict[str, Any]:
    """What an entry's data says; nothing when somebody made something else of it."""
    try:
        said = json.loads(data)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
