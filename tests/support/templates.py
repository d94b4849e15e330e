"""Templates that are compiled once for all the applications that tests make."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Kept(BytecodeCache):
    """Compiled templates in memory, by their file and their text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


COMPILED: Mapping[str, object] = {"jinja2.bytecode_caching": _Kept()}
"""Settings for ``configure``."""
