"""One entry, one text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.ledger.canonical import canonical, entry_bytes

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class TestCanonical:
    @given(st.dictionaries(st.text(), plain, max_size=5))
    def test_it_reads_back_and_is_written_the_same_again(self, data: dict[str, Any]) -> None:
        text = canonical(data)
        assert canonical(json.loads(text)) == text

    def test_the_order_of_keys_does_not_matter(self) -> None:
        assert canonical({"b": 1, "a": [True, None]}) == canonical({"a": [True, None], "b": 1})

    @pytest.mark.parametrize(
        "data", [{"x": 1.5}, {"x": {1: 2}}, {"x": 2**53}, {"x": b"bytes"}, {"x": "\ud800"}, {"x": "y" * 300_000}]
    )
    def test_it_refuses_what_has_no_single_text(self, data: dict[Any, Any]) -> None:
        with pytest.raises(ValueError):
            canonical(data)


class TestEntryBytes:
    def test_it_is_canonical_json_itself(self) -> None:
        written = entry_bytes(7, datetime(2026, 11, 1, tzinfo=UTC), "user:3", "call.answered", "call:12", '{"b":1}')
        expected = {
            "action": "call.answered", "actor": "user:3", "at": "2026-11-01T00:00:00.000000Z",
            "data": {"b": 1}, "id": 7, "subject": "call:12",
        }  # fmt: skip
        assert written.decode() == json.dumps(expected, separators=(",", ":"), sort_keys=True)
