"""Processes, store and switch are killed some hundreds of times; the switch's own record is the judge."""

from __future__ import annotations

import logging
import random
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from broadcast.models import Attempt, Recipient
from dutycenter.calls.models import Leg
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Outcome
from dutycenter.work import Work
from tests.faults.breaking import Trouble
from tests.support.twin import Manner, ManualClock, Town, Twin, founded

PEOPLE, BREAKS = 8, 30


@pytest.fixture
def town(sqlite_work: Work, tmp_path: Path, clock: ManualClock) -> Town:
    return founded(sqlite_work, clock, tmp_path)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The product's clock in these tests."""
    made = ManualClock()
    monkeypatch.setattr("dutycenter.clock_for", lambda settings: made)
    return made


def people_of(seed: int):
    """How each number behaves at each call."""

    def script(number: str, nth: int) -> Manner:
        dice = random.Random(f"{seed} {number} {nth}")
        ring = dice.uniform(1, 12)
        kind = dice.random()
        if kind < 0.45:
            return Manner(ring=ring, after=dice.uniform(1, 15))
        if kind < 0.55:
            return Manner(ring=ring, key="4", after=dice.uniform(1, 15))
        if kind < 0.7:
            return Manner(ring=ring, key="", heard=dice.random() < 0.5)
        if kind < 0.8:
            return Manner(ring=99)
        return Manner(ring=dice.uniform(0.1, 2), cause=dice.choice(["USER_BUSY", "NO_USER_RESPONSE", "CALL_REJECTED"]))

    return script


class TestBreaking:
    @pytest.mark.parametrize("seed", range(12))
    def test_whatever_breaks_each_person_has_one_outcome_and_every_leg_is_a_row(
        self, town: Town, seed: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL)  # what breaks on purpose is said in the log a thousand times
        town.settle(PEOPLE)
        town.gateway(channels=9, reserved=4)
        town.launch(rounds=4, pause=10, ring_timeout=20)
        twin = town.twin(people_of(seed))
        trouble = Trouble(town, twin, seed)
        trouble.play(BREAKS)
        judge(town.work, twin)


def judge(work: Work, twin: Twin) -> None:
    """Hold the store against what the switch wrote down by itself."""
    assert twin.up == {}
    begun = [line for line in twin.journal if line.what == "originate"]
    assert max(Counter(line.uuid for line in begun).values()) == 1, "one leg twice"
    spans = defaultdict(list)
    ended = {line.uuid: line.at for line in twin.journal if line.what == "hangup"}
    for line in begun:
        spans[line.number[:10]].append((line.at, ended[line.uuid]))
    for legs in spans.values():
        assert all(end <= begin for (_, end), (begin, _) in pairwise(sorted(legs))), "two legs to one person"
    with work.read() as request:
        db = request.db
        rows = {attempt.id: attempt for attempt in db.scalars(select(Attempt))}
        legs = {leg.channel_uuid: leg for leg in db.scalars(select(Leg))}
        assert {line.uuid for line in begun} <= set(rows), "a leg that is no row"
        assert set(legs) == set(rows)
        assert all(attempt.disposition and attempt.ended_at for attempt in rows.values())
        assert all(leg.ended_at for leg in legs.values())
        for recipient in db.scalars(select(Recipient)):
            assert recipient.outcome is not None
            told = [line for line in twin.journal if line.number[:10] == recipient.numbers[0].number[:10]]
            _judge_one(recipient, told)
        entries = db.scalars(select(LedgerEntry)).all()
        settled = Counter(entry.data for entry in entries if entry.action == "broadcast.attempt_ended")
        assert sum(settled.values()) == len(rows), "an attempt settled twice"
        actions = Counter(entry.action for entry in entries)
        assert actions["broadcast.called"] == len(rows)
        assert actions["broadcast.finished"] == 1
        acknowledged = [r for r in db.scalars(select(Recipient)) if r.acknowledged_at]
        assert actions["broadcast.acknowledged"] == len(acknowledged)


def _judge_one(recipient: Recipient, told: list) -> None:
    final = [line.at for line in told if line.what == "confirmed" and line.detail == "1"]
    if final:
        assert recipient.acknowledged_at is not None
        assert recipient.acknowledged_at <= final[0]
    if recipient.acknowledged_at is not None:
        late = [line for line in told if line.what == "originate" and line.at > recipient.acknowledged_at]
        assert late == [], "called after acknowledging"
    in_time = recipient.acknowledged_at is not None and recipient.acknowledged_at <= recipient.outcome_at
    assert (recipient.outcome is Outcome.ACKNOWLEDGED) == in_time
