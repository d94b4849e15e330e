"""Forecasts, explanations and what is known of numbers: from rows, here and in a process of their own."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcast.forecasts.answers import Answering
from broadcast.forecasts.asking import Desk, ForesightAway
from broadcast.history import jobs
from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.vocabulary import RecipientRole


@pytest.fixture
def answering(town):
    return Answering(town.work.registry["dutycenter.engine"], town.work.settings.time_zone)


def launch(town, **more):
    asked = {
        "kind": "launch", "people": town.people, "turns": {}, "channels": 5, "rounds": 3, "pause": 60,
        "ring_timeout": 30, "message_seconds": 20, "goal": "", "goal_seconds": None, "likeliest_first": False,
        "rehearsed": True, "kept_free": [], "calls": len(town.people), "now": town.clock.now().isoformat(),
    }  # fmt: skip
    return asked | more


class TestLaunch:
    def test_more_lines_are_sooner_and_a_longer_message_later(self, town, answering):
        town.settle(40)
        town.gateway()
        told = answering.answer(launch(town))
        assert told["lines"] == 5
        assert told["more"]["lines"] == 10
        median, low, high = told["t80"]
        assert told["more"]["t80"][0] < median
        assert low <= median <= (high or float("inf"))
        longer = answering.answer(launch(town, message_seconds=90))
        assert longer["t80"][0] > median

    def test_no_line_out_of_service_is_promised(self, town, answering):
        town.settle(40)
        town.gateway(channels=11, reserved=4)
        town.gateway(name="backup", channels=20, enabled=False)
        told = answering.answer(launch(town))
        assert told["lines"] == 5
        assert told["more"]["lines"] == 7

    def test_no_more_lines_are_told_than_there_is_to_call(self, town, answering):
        town.settle(3)
        town.gateway()
        told = answering.answer(launch(town))
        assert told["lines"] == 3
        assert "more" not in told
        assert answering.answer(launch(town, calls=4))["lines"] == 4

    def test_a_shorter_ring_loses_who_answers_late(self, town, answering):
        town.settle(40, numbers=1)
        town.gateway()
        long, short = (answering.answer(launch(town, ring_timeout=seconds)) for seconds in (30, 10))
        assert short["reached"] < 0.9 * long["reached"]

    def test_where_people_answer_at_once_a_shorter_ring_is_offered(self, town, answering, manner):
        town.settle(80)
        town.gateway(channels=104)
        twin = town.twin(lambda number, nth: manner(ring=4.0 if int(number) % 30 in (0, 10) else 60.0))
        dialer = town.dialer(twin)
        town.launch(rounds=1, ring_timeout=30)
        town.play(twin, dialer)
        jobs.count(town.work)
        told = answering.answer(launch(town))
        assert told["ring"]["seconds"] < 20
        assert told["ring"]["t80"][0] < 0.95 * told["t80"][0]
        assert "ring" not in answering.answer(launch(town, ring_timeout=told["ring"]["seconds"]))
        assert "ring" not in answering.answer(launch(town, channels=100)), "nobody waits for a line"

    def test_the_goal_has_a_chance_and_the_unlikely_have_names(self, town, answering):
        town.settle(12, numbers=1)
        town.gateway()
        told = answering.answer(launch(town, goal="局长 within 1 min", rounds=1))
        assert 0.0 < told["goal"]["chance"] < 1.0
        assert told["goal"]["within"] == 60.0
        assert {one["name"] for one in told["unlikely"]} <= {f"人{n}" for n in range(12)}
        assert told["unlikely"]

    def test_without_a_line_or_people_it_says_so(self, town, answering):
        town.settle(2)
        assert answering.answer(launch(town)) == {"people": 0, "lines": 0}
        town.gateway(channels=4, reserved=4)
        assert answering.answer(launch(town))["lines"] == 0


class TestLive:
    def test_it_goes_on_from_where_the_broadcast_stands(self, town, answering, manner):
        town.settle(30)
        town.gateway()
        made = town.launch(channels=3, goal="局长×3")
        question = {"kind": "live", "broadcast": made}
        before = answering.answer(question | {"now": town.clock.now().isoformat()})
        twin = town.twin(lambda number, nth: manner(ring=4.0, after=25.0))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone > 120)
        with town.work.read() as request:
            acknowledged = request.db.scalars(
                select(Recipient).where(Recipient.acknowledged_at.is_not(None))
            ).all()  # fmt: skip
        told = answering.answer(question | {"now": town.clock.now().isoformat()})
        assert told["acknowledged"] == len(acknowledged) > 3
        assert told["goal"]["chance"] >= before["goal"]["chance"]
        assert [p for p in told["curve"] if p[0] <= told["now"]][-1][1] == pytest.approx(len(acknowledged) / 30)
        assert told["t80"][0] > told["now"]

    def test_superiors_who_are_told_of_others_are_not_counted(self, town, answering):
        town.settle(10)
        town.gateway()
        made = town.launch(channels=5)
        with town.work.write() as request:
            superior = request.db.scalars(select(Recipient)).first()
            superior.role, superior.acknowledged_at = RecipientRole.SUPERIOR, town.clock.now()
        told = answering.answer({"kind": "live", "broadcast": made, "now": town.clock.now().isoformat()})
        assert (told["people"], told["acknowledged"]) == (9, 0)
        assert all(low == 0.0 for at, _, low, _ in told["curve"] if at == 0.0)


class TestWhy:
    @pytest.fixture
    def running(self, town, manner):
        town.settle(6, numbers=2)
        town.gateway()
        made = town.launch(channels=1)
        twin = town.twin(lambda number, nth: manner(ring=20.0, cause="NO_ANSWER"))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone > 8)
        return made

    def why(self, town, answering, made):
        with town.work.read() as request:
            ids = request.db.scalars(select(Recipient.id).where(Recipient.broadcast_id == made)).all()
        now = town.clock.now().isoformat()
        return [answering.answer({"kind": "why", "broadcast": made, "recipient": r, "now": now}) for r in ids]

    def test_one_is_called_and_the_others_wait_for_the_line_in_one_order(self, town, answering, running):
        told = self.why(town, answering, running)
        grounds = [one["ground"] for one in told]
        assert grounds.count("live") == 1
        assert set(grounds) == {"live", "no_line"}
        assert [one["busy"] for one in told] == [1] * 6
        assert sorted(one["ahead"] for one in told if one["ahead"] is not None) == list(range(5))

    def test_who_rests_is_told_until_when(self, town, answering, manner):
        town.settle(1, numbers=1)
        town.gateway()
        made = town.launch(pause=100)
        twin = town.twin(lambda number, nth: manner(ring=2.0, cause="NO_ANSWER"))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone > 30)
        told = self.why(town, answering, made)[0]
        assert told["ground"] == "resting"
        assert 95 < told["until"] < 110
        assert told["numbers"][0]["last"] == "no_answer"


class TestDesk:
    def test_a_process_of_its_own_answers_the_same_and_survives_a_bad_question(self, town, answering):
        town.settle(8)
        town.gateway()
        desk = Desk(town.work.settings.database_url, town.work.settings.time_zone.key)
        question = launch(town)
        try:
            if town.work.registry["dutycenter.engine"].url.get_backend_name() == "sqlite":
                asked = {name: value for name, value in question.items() if name != "kind"}
                assert desk.ask("launch", **asked)["t80"] == answering.answer(question)["t80"]
            with pytest.raises(ForesightAway, match="KeyError"):
                desk.ask("launch", now=question["now"])
            assert desk.ask("numbers", numbers=[], rehearsed=True, now=question["now"])["numbers"] == []
        finally:
            desk.close()


def test_a_stopped_broadcast_needs_no_forecast_of_who_was_taken_out(town, answering):
    town.settle(4)
    town.gateway()
    made = town.launch()
    with town.work.write() as request:
        request.find_service(Broadcasts).stop(made)
        assert request.db.get(Broadcast, made).finished_at is None
    told = answering.answer({"kind": "live", "broadcast": made, "now": town.clock.now().isoformat()})
    assert told["people"] == 4
