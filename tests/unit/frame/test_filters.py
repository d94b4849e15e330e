from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from inspect import getmembers, isclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.request import Request

from dutycenter import vocabulary
from dutycenter.frame.filters import duration, grouped, phone, size
from dutycenter.frame.labels import LABELS, ROLE_WORDS, label
from dutycenter.interfaces import IClock
from dutycenter.work import Work

KINDS = [kind for _name, kind in getmembers(vocabulary, isclass) if issubclass(kind, StrEnum) and kind is not StrEnum]
EVENING = datetime(2026, 11, 23, 20, 45, 7, tzinfo=UTC)  # the next morning in China


def render(work: Work, template: str, **values: object) -> str:
    """What the template gives to a reader of this installation."""
    from pyramid_jinja2 import IJinja2Environment

    environment = work.registry.getUtility(IJinja2Environment, name=".jinja2")
    with work.read() as request:
        return environment.from_string(template).render(request=request, **values)


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [
            (0, "00:00"),
            (42.9, "00:42"),
            (3599, "59:59"),
            (3600, "1:00:00"),
            (90061, "25:01:01"),
            (-3, "00:00"),
            (None, "–"),
        ],
    )
    def test_it_reads_as_a_clock(self, seconds: float | None, shown: str) -> None:
        assert duration(seconds) == shown


class TestPhone:
    @pytest.mark.parametrize(
        ("number", "shown"),
        [
            ("13807312234", "138 0731 2234"),
            ("073188861234", "0731 8886 1234"),
            ("07325513060", "0732 551 3060"),
            ("01088861234", "010 8886 1234"),
            ("12345", "12345"),
            ("1001", "1001"),
            ("", ""),
            ("<b>", "<b>"),
        ],
    )
    def test_it_groups_what_people_group(self, number: str, shown: str) -> None:
        assert phone(number) == shown

    @given(st.text())
    def test_it_loses_no_character_of_anything(self, number: str) -> None:
        assert phone(number).replace(" ", "") == number.replace(" ", "")


class TestTimes:
    @pytest.mark.parametrize(
        ("name", "shown"),
        [("date", "2026-11-24"), ("clock", "04:45:07"), ("minute", "04:45"), ("form_time", "2026-11-24T04:45")],
    )
    def test_they_are_told_in_the_duty_rooms_zone(self, sqlite_work: Work, name: str, shown: str) -> None:
        assert render(sqlite_work, "{{ at | " + name + " }}", at=EVENING) == shown

    def test_another_year_is_named(self, sqlite_work: Work) -> None:
        assert render(sqlite_work, "{{ at | local }}", at=EVENING.replace(year=1999)) == "1999-11-24 04:45:07"

    def test_the_day_is_named_where_it_is_another(self, sqlite_work: Work) -> None:
        with sqlite_work.read() as request:
            now = request.find_service(IClock).now()
        for at, form in ((now, "%H:%M"), (now.replace(year=1999), "%Y-%m-%d %H:%M")):
            there = at.astimezone(sqlite_work.settings.time_zone)
            assert render(sqlite_work, "{{ at | brief }}", at=at) == there.strftime(form)

    @pytest.mark.parametrize("name", ["local", "date", "clock", "minute", "brief"])
    def test_what_isnt_known_is_a_dash(self, sqlite_work: Work, name: str) -> None:
        assert render(sqlite_work, "{{ at | " + name + " }}", at=None) == "–"


class TestLabels:
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_every_value_of_the_vocabulary_has_words(self, kind: type[StrEnum]) -> None:
        assert set(LABELS[kind]) == set(kind)
        assert all(label(member) for member in kind)

    def test_every_role_says_what_it_does(self) -> None:
        assert set(ROLE_WORDS) == set(vocabulary.Role)

    def test_the_same_text_of_two_kinds_keeps_its_two_meanings(self) -> None:
        assert label(vocabulary.CallResult.VOICEMAIL) != label(vocabulary.Disposition.VOICEMAIL)

    def test_it_is_read_in_the_readers_language(self, sqlite_work: Work) -> None:
        assert render(sqlite_work, "{{ role | label }}", role=vocabulary.Role.AUDITOR) == "审计员"


class TestGrouped:
    def test_it_keeps_thousands_apart(self) -> None:
        assert [grouped(n) for n in (0, 999, 12345, None)] == ["0", "999", "12,345", "–"]


class TestSize:
    def test_it_takes_the_largest_unit_that_fits(self) -> None:
        told = [size(n) for n in (0, 1, 999, 1000, 17_900, 4_600_000, 5_000_000_000_000)]
        assert told == ["0 B", "1 B", "999 B", "1.0 kB", "17.9 kB", "4.6 MB", "5.0 TB"]


def test_a_request_of_a_process_has_the_installations_language(sqlite_work: Work) -> None:
    with sqlite_work.read() as request:
        assert isinstance(request, Request)
        assert request.locale_name == "zh_CN"
