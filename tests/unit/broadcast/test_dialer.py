import random
import socket
from collections import Counter
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from broadcast.chooser import PATIENCE_WITH_LINES
from broadcast.dialer import Dialer
from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.calls.models import Leg
from dutycenter.interfaces import RefusedValue, SwitchError
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import BroadcastState, Outcome


def person_of(number: str) -> int:
    return int(number[7:10])


def mixed(manner, seed=7):
    """People of all kinds, the same for the same seed."""

    def script(number, nth):
        draw = random.Random(f"{seed} {number} {nth}")
        kind = draw.random()
        ring = draw.uniform(2, 12)
        if kind < 0.5:
            return manner(ring=ring, after=draw.uniform(1, 15))
        if kind < 0.6:
            return manner(ring=1, cause="USER_BUSY")
        if kind < 0.7:
            return manner(ring=99)
        if kind < 0.78:
            return manner(ring=0.5, cause="NO_USER_RESPONSE")
        if kind < 0.86:
            return manner(ring=ring, key="", heard=draw.random() < 0.5)
        if kind < 0.92:
            return manner(ring=ring, key="4")
        if kind < 0.96:
            return manner(ring=0.2, cause="UNALLOCATED_NUMBER")
        return manner(ring=0.1, cause="NORMAL_TEMPORARY_FAILURE")

    return script


def hold_the_rules(town, twin, broadcasts=1):
    """What must be true of every ended broadcast, whatever happened meanwhile."""
    assert twin.overlaps == [], "two legs to one person"
    with town.work.read() as request:
        db = request.db
        recipients = db.scalars(select(Recipient)).all()
        attempts = {a.id: a for a in db.scalars(select(Attempt))}
        assert recipients
        assert all(r.outcome is not None and r.outcome_at is not None for r in recipients)
        assert all(a.disposition is not None and a.ended_at is not None for a in attempts.values())
        assert {uuid for _, _, _, uuid in twin.begun} <= set(attempts), "a leg that is no row"
        assert set(db.scalars(select(Leg.channel_uuid))) == set(attempts)
        assert db.scalar(select(func.count()).select_from(Leg).where(Leg.ended_at.is_(None))) == 0
        for recipient in recipients:
            acknowledged = recipient.acknowledged_at
            assert (recipient.outcome is Outcome.ACKNOWLEDGED) == (acknowledged is not None)
            for attempt in recipient.attempts:
                assert acknowledged is None or attempt.created_at <= acknowledged, "called after acknowledging"
        actions = Counter(db.scalars(select(LedgerEntry.action)))
        assert actions["broadcast.called"] == actions["broadcast.attempt_ended"] == len(attempts)
        assert actions["broadcast.finished"] == broadcasts
        for broadcast in db.scalars(select(Broadcast)):
            assert broadcast.finished_at is not None
            assert broadcast.waits_for == ""


class TestOutcomes:
    def test_each_manner_has_its_outcome(self, town, manner):
        town.settle(9)
        town.gateway()
        town.launch()
        manners = {
            1: manner(cause="USER_BUSY"),
            2: manner(key="4"),
            3: manner(key=""),
            4: manner(key="", heard=False),
            5: manner(ring=99),
            6: manner(cause="UNALLOCATED_NUMBER"),
            8: manner(key="3"),
        }

        def script(number, nth):
            if person_of(number) == 7:
                return manner(cause="NO_USER_RESPONSE") if nth == 1 else manner()
            return manners.get(person_of(number), manner())

        twin = town.twin(script)
        town.play(twin, town.dialer(twin))
        hold_the_rules(town, twin)
        assert town.outcomes() == {
            "人0": "acknowledged",
            "人1": "not_reached",
            "人2": "declined",
            "人3": "reached",
            "人4": "not_reached",
            "人5": "not_reached",
            "人6": "not_reached",
            "人7": "acknowledged",
            "人8": "reached",
        }
        calls = Counter(person_of(number) for number in twin.calls.elements())
        assert calls[0] == calls[2] == 1, "called again after an answer that is final"
        assert calls[1] == calls[3] == calls[5] == calls[8] == 4, (
            "two numbers, two rounds; the desk is no acknowledgement"
        )
        assert calls[6] == 2, "a number that does not exist is called once"

    def test_sixty_people_over_twenty_channels(self, small_town, manner):
        town = small_town
        town.settle(60)
        town.gateway(channels=24, reserved=4, cps=10)
        town.launch(channels=50, rounds=3)
        twin = town.twin(mixed(manner))
        town.play(twin, town.dialer(twin))
        hold_the_rules(town, twin)
        assert twin.most_up == 20, "the hotline keeps its channels, and the others are used"
        times = [at for at, *_ in twin.begun]
        assert max(sum(t <= other < t + 1 for other in times) for t in times) <= 11
        assert Counter(town.outcomes().values())["acknowledged"] > 30

    def test_a_broadcast_keeps_to_its_own_channels_too(self, small_town):
        small_town.settle(12)
        small_town.gateway()
        small_town.launch(channels=3)
        twin = small_town.twin()
        small_town.play(twin, small_town.dialer(twin))
        assert twin.most_up == 3

    @pytest.mark.parametrize(("cause", "rest"), [("USER_BUSY", 22.5), ("NO_ANSWER", 45), ("SUBSCRIBER_ABSENT", 135)])
    def test_the_same_number_rests_as_its_failure_asks_before_it_is_tried_again(self, small_town, manner, cause, rest):
        small_town.settle(2, numbers=2)
        small_town.gateway()
        small_town.launch(rounds=3, pause=45)
        twin = small_town.twin(lambda number, nth: manner(ring=1, cause=cause))
        small_town.play(twin, small_town.dialer(twin))
        by_number = {number: [at for at, n, *_ in twin.begun if n == number] for number in twin.calls}
        assert all(len(times) == 3 for times in by_number.values())
        assert all(rest <= b - a < rest + 5 for times in by_number.values() for a, b in pairwise(times))
        first, second = by_number["13800000000"][0], by_number["13800000001"][0]
        assert second - first < 3, "the next number follows at once"


class TestTheSwitch:
    def test_a_refused_call_has_its_disposition_and_the_person_is_pursued(self, small_town):
        small_town.settle(2, numbers=2)
        small_town.gateway()
        small_town.launch()
        twin = small_town.twin()
        take = twin.originate

        def refuse(leg):
            if leg.number == "13800000000":
                raise RefusedValue("a number cannot be that")
            if leg.number == "13800000010":
                raise SwitchError("-ERR INVALID_PROFILE")
            take(leg)

        twin.originate = refuse
        small_town.play(twin, small_town.dialer(twin))
        hold_the_rules(small_town, twin)
        assert set(small_town.outcomes().values()) == {"acknowledged"}
        # The trunk's fault is no try of the number, so often; the next counts, and the other number follows.
        fault = {"gateway_down": PATIENCE_WITH_LINES + 1}
        assert small_town.dispositions() == {"acknowledged": 2, "no_such_number": 1} | fault

    @pytest.mark.parametrize("dies", [True, False])
    def test_it_is_away_and_comes_back(self, small_town, manner, dies):
        town = small_town
        town.settle(14)
        town.gateway()
        made = town.launch()
        twin = town.twin(mixed(manner))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone > 8)
        if dies:
            twin.crash()
        else:
            twin.away = True
        begun = len(twin.begun)
        town.play(twin, dialer, until=lambda: town.clock.gone > 40)
        assert len(twin.begun) == begun
        with town.work.read() as request:
            assert request.db.get(Broadcast, made).waits_for == "switch"
        twin.away = False
        dialer.on_connect()
        town.play(twin, dialer)
        hold_the_rules(town, twin)

    @pytest.mark.parametrize("seed", range(3))
    def test_events_come_twice_late_out_of_order_or_never(self, small_town, manner, seed):
        small_town.settle(16)
        small_town.gateway()
        small_town.launch()
        twin = small_town.twin(mixed(manner, seed))
        dialer = small_town.dialer(twin)
        draw = random.Random(seed)

        def garble(events):
            told = []
            for event in events * 2:
                fate = draw.random()
                if fate < 0.25:
                    continue
                if fate < 0.5:
                    twin.at(draw.uniform(0, 30), lambda event=event: dialer.on_event(event))
                else:
                    told.append(event)
            draw.shuffle(told)
            return told

        twin.garble = garble
        small_town.play(twin, dialer)
        hold_the_rules(small_town, twin)

    def test_a_leg_that_never_ends_is_taken_down(self, small_town):
        small_town.settle(1, numbers=1)
        small_town.gateway()
        small_town.launch(rounds=1)
        twin = small_town.twin()
        twin.originate = lambda leg: twin.up.__setitem__(leg.channel_uuid, leg)
        small_town.play(twin, small_town.dialer(twin))
        assert len(twin.dropped) == 1
        assert small_town.dispositions() == {"dropped": 1}

    def test_a_leg_that_appears_after_it_was_given_up_is_taken_down(self, small_town, manner):
        small_town.settle(1, numbers=1)
        small_town.gateway()
        small_town.launch(rounds=1)
        twin = small_town.twin(lambda number, nth: manner(ring=1, cause="USER_BUSY"))
        take, late = twin.originate, []
        twin.originate = lambda leg: take(leg) if late else late.append(leg)
        dialer = small_town.dialer(twin)
        small_town.play(twin, dialer, until=lambda: small_town.dispositions()["lost"] == 1)
        twin.up[late[0].channel_uuid] = late[0]
        twin._owners[late[0].channel_uuid] = "late"
        small_town.play(twin, dialer)
        assert late[0].channel_uuid in twin.dropped or not small_town.running()


class TestGateways:
    def test_when_one_fails_the_other_is_used(self, small_town):
        small_town.settle(15)
        small_town.gateway("cheap", channels=8, reserved=0)
        small_town.gateway("dear", channels=8, reserved=0, cost=2.0)
        small_town.launch()
        twin = small_town.twin()
        twin.dead_gateways = {"cheap"}
        small_town.play(twin, small_town.dialer(twin))
        hold_the_rules(small_town, twin)
        assert set(small_town.outcomes().values()) == {"acknowledged"}
        assert small_town.dispositions()["gateway_down"] <= 20

    def test_when_all_fail_it_waits_says_so_and_goes_on(self, small_town):
        small_town.settle(5)
        small_town.gateway()
        made = small_town.launch()
        twin = small_town.twin()
        twin.dead_gateways = {"pstn"}
        dialer = small_town.dialer(twin)
        small_town.play(twin, dialer, until=lambda: small_town.clock.gone > 100)
        with small_town.work.read() as request:
            assert request.db.get(Broadcast, made).waits_for == "lines"
        assert len(twin.begun) < 20, "a dead trunk is left alone"
        twin.dead_gateways = set()
        small_town.play(twin, dialer)
        hold_the_rules(small_town, twin)
        assert set(small_town.outcomes().values()) == {"acknowledged"}

    def test_a_number_goes_only_where_its_prefix_is_allowed(self, small_town):
        small_town.settle(6, numbers=1)
        small_town.gateway("a", prefixes="13800000,0731")
        small_town.gateway("b", prefixes="139,138000001")
        small_town.launch()
        twin = small_town.twin()
        small_town.play(twin, small_town.dialer(twin))
        assert {gateway for _, _, gateway, _ in twin.begun} == {"a"}


class TestOverload:
    """More legs than the conversations, or the switch, can carry."""

    def test_whom_no_conversation_took_is_called_again_without_using_up_a_round_and_fewer_are_called(
        self, small_town, manner
    ):
        town, most = small_town, 12
        town.settle(120, numbers=1)
        town.gateway(channels=60, reserved=0, cps=20)
        made = town.launch(channels=60, rounds=1)
        twin = town.twin(lambda number, nth: manner(ring=3, after=15))
        twin.converses = most
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone > 30)
        with town.work.read() as request:
            assert request.db.get(Broadcast, made).waits_for == "slower"
        assert twin.most_up > 3 * most, "too many at first"
        assert len(twin.up) < 2 * most
        twin.converses = float("inf")  # somebody mended it
        town.play(twin, dialer, until=lambda: not dialer.lines.yielding or not town.running())
        town.play(twin, dialer)
        hold_the_rules(town, twin)
        assert set(town.outcomes().values()) == {"acknowledged"}, "one round each, and nobody's was used up by us"
        assert town.dispositions() == {"acknowledged": 120, "lost": len(twin.left)}
        with town.work.read() as request:
            hindered = list(
                request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "broadcast.hindered"))
            )
        assert any('"slower"' in data for data in hindered)

    def test_calls_for_which_the_switch_had_no_room_blame_no_telephone(self, small_town, manner):
        town = small_town
        town.settle(60, numbers=1)
        town.gateway(channels=60, reserved=0, cps=30)
        town.launch(channels=60, rounds=1)
        twin = town.twin(lambda number, nth: manner(ring=3, after=10))
        twin.admits = 15
        town.play(twin, town.dialer(twin))
        hold_the_rules(town, twin)
        assert set(town.outcomes().values()) == {"acknowledged"}
        refused = town.dispositions()["congestion"]
        assert town.dispositions() == {"acknowledged": 60, "congestion": refused}
        assert 0 < refused < 120

    def test_a_switch_that_replies_late_is_given_less(self, small_town):
        town = small_town
        town.settle(30)
        town.gateway(channels=30, reserved=0, cps=50)
        town.launch()
        twin = town.twin()
        take = twin.originate_all

        def late(legs, told):
            town.clock.gone += 3.5
            take(legs, told)

        twin.originate_all = late
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: dialer.lines.yielding)
        twin.originate_all = take
        town.play(twin, dialer)
        hold_the_rules(town, twin)
        assert set(town.outcomes().values()) == {"acknowledged"}


class TestByHand:
    def test_who_has_acknowledged_elsewhere_rings_no_more(self, town, manner):
        town.settle(3)
        town.gateway()
        town.launch()
        twin = town.twin(lambda number, nth: manner(ring=25))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: len(twin.up) == 3)
        with town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).order_by(Recipient.id)).first()
            recipient.acknowledged_at = recipient.outcome_at = town.clock.now()
            recipient.outcome = Outcome.ACKNOWLEDGED
        town.play(twin, dialer)
        hold_the_rules(town, twin)
        assert len(twin.dropped) == 1
        assert town.dispositions() == {"dropped": 1, "acknowledged": 2}

    def test_pause_begins_nothing_new_and_resume_goes_on(self, small_town):
        small_town.settle(12)
        small_town.gateway()
        made = small_town.launch(channels=4)
        twin = small_town.twin()
        dialer = small_town.dialer(twin)
        small_town.play(twin, dialer, until=lambda: small_town.clock.gone > 5)
        with small_town.work.write() as request:
            request.find_service(Broadcasts).pause(made)
        small_town.play(twin, dialer, until=lambda: small_town.clock.gone > 7)
        begun = len(twin.begun)
        small_town.play(twin, dialer, until=lambda: small_town.clock.gone > 60)
        assert (len(twin.begun), len(twin.up)) == (begun, 0)
        with small_town.work.write() as request:
            request.find_service(Broadcasts).resume(made)
        small_town.play(twin, dialer)
        hold_the_rules(small_town, twin)
        assert len(twin.begun) == 12

    def test_stop_drops_what_rings_and_lets_listeners_hear_it_out(self, town, manner):
        town.settle(16)
        town.gateway()
        made = town.launch(channels=10)
        twin = town.twin(lambda number, nth: manner(ring=1 if person_of(number) % 2 else 28, after=20))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone > 6)
        with town.work.write() as request:
            request.find_service(Broadcasts).stop(made)
        town.play(twin, dialer)
        hold_the_rules(town, twin)
        counts = Counter(town.outcomes().values())
        assert counts["acknowledged"] == 5
        assert counts["not_reached"] == 5
        assert counts["not_called"] == 6
        with town.work.read() as request:
            assert request.db.get(Broadcast, made).state is BroadcastState.STOPPED

    def test_one_more_call_now_whatever_the_rounds_say(self, small_town, manner):
        small_town.settle(2, numbers=1)
        small_town.gateway()
        small_town.launch(rounds=1)
        twin = small_town.twin(
            lambda number, nth: manner(ring=25, after=30) if person_of(number) else manner(cause="USER_BUSY")
        )
        dialer = small_town.dialer(twin)
        small_town.play(twin, dialer, until=lambda: small_town.dispositions()["busy"] == 1)
        with small_town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).order_by(Recipient.id)).first()
            assert request.find_service(Broadcasts).call_again(recipient.id)
        small_town.play(twin, dialer)
        hold_the_rules(small_town, twin)
        assert twin.calls["13800000000"] == 2


class TestDialers:
    def test_one_that_died_is_followed_by_another(self, small_town, manner):
        town = small_town
        town.settle(16)
        town.gateway()
        town.launch()
        twin = town.twin(mixed(manner))
        for life in range(4):
            # The process is gone: nobody of this host has that number.
            dialer = town.dialer(twin, owner=f"{socket.gethostname()[:40]}:{2**22 + life}")
            town.play(twin, dialer, until=lambda life=life: town.clock.gone > 4 * (life + 1))
        last = town.dialer(twin)
        town.play(twin, last)
        hold_the_rules(town, twin)

    def test_one_that_dies_after_it_wrote_a_legs_end_leaves_nothing_open(self, small_town, manner):
        """The end is in the row, the conversation's word never comes: the next dialer must run out of patience too."""
        town = small_town
        town.settle(1, numbers=1)
        town.gateway()
        town.launch(rounds=1)
        twin = town.twin(lambda number, nth: manner(ring=1, after=20))
        first = town.dialer(twin, owner=f"{socket.gethostname()[:40]}:{2**22}")
        town.play(twin, first, until=lambda: bool(twin.answered))
        twin.lose_conversations()

        def end_is_written() -> bool:
            with town.work.read() as request:
                return request.db.scalars(select(Attempt.ended_at)).one() is not None

        town.play(twin, first, until=end_is_written)
        assert town.dispositions() == {"open": 1}
        town.play(twin, town.dialer(twin), limit=120)
        hold_the_rules(town, twin)
        assert town.dispositions() == {"lost": 1, "acknowledged": 1}, "that was our failure: no round is used up"

    def test_one_that_dies_between_writing_and_doing_forgets_nobody(self, town):
        town.settle(10)
        town.gateway()
        town.launch()
        twin = town.twin()
        take = twin.originate

        class Died(BaseException):
            pass

        def die(leg):
            twin.originate = take
            raise Died

        twin.originate = die
        with pytest.raises(Died):
            town.play(twin, town.dialer(twin, owner=f"{socket.gethostname()[:40]}:{2**22}"))
        town.play(twin, town.dialer(twin))
        hold_the_rules(town, twin)
        assert set(town.outcomes().values()) == {"acknowledged"}
        assert town.dispositions()["lost"] >= 1

    def test_one_that_stood_still_writes_nothing_after_another_took_over(self, small_town, manner):
        town = small_town
        town.settle(10)
        town.gateway()
        town.launch(channels=4)
        twin = town.twin(mixed(manner))
        first = town.dialer(twin, owner="elsewhere:1")
        town.play(twin, first, until=lambda: town.clock.gone > 5)
        second = Dialer(town.work, twin, "elsewhere:2")
        second.on_connect()
        town.play(twin, second, until=lambda: town.clock.gone > 30)
        assert second.runs
        twin.deliver = lambda event: (first.on_event(event), second.on_event(event))
        first.step()
        assert first.runs == {}
        town.play(twin, first, second)
        hold_the_rules(town, twin)

    def test_two_share_the_lines_and_never_ring_one_person_twice(self, town, manner):
        town.settle(14)
        town.gateway(channels=12, reserved=4, cps=6)
        town.launch()
        twin = town.twin(mixed(manner))
        one, other = Dialer(town.work, twin, "elsewhere:1"), Dialer(town.work, twin, "elsewhere:2")
        for dialer in (one, other):
            dialer.on_connect()
        twin.deliver = lambda event: (one.on_event(event), other.on_event(event))
        one.step()
        town.launch(title="第二次")
        other.step()
        assert len(one.runs) == len(other.runs) == 1
        town.play(twin, one, other)
        hold_the_rules(town, twin, broadcasts=2)
        assert twin.most_up <= 8
        times = [at for at, *_ in twin.begun]
        assert max(sum(t <= later < t + 1 for later in times) for t in times) <= 8

    def test_what_fails_in_a_step_is_loaded_again(self, small_town, monkeypatch):
        small_town.settle(6)
        small_town.gateway()
        small_town.launch()
        twin = small_town.twin()
        dialer = small_town.dialer(twin)
        take, failures = twin.originate, iter([True, False, False, True])

        def fail(leg):
            take(leg)
            if next(failures, False):
                raise RuntimeError("a fault that nobody foresaw")

        twin.originate = fail
        monkeypatch.setattr(dialer, "step", dialer.guarded_step.__func__.__get__(_Stepper(dialer)))
        small_town.play(twin, dialer, limit=600)
        hold_the_rules(small_town, twin)
        assert set(small_town.outcomes().values()) == {"acknowledged"}


class _Stepper:
    """``guarded_step`` in the place of ``step``, for a test that lets steps fail."""

    def __init__(self, dialer):
        self.step, self.runs, self.reminders = dialer.step, dialer.runs, dialer.reminders
