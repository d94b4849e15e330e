"""Who acknowledged and has not reported is called again: twice at most, as a reminder, and by one dialer."""

import json
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from broadcast.models import Attempt, Recipient
from broadcast.reminders import AFTER, MOST
from dutycenter.interfaces import IBroadcasts
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import AttemptKind, Means


def reminders(town):
    with town.work.read() as request:
        rows = request.db.execute(
            select(Recipient.name, Attempt)
            .join(Recipient, Recipient.id == Attempt.recipient_id)
            .where(Attempt.kind == AttemptKind.REMINDER)
            .order_by(Attempt.created_at)
        ).all()
        request.db.expunge_all()
    return [(name, attempt) for name, attempt in rows]


def say(town, **minutes):
    with town.work.write() as request:
        broadcasts = request.find_service(IBroadcasts)
        for recipient in request.db.scalars(select(Recipient)).all():
            if recipient.name in minutes and minutes[recipient.name] is not None:
                assert broadcasts.arrives(recipient.id, minutes[recipient.name], Means.KEY)


def wait(town, twin, *dialers, minutes):
    """Let so many minutes pass, in strides while no telephone rings."""
    end = town.clock.gone + 60 * minutes
    while town.clock.gone < end:
        twin.act()
        for dialer in dialers:
            dialer.step()
        settled = all(attempt.disposition is not None for _, attempt in reminders(town))
        town.clock.gone += 60.0 if settled and not twin.up else 1.0


def arrive(town, name):
    with town.work.write() as request:
        recipient = request.db.scalar(select(Recipient).where(Recipient.name == name))
        assert request.find_service(IBroadcasts).arrived(recipient.id, Means.DESK)


def somebody_late(town):
    """One person has acknowledged and should have reported: the telephones, and the dialer."""
    town.settle(1, numbers=1)
    town.gateway()
    town.launch(ask_arrival=True, report_within=15)
    twin = town.twin()
    dialer = town.dialer(twin)
    town.play(twin, dialer)
    town.clock.gone += timedelta(minutes=16).total_seconds()
    return twin, dialer


def test_it_reminds_after_the_announced_time_and_at_most_twice(small_town):
    town = small_town
    town.settle(2, numbers=1)
    town.gateway()
    town.launch(ask_arrival=True)
    twin = town.twin()
    dialer = town.dialer(twin)
    town.play(twin, dialer)
    say(town, 人0=5, 人1=5)
    wait(town, twin, dialer, minutes=14)
    assert reminders(town) == []
    arrive(town, "人1")
    wait(town, twin, dialer, minutes=3)
    ((name, first),) = reminders(town)
    assert (name, first.disposition is not None) == ("人0", True)
    wait(town, twin, dialer, minutes=60)
    assert [name for name, _ in reminders(town)] == ["人0"] * MOST
    (_, first), (_, second) = reminders(town)
    assert second.created_at - first.created_at >= AFTER
    with town.work.read() as request:
        told = request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "broadcast.reminded")).all()
    assert [json.loads(one)["reminder"] for one in told] == [1, 2]


def test_it_reminds_who_named_no_time_after_the_limit(small_town):
    town = small_town
    town.settle(1, numbers=1)
    town.gateway()
    town.launch(ask_arrival=True, report_within=20)
    twin = town.twin()
    dialer = town.dialer(twin)
    town.play(twin, dialer)
    wait(town, twin, dialer, minutes=19)
    assert reminders(town) == []
    wait(town, twin, dialer, minutes=3)
    assert len(reminders(town)) == 1


def test_it_reminds_nobody_of_a_broadcast_that_does_not_ask(small_town):
    town = small_town
    town.settle(1, numbers=1)
    town.gateway()
    town.launch()
    twin = town.twin()
    dialer = town.dialer(twin)
    town.play(twin, dialer)
    say(town, 人0=5)
    wait(town, twin, dialer, minutes=90)
    assert reminders(town) == []


def test_two_dialers_and_one_that_dies_remind_once(small_town):
    town = small_town
    town.settle(3, numbers=1)
    town.gateway()
    town.launch(ask_arrival=True, report_within=15)
    twin = town.twin()
    one, other = town.dialer(twin, "one"), town.dialer(twin, "other")
    twin.deliver = lambda event: (one.on_event(event), other.on_event(event))
    town.play(twin, one, other)
    wait(town, twin, one, other, minutes=17)
    assert sorted(name for name, _ in reminders(town)) == ["人0", "人1", "人2"]
    calls = sum(twin.calls.values())
    fresh = town.dialer(twin, "fresh")  # knows only the rows
    wait(town, twin, fresh, minutes=1)
    assert sum(twin.calls.values()) == calls
    assert all(attempt.disposition is not None for _, attempt in reminders(town))


def test_a_row_whose_dialer_died_is_settled_by_another(small_town):
    town = small_town
    twin, dialer = somebody_late(town)
    with town.work.write() as request:  # written, and dead before the switch was told
        dialer.reminders.turn(request.db, request.find_service(IBroadcasts).ledger, switch_up=True)
    ((_, written),) = reminders(town)
    assert written.disposition is None
    other = town.dialer(twin, "other")
    wait(town, twin, other, minutes=2)
    assert reminders(town)[0][1].disposition.value == "lost"
    wait(town, twin, other, minutes=12)
    assert [a.disposition.value == "lost" for _, a in reminders(town)] == [True, False]


@pytest.mark.parametrize("database", ["postgresql"])
def test_settling_and_an_answer_at_once_do_not_lock_each_other_out(town):
    _, dialer = somebody_late(town)

    def turn():
        with town.work.write() as request:
            dialer.reminders.turn(request.db, request.find_service(IBroadcasts).ledger, switch_up=True)

    turn()
    ((_, written),) = reminders(town)
    settling = threading.Thread(target=turn)
    with town.work.write() as request:  # as an answer does: the person, then the call
        request.db.get(Recipient, written.recipient_id, with_for_update=True)
        settling.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not request.db.scalar(waits):
            time.sleep(0.01)
        request.db.get(Attempt, written.id, with_for_update={"nowait": True})
    settling.join()
    ((_, settled),) = reminders(town)
    assert settled.disposition is None
