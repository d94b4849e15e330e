"""A running broadcast is changed by hand, and the dialer finds it."""

import pytest
from sqlalchemy import select

from broadcast.corrections import tell_corrections
from broadcast.models import Attempt, Broadcast, BroadcastMessage, Recipient
from broadcast.running import Running
from broadcast.wishes import WishError
from dutycenter.interfaces import ExtraNumber
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Outcome


def do(town, verb, *args):
    with town.work.write() as request:
        return getattr(request.find_service(Running), verb)(*args)


def recipient(town, name, broadcast=None) -> Recipient:
    with town.work.read() as request:
        query = select(Recipient).where(Recipient.name == name)
        if broadcast is not None:
            query = query.where(Recipient.broadcast_id == broadcast)
        return request.db.scalars(query).one()


def under_way(town, manner, people=4):
    """A broadcast of two people; the others are still to come."""
    town.settle(people, numbers=1, departments=1)
    town.gateway()
    made = town.launch(town.people[:2], rounds=3)
    twin = town.twin(lambda n, nth: manner() if nth > 1 or n.endswith("0000") else manner(ring=99))
    dialer = town.dialer(twin)
    town.play(twin, dialer, until=lambda: len(twin.begun) >= 2)
    return made, twin, dialer


class TestPeople:
    def test_who_is_added_is_called_also_by_a_dialer_that_began_anew(self, town, manner):
        made, twin, dialer = under_way(town, manner)
        do(town, "add", made, [town.people[0], town.people[2]], [ExtraNumber("村支书", "138 0013 8000")])
        dialer.release()
        town.play(twin, town.dialer(twin, "another"))
        assert town.outcomes() == dict.fromkeys(("人0", "人1", "人2", "村支书"), "acknowledged")
        assert twin.calls["13800138000"] == 2
        assert recipient(town, "村支书").role == "added"

    def test_a_number_that_is_none_is_refused_and_nobody_is_added(self, town, manner):
        made, _twin, _dialer = under_way(town, manner)
        with pytest.raises(WishError):
            do(town, "add", made, [town.people[2]], [ExtraNumber("", "110")])
        assert len(town.outcomes()) == 2

    def test_who_is_taken_out_is_called_no_more_and_their_leg_is_dropped(self, town, manner):
        _made, twin, dialer = under_way(town, manner)
        one = recipient(town, "人1")
        assert do(town, "take_out", one.id)
        assert not do(town, "take_out", one.id)
        town.play(twin, dialer)
        assert len(twin.dropped) == 1
        assert twin.calls["13800000010"] == 1
        found = recipient(town, "人1")
        assert (found.outcome, found.outcome_ground) == (Outcome.NOT_REACHED, "dropped")

    def test_a_slip_is_taken_back(self, town, manner):
        _made, twin, dialer = under_way(town, manner)
        one = recipient(town, "人1")
        do(town, "take_out", one.id)
        end = town.clock.gone + 5
        town.play(twin, dialer, until=lambda: town.clock.gone > end)
        assert do(town, "put_back", one.id)
        town.play(twin, dialer)
        assert town.outcomes()["人1"] == "acknowledged"

    def test_nobody_joins_what_has_ended(self, town, manner):
        made, twin, dialer = under_way(town, manner)
        town.play(twin, dialer)
        with pytest.raises(LookupError):
            do(town, "add", made, town.people)
        assert not do(town, "take_out", recipient(town, "人0").id)


class TestCorrection:
    def test_the_others_hear_the_new_and_who_answered_the_old_is_told(self, town, manner):
        made, twin, dialer = under_way(town, manner)
        town.play(twin, dialer, until=lambda: town.outcomes()["人0"] == "acknowledged")
        assert do(town, "correct", made, "集合地点改为南门。") == 2
        tell_corrections(town.work)
        tell_corrections(town.work)
        town.play(twin, dialer)
        with town.work.read() as request:
            db = request.db
            round_ = db.scalars(select(Broadcast).where(Broadcast.corrects_id == made)).one()
            assert [r.name for r in round_.recipients] == ["人0"]
            assert round_.recipients[0].outcome is Outcome.ACKNOWLEDGED
            assert round_.message.endswith("集合地点改为南门。")
            versions = {
                (a.recipient.name, a.message_version)
                for a in db.scalars(select(Attempt).where(Attempt.broadcast_id == made))
            }
            assert versions == {("人0", 1), ("人1", 1), ("人1", 2)}
            told = {r.name: r.told_version for r in db.get(Broadcast, made).recipients}
            assert told == {"人0": 1, "人1": 2}

    def test_who_answers_a_leg_that_was_up_is_told_afterwards(self, town, manner):
        made, twin, dialer = under_way(town, manner)
        do(town, "correct", made, "集合地点改为南门。")
        tell_corrections(town.work)
        town.play(twin, dialer)
        tell_corrections(town.work)
        town.play(twin, dialer)
        with town.work.read() as request:
            round_ = request.db.scalars(select(Broadcast).where(Broadcast.corrects_id == made)).one()
            assert [r.name for r in round_.recipients] == ["人0"]

    def test_a_second_correction_ends_the_round_of_the_first(self, town, manner):
        made, twin, dialer = under_way(town, manner)
        town.play(twin, dialer, until=lambda: town.outcomes()["人0"] == "acknowledged")
        do(town, "correct", made, "集合地点改为南门。")
        tell_corrections(town.work)
        do(town, "correct", made, "集合地点改为北门。")
        tell_corrections(town.work)
        with town.work.read() as request:
            rounds = request.db.scalars(select(Broadcast).where(Broadcast.corrects_id == made)).all()
            assert [(r.corrects_version, r.state.value) for r in rounds] == [(2, "stopped"), (3, "running")]
        town.play(twin, dialer)

    def test_what_is_said_already_or_cannot_be_said_is_refused(self, town, manner):
        made, _twin, _dialer = under_way(town, manner)
        for text in ("请立即到岗到位," * 10, "<b>", ""):
            with pytest.raises(WishError):
                do(town, "correct", made, text)
        with town.work.read() as request:
            assert len(request.db.scalars(select(BroadcastMessage)).all()) == 1
            assert not request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "broadcast.corrected")).all()
