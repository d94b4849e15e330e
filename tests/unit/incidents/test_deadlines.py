"""The clocks of an incident: the rule that fits, one warning, one miss."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from dutycenter.incidents.deadlines import Deadlines, NoSuchDeadline, watch
from dutycenter.incidents.models import Deadline, DeadlineRule, Incident
from dutycenter.incidents.rules.fitting import PHONE, WRITTEN
from dutycenter.incidents.samples import DAILY, SAMPLES, seed_deadline_rules
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import IncidentClass
from dutycenter.work import Work


@pytest.fixture(autouse=True)
def rules(work: Work) -> None:
    with work.write() as request:
        assert seed_deadline_rules(request.db) == len(SAMPLES) + len(DAILY)
        assert seed_deadline_rules(request.db) == 0


def create(work: Work, minutes_ago: float = 0, **texts: str) -> int:
    with work.write() as request:
        now = request.find_service(IClock).now()
        return request.find_service(Incidents).create(texts, reported_at=now - timedelta(minutes=minutes_ago)).id


def clocks(work: Work, incident_id: int) -> dict[str, float]:
    with work.read() as request:
        incident = request.db.get(Incident, incident_id)
        return {d.report: (d.due_at - incident.reported_at).total_seconds() / 60 for d in incident.deadlines}


def said(work: Work) -> list[str]:
    with work.read() as request:
        actions = select(LedgerEntry.action).where(LedgerEntry.action.in_(["deadline.near", "deadline.missed"]))
        return list(request.db.scalars(actions.order_by(LedgerEntry.id)))


class TestApplyRules:
    @pytest.mark.parametrize(
        ("texts", "expected"),
        [
            ({}, {}),
            ({"level": "II"}, {PHONE: 15, WRITTEN: 35}),
            ({"level": "III"}, {WRITTEN: 60}),
            ({"incident_class": "health"}, {WRITTEN: 120}),
            ({"incident_class": "health", "level": "II"}, {PHONE: 15, WRITTEN: 35}),
            ({"incident_class": "health", "level": "IV"}, {WRITTEN: 120}),
        ],
    )
    def test_the_rule_that_fits_best_counts(
        self, work: Work, texts: dict[str, str], expected: dict[str, float]
    ) -> None:
        assert clocks(work, create(work, **texts)) == expected

    def test_class_and_level_together_come_before_one_of_them(self, work: Work) -> None:
        with work.write() as request:
            request.db.add(
                DeadlineRule(
                    incident_class=IncidentClass.HEALTH, level="II", report=WRITTEN, minutes=90, citation="本地"
                )
            )
        assert clocks(work, create(work, incident_class="health", level="II"))[WRITTEN] == 90

    def test_a_new_level_moves_the_clocks(self, work: Work) -> None:
        incident = create(work, level="III")
        with work.write() as request:
            request.find_service(Incidents).edit(incident, {"level": "I"})
        assert clocks(work, incident) == {PHONE: 15, WRITTEN: 35}
        with work.write() as request:
            request.find_service(Incidents).edit(incident, {"level": ""})
        assert clocks(work, incident) == {}

    def test_each_clock_says_where_its_rule_stands(self, work: Work) -> None:
        create(work, incident_class="accident")
        with work.read() as request:
            assert "493" in request.db.scalars(select(Deadline)).one().citation


class TestMeet:
    def test_it_stops_the_clock_and_can_be_undone(self, work: Work, officer: int) -> None:
        create(work, level="III")
        with work.write() as request:
            deadlines = request.find_service(Deadlines)
            (running,) = deadlines.running()
            assert deadlines.meet(running.id, officer).met_by_id == officer
            assert deadlines.meet(running.id, officer).met_at is not None
            assert deadlines.running() == []
            deadlines.undo_meet(running.id)
            assert deadlines.running() == [running]

    def test_what_was_met_late_says_so(self, work: Work, officer: int) -> None:
        create(work, minutes_ago=61, level="III")
        with work.write() as request:
            deadlines = request.find_service(Deadlines)
            deadlines.meet(deadlines.running()[0].id, officer)
        with work.read() as request:
            data = request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "deadline.met")).one()
            assert json.loads(data)["late"] is True

    def test_an_unknown_one_is_not_found(self, work: Work, officer: int) -> None:
        with work.write() as request, pytest.raises(NoSuchDeadline):
            request.find_service(Deadlines).meet(4711, officer)


class TestWatch:
    def test_it_is_quiet_while_there_is_time(self, work: Work) -> None:
        create(work, minutes_ago=30, level="III")
        watch(work)
        assert said(work) == []

    def test_it_warns_once_in_the_last_third(self, work: Work) -> None:
        create(work, minutes_ago=45, level="III")
        watch(work)
        watch(work)
        assert said(work) == ["deadline.near"]

    def test_it_says_once_that_it_is_over(self, work: Work) -> None:
        create(work, minutes_ago=61, level="III")
        watch(work)
        watch(work)
        assert said(work) == ["deadline.missed"]

    def test_closed_incidents_have_no_clocks(self, work: Work) -> None:
        incident = create(work, minutes_ago=61, level="III")
        with work.write() as request:
            request.find_service(Incidents).close(incident)
        watch(work)
        assert said(work) == []
