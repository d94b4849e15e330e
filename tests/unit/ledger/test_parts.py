"""Entries that list any number of things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dutycenter.ledger.canonical import canonical
from dutycenter.ledger.parts import in_parts

THINGS = st.lists(st.fixed_dictionaries({"id": st.integers(0, 2**31), "name": st.text(min_size=1, max_size=64)}))


@given(THINGS, st.integers(1, 900))
def test_all_are_listed_in_order_and_each_entry_has_room(things: list[dict[str, object]], times: int) -> None:
    many = things * times
    entries = in_parts("plan.checked", "plan:1", {"light": "red"}, "people", many)
    assert [thing for _action, _subject, data in entries for thing in data.get("people", ())] == many
    assert all(canonical(data) for _action, _subject, data in entries)
    action, subject, last = entries[-1]
    assert (action, subject, last["light"]) == ("plan.checked", "plan:1", "red")
    if len(entries) > 1:
        assert (last["parts"], last["people_count"]) == (len(entries) - 1, len(many))
        assert {action for action, *_ in entries[:-1]} == {"plan.checked_part"}


def test_few_stand_in_one_entry() -> None:
    assert in_parts("a.b", "c:1", {}, "people", [{"id": 1}]) == [("a.b", "c:1", {"people": [{"id": 1}]})]
