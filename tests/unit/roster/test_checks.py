"""Gaps and conflicts, held against looking at every hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.roster.checking import sentence
from dutycenter.roster.checks import Finding, Kind, Rules, Served, Serving, Wanted, findings, gaps_between
from dutycenter.vocabulary import ShiftDuty

START = datetime(2026, 11, 22, 16, tzinfo=UTC)
HOURS = 96
END = START + timedelta(hours=HOURS)
LEADER, CHIEF, OFFICER = ShiftDuty
HOUR = timedelta(hours=1)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def shift(begin: float, end: float, *members: Serving, number: int = 0) -> Served:
    return Served(at(begin), at(end), "白班", members, number)


servings = st.builds(Serving, st.sampled_from(list(ShiftDuty)), st.integers(1, 4), st.booleans())
members = st.lists(servings, max_size=3, unique_by=lambda one: one.person_id).map(tuple)
rosters = st.lists(st.tuples(st.integers(-10, 100), st.integers(1, 26), members), max_size=5).map(
    lambda rows: [shift(b, b + n, *m, number=i) for i, (b, n, m) in enumerate(rows, start=1)]
)


def of(kind: Kind, found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.kind is kind]


def there(shifts: list[Served], hour: int, wanted: Callable[[Serving], bool]) -> set[int]:
    """Who of those serves in this hour."""
    on = [s for s in shifts if s.starts_at <= at(hour) < s.ends_at]
    return {m.person_id for s in on for m in s.members if wanted(m)}


class TestGaps:
    @given(rosters)
    def test_every_hour_is_either_served_or_in_exactly_one_gap(self, shifts: list[Served]) -> None:
        gaps = gaps_between(shifts, START, END)
        for hour in range(HOURS):
            served = any(s.starts_at <= at(hour) < s.ends_at for s in shifts)
            assert sum(gap.starts_at <= at(hour) < gap.ends_at for gap in gaps) == (0 if served else 1)
        assert all(START <= gap.starts_at < gap.ends_at <= END for gap in gaps)
        assert [(g.starts_at, g.ends_at) for g in of(Kind.GAP, findings(shifts, START, END, Rules()))] == [
            (gap.starts_at, gap.ends_at) for gap in gaps
        ]


class TestOfAShift:
    @given(rosters)
    def test_a_shift_lacks_leader_or_desk_where_some_hour_does(self, shifts: list[Served]) -> None:
        found = findings(shifts, START, END, Rules())
        for kind, wanted in (
            (Kind.NO_LEADER, lambda m: m.duty is LEADER),
            (Kind.NOBODY_AT_DESK, lambda m: m.duty in (CHIEF, OFFICER) and not m.on_call),
        ):
            lacking = {
                s.shift_id
                for s in shifts
                if s.starts_at < END and s.ends_at > START and any(
                    not there(shifts, hour, wanted) for hour in range(-20, 140) if s.starts_at <= at(hour) < s.ends_at
                )
            }  # fmt: skip
            assert {one.shift_id for one in of(kind, found)} == lacking

    @given(rosters, st.integers(-5, 90), st.integers(1, 40), st.integers(0, 3))
    def test_a_sensitive_period_finds_the_hours_with_too_few(
        self, shifts: list[Served], begin: int, length: int, least: int
    ) -> None:
        period = Wanted(at(begin), at(begin + length), "两会", {OFFICER: least})
        found = of(Kind.TOO_FEW, findings(shifts, START, END, Rules(periods=[period])))
        short = {
            s.shift_id
            for s in shifts
            if s.starts_at < END and s.ends_at > START and any(
                len(there(shifts, hour, lambda m: m.duty is OFFICER and not m.on_call)) < least
                for hour in range(begin, begin + length) if s.starts_at <= at(hour) < s.ends_at
            )
        }  # fmt: skip
        assert {one.shift_id for one in found} == short

    def test_absence_goes_before_numbers_and_each_is_asked_for_its_shift(self) -> None:
        one = shift(8, 20, Serving(LEADER, 1, name="李建国"), Serving(OFFICER, 2, name="张伟"), number=7)
        rules = Rules(
            is_away=lambda person, begin, end: person == 1 and begin <= at(19) < end, unreachable=lambda _p, _a: "空号"
        )
        found = findings([one], at(8), at(20), rules)
        assert [(f.kind, f.who, f.shift_id) for f in found] == [(Kind.AWAY, "李建国", 7), (Kind.UNREACHABLE, "张伟", 7)]


class TestTwice:
    @given(rosters)
    def test_an_hour_in_which_one_person_serves_twice_is_found(self, shifts: list[Served]) -> None:
        found = of(Kind.TWICE, findings(shifts, START, END, Rules()))
        inside = [s for s in shifts if s.starts_at < END and s.ends_at > START]
        for person in range(1, 5):
            mine = [s for s in inside if any(m.person_id == person for m in s.members)]
            twice = {h for h in range(-20, 140) if sum(s.starts_at <= at(h) < s.ends_at for s in mine) > 1}
            told = {
                h
                for one in found if one.data["person"] == person
                for h in range(-20, 140) if one.starts_at <= at(h) < one.ends_at
            }  # fmt: skip
            assert told == twice


class TestTooLong:
    @pytest.mark.parametrize(
        ("served", "hours"),
        [
            ([(8, 32)], None),
            ([(8, 33)], 25),
            ([(8, 20), (20, 32)], None),
            ([(8, 20), (20, 32), (32, 36)], 28),
            ([(8, 20), (27, 40)], 25),  # seven hours between are no rest
            ([(8, 20), (28, 41)], None),
        ],
    )
    def test_duty_without_eight_hours_of_rest_adds_up(self, served: list[tuple[int, int]], hours: int | None) -> None:
        shifts = [shift(b, e, Serving(OFFICER, 1), number=n) for n, (b, e) in enumerate(served, start=1)]
        found = of(Kind.TOO_LONG, findings(shifts, START, END, Rules()))
        assert [one.data["hours"] for one in found] == ([] if hours is None else [hours])

    @given(rosters)
    def test_only_the_duty_room_counts_and_nobody_is_told_of_twice_for_one_stretch(self, shifts: list[Served]) -> None:
        found = of(Kind.TOO_LONG, findings(shifts, START, END, Rules(longest=12 * HOUR)))
        at_home = {
            m.person_id for s in shifts for m in s.members
        } - {m.person_id for s in shifts for m in s.members if not m.on_call}  # fmt: skip
        by_shift = {s.shift_id: {m.person_id for m in s.members if not m.on_call} for s in shifts}
        for one in found:
            assert by_shift[one.shift_id] - at_home
            assert one.data["hours"] > 12


class TestFindings:
    @given(rosters)
    def test_they_lie_in_the_time_asked_for_in_order(self, shifts: list[Served]) -> None:
        found = findings(shifts, START, END, Rules())
        assert [one.starts_at for one in found] == sorted(one.starts_at for one in found)
        assert all(one.starts_at < END and one.ends_at > START for one in found)


@pytest.mark.parametrize(
    ("hours", "said"),
    [(8, "11-23 00:00–08:00"), (24, "11-23 00:00–24:00"), (32, "11-23 00:00–11-24 08:00")],
)
def test_a_finding_says_when_it_ends(hours: float, said: str) -> None:
    found = Finding(Kind.NO_LEADER, at(0), at(hours), 1)
    assert sentence(found, lambda words: words.interpolate(), ZoneInfo("Asia/Shanghai")) == f"{said}: no leader"


def test_a_whole_day_from_a_morning_ends_on_the_next() -> None:
    found = Finding(Kind.NO_LEADER, at(8), at(32), 1)
    assert sentence(found, lambda words: words.interpolate(), ZoneInfo("Asia/Shanghai")).startswith(
        "11-23 08:00–11-24 08"
    )
