"""Deadline rules: which fits, daily hours, and that a change rewrites no clock unless it is asked to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from dutycenter.directory.models import District
from dutycenter.incidents.deadlines import Deadlines, watch
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.incidents.rules.fitting import (
    FOLLOW_UP,
    PHONE,
    WRITTEN,
    Facts,
    UnreadableHours,
    best_rules,
    covers,
    next_hour,
    read_hours,
)
from dutycenter.incidents.rules.form import read
from dutycenter.incidents.rules.services import NoSuchRule, Rules
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.work import Work

ZONE = ZoneInfo("Asia/Shanghai")


def values(**more: object) -> dict[str, object]:
    return {
        "district_id": None, "incident_class": None, "level": None, "channel": None, "report": WRITTEN, "minutes": 60,
        "daily": "", "citation": "样例", **more,
    }  # fmt: skip


class TestFitting:
    @pytest.mark.parametrize(
        ("region", "district", "inside"),
        [
            ("430000", "430102", True), ("430100", "430102", True), ("430100", "430202", False),
            ("430102", "430102", True), ("430102", "430100", False), ("430100", "", False),
        ],
    )  # fmt: skip
    def test_a_region_holds_what_lies_in_it(self, region: str, district: str, inside: bool) -> None:
        assert covers(region, district) is inside

    def test_the_rule_that_names_most_counts_then_the_shortest(self) -> None:
        def rule(id_: int, minutes: int, region: str = "", **named: str) -> SimpleNamespace:
            parts = {"incident_class": None, "level": None, "channel": None, **named}
            return SimpleNamespace(
                id=id_, report=WRITTEN, minutes=minutes,
                district=SimpleNamespace(code=region) if region else None, **parts,
            )  # fmt: skip

        rules = [
            rule(1, 10), rule(2, 90, level="II"), rule(3, 30, level="II"), rule(4, 120, "430100", level="II"),
            rule(5, 5, channel="fax", level="II"), rule(6, 1, "430200", level="II"),
        ]  # fmt: skip
        assert best_rules(rules, Facts("accident", "II", "phone", "430102"))[WRITTEN].id == 4
        assert best_rules(rules, Facts("accident", "II", "phone", ""))[WRITTEN].id == 3
        assert best_rules(rules, Facts("accident", "II", "fax", ""))[WRITTEN].id == 5
        assert best_rules(rules, Facts(None, None, "phone", ""))[WRITTEN].id == 1

    @pytest.mark.parametrize(
        ("local", "expected"),
        [("2026-11-27 07:59", "2026-11-27 08:00"), ("2026-11-27 08:00", "2026-11-27 17:00"), ("2026-11-27 18:00", "2026-11-28 08:00")],
    )  # fmt: skip
    def test_the_next_hour_is_the_duty_rooms_own(self, local: str, expected: str) -> None:
        at = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC)
        due = next_hour(read_hours("17:00、8:00"), at, ZONE)
        assert due is not None
        assert f"{due.astimezone(ZONE):%Y-%m-%d %H:%M}" == expected

    @pytest.mark.parametrize("text", ["25:00", "8", "08:00;x", "08:60"])
    def test_other_hours_are_refused(self, text: str) -> None:
        with pytest.raises(UnreadableHours):
            read_hours(text)

    @pytest.mark.parametrize(
        ("typed", "faults"),
        [
            ({"report": "written", "minutes": "60", "citation": "某令第九条"}, set()),
            ({"report": "follow_up", "daily": "08:00,17:00", "citation": "某令"}, set()),
            ({"report": "written", "minutes": "-1", "citation": " "}, {"minutes", "citation"}),
            ({"report": "follow_up", "minutes": "5", "citation": "x" * 300}, {"daily", "citation"}),
            ({"report": "x", "district": "7", "class": "y", "level": "V", "channel": "z", "citation": "a"},
             {"report", "district", "class", "level", "channel"}),
        ],
    )  # fmt: skip
    def test_what_is_typed_wrong_is_named(self, typed: dict[str, str], faults: set[str]) -> None:
        assert set(read(typed, lambda _district: False).faults) == faults


def create(work: Work, minutes_ago: float = 0, **texts: str) -> int:
    with work.write() as request:
        reported_at = request.find_service(IClock).now() - timedelta(minutes=minutes_ago)
        return request.find_service(Incidents).create(texts, reported_at=reported_at).id


class TestRules:
    def test_a_change_leaves_running_clocks_unless_it_is_asked_to_move_them(self, work: Work) -> None:
        with work.write() as request:
            rule = request.find_service(Rules).add(values(level="III"))
            first = rule.id
        running, over = create(work, 10, level="III"), create(work, 90, level="III")
        with work.write() as request:
            rule, moved = request.find_service(Rules).replace(first, values(level="III", minutes=45), move=False)
            second = rule.id
            assert moved == 0
        with work.write() as request, pytest.raises(NoSuchRule):
            request.find_service(Rules).replace(first, values(minutes=1), move=True)
        assert due_after(work, running) == 60
        assert due_after(work, create(work, 0, level="III")) == 45
        with work.write() as request:  # what was closed and opened again keeps its clocks too
            request.find_service(Incidents).close(running)
            request.find_service(Incidents).reopen(running, "复燃")
        assert due_after(work, running) == 60
        with work.write() as request:
            for deadline in request.db.scalars(select(Deadline).where(Deadline.incident_id.in_([running, over]))):
                deadline.rule_id = second
            _rule, moved = request.find_service(Rules).replace(second, values(level="III", minutes=30), move=True)
            assert moved == 2  # the running one, and the new incident's; what is over stays over
        assert (due_after(work, running), due_after(work, over)) == (30, 60)
        with work.read() as request:
            lines = [e.data for e in request.db.get(Incident, running).entries if e.kind == "deadline_moved"]
            assert len(lines) == 1
            assert lines[0]["was"] > lines[0]["due_at"]
            actions = list(
                request.db.scalars(select(LedgerEntry.action).where(LedgerEntry.action.like("deadline_rule%")))
            )
            assert actions == ["deadline_rule.added", "deadline_rule.replaced", "deadline_rule.replaced"]

    def test_a_region_counts_and_a_rule_can_be_switched_off(self, work: Work) -> None:
        with work.write() as request:
            request.db.add_all([District(code="430100", name="云江市"), District(code="430102", name="临江区")])
            request.db.flush()
            city, ward = request.db.scalars(select(District).order_by(District.code))
            rules = request.find_service(Rules)
            rules.add(values())
            local, ward_id = rules.add(values(district_id=city.id, minutes=20)).id, str(ward.id)
        incident = create(work)
        assert due_after(work, incident) == 60
        with work.write() as request:
            request.find_service(Incidents).edit(incident, {"district_id": ward_id})
        assert due_after(work, incident) == 20
        with work.write() as request:
            request.find_service(Rules).switch(local, enabled=False)
        assert due_after(work, create(work, district_id=ward_id)) == 60


class TestDaily:
    def test_the_next_follow_up_is_set_until_the_incident_is_closed(self, work: Work, officer: int) -> None:
        with work.write() as request:
            rules = request.find_service(Rules)
            rules.add(values(report=PHONE, minutes=15))
            rules.add(values(report=FOLLOW_UP, minutes=0, daily="00:00,04:00,08:00,12:00,16:00,20:00"))
        incident = create(work)
        watch(work)
        watch(work)
        (first,) = follow_ups(work, incident)
        assert timedelta(0) < first.due_at - first.begins_at <= timedelta(hours=3)
        with work.write() as request:
            met = request.find_service(Deadlines).meet_reports(incident, frozenset({FOLLOW_UP}), officer)
            assert [deadline.report for deadline in met] == [FOLLOW_UP]
            request.db.get(Deadline, first.id).due_at = request.find_service(IClock).now() - timedelta(minutes=1)
        watch(work)
        assert len(follow_ups(work, incident)) == 2
        with work.write() as request:
            for deadline in request.db.scalars(select(Deadline).where(Deadline.report == FOLLOW_UP)):
                deadline.due_at = request.find_service(IClock).now() - timedelta(minutes=1)
            request.find_service(Incidents).close(incident)
        watch(work)
        assert len(follow_ups(work, incident)) == 2


def due_after(work: Work, incident_id: int) -> float:
    with work.read() as request:
        (deadline,) = request.db.get(Incident, incident_id).deadlines
        return (deadline.due_at - deadline.incident.reported_at).total_seconds() / 60


def follow_ups(work: Work, incident_id: int) -> list[Deadline]:
    with work.read() as request:
        found = list(
            request.db.scalars(
                select(Deadline).where(Deadline.incident_id == incident_id, Deadline.report == FOLLOW_UP)
            )
        )
        request.db.expunge_all()
        return found
