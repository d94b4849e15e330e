"""The store of what calls showed: counted once, in any order, and the same when it is counted again."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from broadcast.assembly import chooser_of
from broadcast.history import jobs, services
from broadcast.history.chances import LIKELY, chances
from broadcast.history.models import KindHistory, NumberHistory, Prior
from broadcast.history.priors import fit_all, hierarchy
from broadcast.lines import Lines, gateways
from broadcast.models import Attempt, Broadcast, Recipient
from dutycenter.directory.models import PhoneNumber
from dutycenter.vocabulary import Disposition, NumberKind

CAUSES = ["", "USER_BUSY", "NO_ANSWER", "SUBSCRIBER_ABSENT"]


@pytest.fixture
def called(town, manner):
    """A town in which a broadcast was made, over real lines as far as the store knows."""
    town.settle(24)
    town.gateway()
    rng = random.Random(4)
    twin = town.twin(lambda number, nth: manner(ring=2.0, cause=rng.choice(CAUSES)))
    dialer = town.dialer(twin)
    made = town.launch()
    town.play(twin, dialer)
    with town.work.write() as request:
        broadcast = request.db.get(Broadcast, made)
        assert broadcast.rehearsed, "the settings of the tests are those of a rehearsal"
        broadcast.rehearsed = False
    return town


def kept(work) -> tuple[dict, dict]:
    with work.read() as request:
        numbers = {
            (r.rehearsed, r.number, r.band): (r.kind, r.calls, r.acknowledged, pytest.approx(r.trials),
                                              pytest.approx(r.successes))
            for r in request.db.scalars(select(NumberHistory))
        }  # fmt: skip
        kinds = {
            (r.rehearsed, r.kind, r.disposition): tuple(
                pytest.approx(x, abs=1e-6) for x in (r.calls, r.held, r.rang, r.beyond, r.after)
            )
            for r in request.db.scalars(select(KindHistory))
        }
    return numbers, kinds


def test_a_call_is_counted_only_with_those_that_began_before_it(town, manner):
    """Who is busy is known at once, who acknowledges much later: half of that would be a false picture."""
    town.settle(12, numbers=1)
    town.gateway()
    slow = manner(ring=2.0, after=20.0)
    twin = town.twin(lambda number, nth: manner(ring=1.0, cause="USER_BUSY") if int(number[7:10]) % 2 else slow)
    dialer = town.dialer(twin)
    town.launch(rounds=1)
    town.play(twin, dialer, until=lambda: town.clock.gone > 10)
    jobs.count(town.work)
    with town.work.read() as request:
        settled = request.db.scalars(select(Attempt).where(Attempt.disposition.is_not(None))).all()
        assert len(settled) == 6
        assert not any(attempt.counted for attempt in settled)
        assert not services.is_uncounted(request.db, town.clock.now())
    town.play(twin, dialer)
    jobs.count(town.work)
    with town.work.read() as request:
        assert request.db.scalar(select(func.sum(NumberHistory.calls))) == 12


def test_every_settled_attempt_is_counted_once(called):
    for _ in range(3):
        jobs.count(called.work)
    with called.work.read() as request:
        calls = request.db.scalar(select(func.sum(NumberHistory.calls)))
        assert calls == request.db.scalar(select(func.count()).select_from(Attempt)) > 24
        acknowledged = request.db.scalar(select(func.sum(NumberHistory.acknowledged)))
        assert acknowledged == request.db.scalar(
            select(func.count()).select_from(Recipient).where(Recipient.acknowledged_at.is_not(None))
        )
        assert not services.is_uncounted(request.db, called.clock.now())


def test_it_comes_to_the_same_in_small_pieces_and_from_the_beginning(called, monkeypatch):
    jobs.count(called.work)
    whole = kept(called.work)
    assert whole[0]
    assert whole[1]
    with called.work.write() as request:
        services.forget(request.db)
    monkeypatch.setattr(services, "BATCH", 5)
    jobs.count(called.work)
    assert kept(called.work) == whole


def test_counting_that_fails_in_the_middle_counts_nothing_twice(called):
    zone, now = called.work.settings.time_zone, called.clock.now()
    with pytest.raises(ZeroDivisionError), called.work.write() as request:  # noqa: PT012
        services.count_some(request.db, zone, now)
        raise ZeroDivisionError
    assert kept(called.work) == ({}, {})
    jobs.count(called.work)
    first = kept(called.work)
    jobs.count(called.work)
    assert kept(called.work) == first


def test_a_rehearsal_teaches_nothing_about_real_numbers(called):
    with called.work.write() as request:
        request.db.execute(update(Broadcast).values(rehearsed=True))
    jobs.count(called.work)
    jobs.fit(called.work)
    zone, now = called.work.settings.time_zone, called.clock.now()
    with called.work.read() as request:
        real = chances(request.db, ["13800000000"], rehearsed=False, now=now, zone=zone)
        assert real.priors is None
        assert real.belief("13800000000", NumberKind.MOBILE).mean == pytest.approx(LIKELY[NumberKind.MOBILE])
        played = chances(request.db, ["13800000000"], rehearsed=True, now=now, zone=zone)
        assert played.records


def test_a_number_that_answers_is_believed_and_one_never_called_borrows(called):
    jobs.count(called.work)
    jobs.fit(called.work)
    zone, now = called.work.settings.time_zone, called.clock.now()
    with called.work.read() as request:
        rows = request.db.scalars(select(NumberHistory).where(NumberHistory.kind == NumberKind.MOBILE)).all()
        good = next(r.number for r in rows if r.acknowledged == r.calls == 1)
        bad = next(r.number for r in rows if r.acknowledged == 0 and r.calls >= 2)
        found = chances(request.db, [good, bad], rehearsed=False, now=now, zone=zone)
        new = found.belief("10000", NumberKind.MOBILE)
        assert found.belief(bad, NumberKind.MOBILE).mean < new.mean < found.belief(good, NumberKind.MOBILE).mean
        assert new == found.prior(NumberKind.MOBILE)
        a_year_later = chances(request.db, [bad], rehearsed=False, now=now + timedelta(days=360), zone=zone)
        fresh, old = (one.belief(bad, NumberKind.MOBILE).evidence - new.evidence for one in (found, a_year_later))
        assert old == pytest.approx(fresh / 4)


def test_priors_are_fitted_only_after_something_was_counted_and_replaced_whole(called):
    jobs.count(called.work)
    called.clock.sleep(60)
    jobs.fit(called.work)
    with called.work.read() as request:
        before = request.db.scalars(select(Prior.id)).all()
    called.clock.sleep(60)
    jobs.fit(called.work)
    with called.work.read() as request:
        assert request.db.scalars(select(Prior.id)).all() == before
        first = hierarchy(request.db, rehearsed=False)
    with called.work.write() as request:
        fit_all(request.db, False, called.clock.now() - timedelta(seconds=60))
        assert hierarchy(request.db, rehearsed=False) == first


def test_the_next_broadcast_starts_wiser(called):
    jobs.count(called.work)
    jobs.fit(called.work)
    made = called.launch()
    with called.work.write() as request:
        broadcast = request.db.get(Broadcast, made)
        broadcast.rehearsed = False
        lines = Lines()
        lines.refresh(gateways(request.db))
        chooser = chooser_of(request.db, broadcast, lines, called.clock.now(), called.work.settings.time_zone)
        believed = [chooser.why(r.id, 0.0).numbers[0].p for r in broadcast.recipients]
        assert len({round(p, 6) for p in believed}) > 2


def test_a_chooser_that_is_told_its_calls_again_does_not_count_them_twice(called):
    with called.work.write() as request:
        broadcast = request.db.scalar(select(Broadcast))
        lines = Lines()
        lines.refresh(gateways(request.db))
        zone = called.work.settings.time_zone

        def believed():
            chooser = chooser_of(request.db, broadcast, lines, called.clock.now(), zone)
            return [n.p for r in broadcast.recipients for n in chooser.why(r.id, 0.0).numbers]

        before = believed()
        services.count_some(request.db, zone, called.clock.now())
        assert believed() == pytest.approx(before)


def test_the_directory_learns_which_numbers_are_right_and_which_are_not(called):
    with called.work.write() as request:
        attempts = request.db.scalars(select(Attempt).order_by(Attempt.id)).all()
        silent = next(a for a in attempts if a.disposition is Disposition.NO_ANSWER)
        silent.disposition = Disposition.NO_SUCH_NUMBER
        dead = (silent.recipient.person_id, silent.number.number)
        answered = {
            (a.recipient.person_id, a.number.number) for a in attempts if a.disposition is Disposition.ACKNOWLEDGED
        }
    jobs.count(called.work)
    with called.work.read() as request:
        rows = request.db.scalars(select(PhoneNumber)).all()
        assert {(n.person_id, n.number) for n in rows if n.failed_at is not None} == {dead}
        assert {(n.person_id, n.number) for n in rows if n.verified_at is not None} == answered != set()
