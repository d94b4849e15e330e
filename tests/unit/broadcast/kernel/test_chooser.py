"""The live chooser: who is called, who is not, and why."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast.kernel import (
    Chooser,
    Code,
    Decision,
    Gateway,
    Ground,
    Number,
    Person,
    Plan,
    PlanError,
    Rank,
    Rules,
    Snapshot,
    forecast,
)

SIMPLE = Rules(pause={Code.BUSY: 60.0, Code.NO_ANSWER: 180.0})
ONE = Gateway(1, 1000.0)


def people(*chances: float, weight: float = 1.0) -> list[Person]:
    return [Person([Number(p, rules=SIMPLE)], weight=weight) for p in chances]


def test_it_calls_the_best_index_first() -> None:
    plan = Plan([*people(0.2, 0.9), Person([Number(0.5, rules=SIMPLE)], weight=3.0)], [Gateway(9, 1000.0, burst=9)])
    chooser = Chooser(plan)
    assert [chooser.next(0.0).recipient for _ in range(3)] == [2, 1, 0]  # type: ignore[union-attr]
    assert chooser.next(0.0) is None


def test_a_tier_goes_before_any_weight() -> None:
    plan = Plan([Person([Number(0.9)], weight=1e9, tier=1), Person([Number(0.1)], tier=0)], [ONE])
    assert Chooser(plan).next(0.0) == Decision(1, 0, 0)


def test_the_next_number_is_called_at_once_and_the_first_after_its_pause() -> None:
    chooser = Chooser(Plan([Person([Number(0.9, rules=SIMPLE), Number(0.2, rules=SIMPLE)])], [ONE]))
    assert chooser.next(0.0) == Decision(0, 0, 0)
    chooser.ended(0, 0, Code.BUSY, 3.0)
    assert chooser.next(3.0) == Decision(0, 1, 0)
    chooser.ended(0, 1, Code.NO_ANSWER, 33.0)
    assert chooser.next(33.0) is None
    assert chooser.wake_at == pytest.approx(63.0, abs=0.14)
    assert chooser.wake_at is not None
    assert chooser.wake_at >= 63.0
    assert chooser.next(62.9) is None
    assert chooser.next(chooser.wake_at or 0.0) == Decision(0, 0, 0)


def test_ordered_numbers_are_called_in_their_order() -> None:
    numbers = [Number(p, rules=SIMPLE) for p in (0.1, 0.5, 0.9)]
    chooser = Chooser(Plan([Person(numbers, ordered=True)], [ONE]))
    called = []
    for k in range(3):
        decision = chooser.next(float(k))
        assert decision is not None
        called.append(decision.number)
        chooser.ended(0, decision.number, Code.NO_ANSWER, float(k))
    assert called == [0, 1, 2]


def test_nobody_is_called_after_the_acknowledgement() -> None:
    chooser = Chooser(Plan([Person([Number(0.5), Number(0.4)])], [ONE]))
    chooser.next(0.0)
    assert [leg.number for leg in chooser.acknowledged(0, 5.0)] == [0]
    assert chooser.ended(0, 0, Code.ACKNOWLEDGED, 6.0)
    assert chooser.next(1e6) is None
    assert chooser.finished
    assert chooser.why(0, 7.0).ground is Ground.ACKNOWLEDGED


@pytest.mark.parametrize(("code", "ground"), [(Code.DECLINED, Ground.CLOSED), (Code.ACKNOWLEDGED, Ground.ACKNOWLEDGED)])
def test_an_answer_that_settles_ends_the_person(code: Code, ground: Ground) -> None:
    chooser = Chooser(Plan([Person([Number(0.5), Number(0.4)])], [ONE]))
    chooser.next(0.0)
    chooser.ended(0, 0, code, 9.0)
    assert chooser.next(1e6) is None
    assert chooser.why(0, 9.0).ground is ground


def test_a_dead_number_is_not_called_again() -> None:
    chooser = Chooser(Plan([Person([Number(0.9, rules=SIMPLE)])], [ONE]))
    chooser.next(0.0)
    chooser.ended(0, 0, Code.NO_SUCH_NUMBER, 1.0)
    assert chooser.next(1e6) is None
    assert chooser.why(0, 2.0).ground is Ground.EXHAUSTED


def test_a_failure_of_the_network_costs_no_try() -> None:
    chooser = Chooser(Plan([Person([Number(0.9, rules=SIMPLE, tries=1)])], [ONE]))
    for at in (0.0, 100.0, 200.0):
        assert chooser.next(at) is not None
        chooser.ended(0, 0, Code.CONGESTION, at)
    assert chooser.next(300.0) is not None
    chooser.ended(0, 0, Code.BUSY, 300.0)
    assert chooser.next(1e6) is None


def test_channels_tokens_and_reserve_are_respected() -> None:
    plan = Plan(people(*[0.5] * 9), [Gateway(5, 2.0, burst=2, reserved=2)])
    chooser = Chooser(plan)
    assert chooser.next(0.0)
    assert chooser.next(0.0)
    assert chooser.next(0.0) is None
    assert chooser.wake_at == pytest.approx(0.5)
    assert chooser.next(0.5)
    assert chooser.next(60.0) is None
    assert chooser.wake_at is None  # three of five lines; the others are the hotline's


def test_gateways_by_prefix_and_cost() -> None:
    plan = Plan(
        [Person([Number(0.9, gateways=0b10)]), Person([Number(0.5)]), Person([Number(0.4)])],
        [Gateway(1, 1000.0, cost=1.0), Gateway(2, 1000.0, burst=2, cost=2.0)],
    )
    chooser = Chooser(plan)
    assert [chooser.next(0.0) for _ in range(3)] == [Decision(0, 0, 1), Decision(1, 0, 0), Decision(2, 0, 1)]


def test_a_blocked_gateway_does_not_hold_up_the_others() -> None:
    plan = Plan(
        [Person([Number(0.9, gateways=0b01)]), Person([Number(0.1, gateways=0b10)])],
        [Gateway(1, 1000.0), Gateway(1, 1000.0)],
    )
    chooser = Chooser(plan)
    chooser.set_gateway(0, 0, 1.0)
    assert chooser.next(0.0) == Decision(1, 0, 1)
    assert chooser.next(0.0) is None
    assert chooser.why(0, 0.0).ground is Ground.NO_LINE
    chooser.free(0, 1)
    assert chooser.next(0.0) == Decision(0, 0, 0)


def test_the_fairness_bound_calls_anybody() -> None:
    plan = Plan([*people(0.9, 0.9, 0.9, weight=100.0), *people(0.01, weight=0.0)], [ONE], fairness=10.0)
    chooser = Chooser(plan)
    assert chooser.next(0.0) == Decision(0, 0, 0)
    chooser.ended(0, 0, Code.NO_ANSWER, 11.0)
    assert chooser.why(3, 11.0).overdue
    first = [chooser.next(11.0)]
    for at in (12.0, 13.0):
        running = chooser.legs[0]
        chooser.ended(running.recipient, running.number, Code.NO_ANSWER, at)
        first.append(chooser.next(at))
    assert {d.recipient for d in first if d} == {1, 2, 3}


def test_a_deadline_brings_forward_and_then_ends() -> None:
    plan = Plan(
        [*people(0.9, weight=9.0), Person([Number(0.2, rules=SIMPLE)], deadline=40.0)],
        [Gateway(1, 1000.0)],
    )
    chooser = Chooser(plan)
    assert chooser.next(0.0) == Decision(1, 0, 0)
    chooser.ended(1, 0, Code.BUSY, 5.0)
    assert chooser.next(5.0) == Decision(0, 0, 0)
    chooser.ended(0, 0, Code.ACKNOWLEDGED, 30.0)
    assert chooser.next(80.0) is None
    assert chooser.why(1, 80.0).ground is Ground.LATE


def test_a_wave_waits_for_its_time() -> None:
    chooser = Chooser(Plan([Person([Number(0.9)], since=30.0)], [ONE]))
    assert chooser.next(0.0) is None
    assert chooser.wake_at == pytest.approx(30.0)
    explanation = chooser.why(0, 0.0)
    assert (explanation.ground, explanation.until) == (Ground.WAVE, 30.0)
    assert chooser.next(30.0) == Decision(0, 0, 0)


def test_a_hedged_person_rings_on_two_numbers() -> None:
    chooser = Chooser(Plan([Person([Number(0.5), Number(0.4), Number(0.3)], legs=2)], [Gateway(9, 1000.0, burst=9)]))
    assert [chooser.next(0.0), chooser.next(0.0)] == [Decision(0, 0, 0), Decision(0, 1, 0)]
    assert chooser.next(0.0) is None
    assert {leg.number for leg in chooser.acknowledged(0, 1.0)} == {0, 1}


def test_somebody_added_is_called() -> None:
    chooser = Chooser(Plan(people(0.5), [Gateway(9, 1000.0, burst=9)]))
    added = [chooser.add(Person([Number(0.9, rules=SIMPLE)]), 1.0) for _ in range(300)]
    assert added == list(range(1, 301))
    assert chooser.next(1.0) == Decision(1, 0, 0)
    later = chooser.add(Person([Number(0.9, rules=SIMPLE)], weight=5.0, since=9.0), 2.0)
    assert chooser.next(9.0) == Decision(later, 0, 0)
    with pytest.raises(PlanError, match="tier 3"):
        chooser.add(Person([Number(0.9, rules=SIMPLE)], tier=3), 2.0)


def test_a_stopped_person_is_not_called() -> None:
    chooser = Chooser(Plan(people(0.5, 0.4), [ONE]))
    assert chooser.stop(0) == ()
    assert chooser.next(0.0) == Decision(1, 0, 0)
    assert chooser.why(0, 0.0).ground is Ground.STOPPED


def test_beliefs_and_weights_change_the_order() -> None:
    chooser = Chooser(Plan(people(0.5, 0.4, 0.3), [Gateway(9, 1000.0, burst=9)]))
    chooser.believe(1, 0, 0.9)
    chooser.weigh(2, 9.0)
    assert [chooser.next(0.0).recipient for _ in range(3)] == [2, 1, 0]  # type: ignore[union-attr]
    assert chooser.why(2, 0.0).weight == 9.0


def test_prices_follow_the_resource_that_binds() -> None:
    rules = Rules(ring=(1.0, 1.0), message=0.0)
    # The second brings less but holds a line for a tenth of the time.
    plan = Plan([Person([Number(0.5, hold=100.0, rules=rules)]), Person([Number(0.4, hold=10.0, rules=rules)])],
                [Gateway(1, 1000.0)])  # fmt: skip
    chooser = Chooser(plan)
    assert chooser.why(0, 0.0).token_price == 0.0
    chooser.set_gateway(0, 1000, 0.1)
    assert chooser.next(0.0) == Decision(0, 0, 0)
    assert chooser.why(0, 0.0).channel_price == 0.0
    assert Chooser(plan).next(0.0) == Decision(1, 0, 0)


def test_a_place_in_the_queue() -> None:
    chooser = Chooser(Plan(people(0.9, 0.5, 0.5, 0.1), [ONE]))
    assert [chooser.why(i, 0.0).ahead for i in range(4)] == [0, 1, 2, 3]
    assert chooser.why(3, 0.0).ground is Ground.WAITING
    assert chooser.why(3, 0.0).next_number == 0


def test_a_restart_comes_to_the_same_state() -> None:
    plan = Plan([Person([Number(0.6, rules=SIMPLE), Number(0.5, rules=SIMPLE)]) for _ in range(6)], [Gateway(2, 1.0)])
    chooser, told = Chooser(plan), []
    now = 0.0
    for _ in range(40):
        now += 1.0
        decision = chooser.next(now)
        if decision is not None:
            told.append(("started", *decision, now))
        elif chooser.legs:
            leg = chooser.legs[0]
            chooser.ended(leg.recipient, leg.number, Code.BUSY, now)
            told.append(("ended", leg.recipient, leg.number, Code.BUSY, now))
    again = Chooser(plan)
    for what, *rest in told:
        getattr(again, what)(*rest)
    assert sorted(again.legs) == sorted(chooser.legs)
    for step in range(3000):
        at = now + step
        assert again.next(at) == chooser.next(at)
        for leg in chooser.legs:
            chooser.ended(leg.recipient, leg.number, Code.NO_ANSWER, at)
            again.ended(leg.recipient, leg.number, Code.NO_ANSWER, at)
        if chooser.finished:
            break
    assert chooser.finished
    assert again.finished


def test_an_unknown_leg_changes_nothing() -> None:
    chooser = Chooser(Plan(people(0.5), [ONE]))
    assert not chooser.ended(0, 0, Code.BUSY, 1.0)
    assert chooser.next(1.0) == Decision(0, 0, 0)
    with pytest.raises(IndexError):
        chooser.ended(0, 1, Code.BUSY, 1.0)
    with pytest.raises(IndexError):
        chooser.why(7, 1.0)


def test_a_snapshot_is_a_copy_that_travels() -> None:
    chooser = Chooser(Plan(people(*[0.9] * 50), [Gateway(5, 100.0)]))
    for step in range(5):
        chooser.next(step / 10.0)
    chooser.ended(0, 0, Code.ACKNOWLEDGED, 20.0)
    snapshot: Snapshot = pickle.loads(pickle.dumps(chooser.snapshot(20.0)))
    assert len(snapshot.legs) == 4
    expected = forecast(snapshot, runs=50)
    assert forecast(snapshot, runs=50).t95 == expected.t95
    assert expected.reached[0] == 1.0
    assert expected.t95.median > 20.0
    # Forecasting leaves the chooser alone.
    assert chooser.next(20.0) == Decision(5, 0, 0)


ACTIONS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15), st.floats(0.0, 90.0)), max_size=120)


@settings(max_examples=60)
@given(st.integers(0, 2**31), ACTIONS)
def test_it_keeps_its_promises_whatever_happens(seed: int, actions: list[tuple[int, int, float]]) -> None:
    gateways = [Gateway(2, 5.0), Gateway(1, 1.0, burst=3)]
    plan = Plan(
        [
            Person([Number(0.1 * (k + j + 1) % 1, gateways=(seed >> k + j & 3) or 1) for j in range(k % 4)],
                   weight=float(k % 3), legs=1 + (k == 5), since=float(k == 7) * 40.0)
            for k in range(12)
        ],
        gateways,
    )  # fmt: skip
    chooser = Chooser(plan)
    now, done, tries = 0.0, set(), Counter[tuple[int, int]]()
    for what, which, pause in actions:
        now += pause
        while (decision := chooser.next(now)) is not None:
            person = plan.people[decision.recipient]
            assert decision.recipient not in done
            assert now >= person.since
            assert person.numbers[decision.number].gateways >> decision.gateway & 1
            tries[decision[:2]] += 1
            assert tries[decision[:2]] <= person.numbers[decision.number].tries
        busy = Counter(leg.gateway for leg in chooser.legs)
        assert all(busy[g] <= gateway.channels for g, gateway in enumerate(gateways))
        assert all(n <= plan.people[i].legs for i, n in Counter(leg.recipient for leg in chooser.legs).items())
        assert chooser.wake_at is None or chooser.wake_at > now
        if what == 0 and chooser.legs:
            leg = chooser.legs[which % len(chooser.legs)]
            chooser.ended(leg.recipient, leg.number, Code.NO_ANSWER, now)
        elif what == 1 and chooser.legs:
            leg = chooser.legs[which % len(chooser.legs)]
            chooser.acknowledged(leg.recipient, now)
            chooser.ended(leg.recipient, leg.number, Code.ACKNOWLEDGED, now)
            done.add(leg.recipient)
        elif what == 2:
            chooser.stop(which % 12)
            done.add(which % 12)


def test_fifo_keeps_the_order_of_the_list() -> None:
    plan = Plan(people(0.1, 0.9, 0.5), [Gateway(9, 1000.0, burst=9)], rank=Rank.FIFO)
    chooser = Chooser(plan)
    assert [chooser.next(0.0).recipient for _ in range(3)] == [0, 1, 2]  # type: ignore[union-attr]
