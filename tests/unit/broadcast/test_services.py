from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Receipt, Recipient
from broadcast.services import Broadcasts
from broadcast.wishes import WishError
from dutycenter.directory.models import Deputy, Person, PhoneNumber
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import Answer, IBroadcasts, Wish
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import (
    BroadcastState,
    Disposition,
    IncidentStatus,
    NumberKind,
    Outcome,
    SourceChannel,
)


def wish(people, **more) -> Wish:
    return Wish(**({"title": "防汛", "message": "请立即到岗", "people": people} | more))


def entries(request, broadcast_id) -> list[str]:
    query = (
        select(LedgerEntry.action).where(LedgerEntry.subject == f"broadcast:{broadcast_id}").order_by(LedgerEntry.id)
    )
    return list(request.db.scalars(query))


def attempt_of(town, broadcast_id, position=0) -> str:
    """A committed attempt as the dialer writes it."""
    with town.work.write() as request:
        recipient = request.db.scalars(
            select(Recipient).where(Recipient.broadcast_id == broadcast_id).order_by(Recipient.id)
        ).all()[position]
        made = Attempt(
            id=f"00000000-0000-4000-8000-{recipient.id:012d}",
            broadcast_id=broadcast_id,
            recipient_id=recipient.id,
            number_id=recipient.numbers[0].id,
            gateway="pstn",
            created_at=town.clock.now(),
        )
        request.db.add(made)
        return made.id


class TestDraft:
    def test_it_takes_a_snapshot_of_names_and_numbers(self, town):
        people = town.settle(4)
        town.gateway()
        with town.work.write() as request:
            made = request.find_service(IBroadcasts).draft(wish(people))
        with town.work.write() as request:
            request.db.get(Person, people[0]).name = "改名"
            request.db.delete(request.db.scalars(select(PhoneNumber).where(PhoneNumber.person_id == people[0])).first())
        with town.work.read() as request:
            first = request.db.get(Broadcast, made).recipients[0]
            assert (first.name, first.department) == ("人0", "第0局")
            assert [n.number for n in first.numbers] == ["13800000000", "13800000001"]
            assert entries(request, made) == ["broadcast.drafted"]

    def test_who_cannot_be_called_is_kept_with_the_reason(self, town):
        people = town.settle(7)
        town.gateway(prefixes="138")
        now = town.clock.now()
        with town.work.write() as request:
            person = {n: request.db.get(Person, people[n]) for n in range(7)}
            person[0].away_from, person[0].away_until = now - timedelta(days=1), now + timedelta(days=1)
            person[1].numbers = []
            person[2].numbers = [PhoneNumber(number="not a number", kind=NumberKind.MOBILE)]
            person[3].numbers = [PhoneNumber(number="07318888", kind=NumberKind.OFFICE)]
            person[4].numbers = [PhoneNumber(number="0731555", kind=NumberKind.OFFICE)]
            person[5].removed_at = now
            person[0].deputies = [Deputy(deputy_id=people[6])]
        with town.work.write() as request:
            broadcasts = request.find_service(Broadcasts)
            away = broadcasts.candidates([people[0]])[0]
            assert [deputy.name for deputy in away.deputies] == ["人6"]
            made = broadcasts.draft(wish(people))
            broadcasts.launch(made)
        with town.work.read() as request:
            got = {r.name: (r.outcome, r.outcome_ground) for r in request.db.get(Broadcast, made).recipients}
        assert got == {
            "人0": (Outcome.NOT_CALLED, "away"),
            "人1": (Outcome.NOT_CALLED, "no_number"),
            "人2": (Outcome.NOT_CALLED, "unusable_number"),
            "人3": (Outcome.NOT_CALLED, "duty_number"),
            "人4": (Outcome.NOT_CALLED, "no_line"),
            "人5": (Outcome.NOT_CALLED, "removed"),
            "人6": (None, ""),
        }

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"title": "  "}, "title"),
            ({"title": "长" * 121}, "title"),
            ({"message": ""}, "message"),
            ({"message": "……!!!\n"}, "message"),
            ({"message": "水" * 100_000}, "message"),
            ({"message": "请到 <b>现场</b>"}, "message"),
            ({"message": "${system(reboot)}"}, "message"),
            ({"people": []}, "people"),
            ({"people": [999_999]}, "people"),
            ({"channels": 0}, "channels"),
            ({"rounds": -1}, "rounds"),
            ({"pause": 10**9}, "pause"),
            ({"ring_timeout": 1}, "ring_timeout"),
            ({"incident_id": 4711}, "incident_id"),
        ],
    )
    def test_what_is_wrong_is_said_by_field_and_nothing_is_written(self, small_town, wrong, field):
        people = small_town.settle(2)
        small_town.gateway()
        with small_town.work.write() as request:
            with pytest.raises(WishError) as refused:
                request.find_service(IBroadcasts).draft(wish(**{"people": people} | wrong))
            assert list(refused.value.faults) == [field]
            assert isinstance(refused.value, ValueError)
        with small_town.work.read() as request:
            assert request.db.scalar(select(Broadcast.id)) is None

    def test_the_same_form_sent_twice_gives_one_broadcast(self, town):
        people = town.settle(2)
        town.gateway()
        made = []
        for _ in range(2):
            with town.work.write() as request:
                broadcasts = request.find_service(Broadcasts)
                made.append(broadcasts.draft(wish(people), form_token="t"))
                broadcasts.launch(made[-1])
        assert made[0] == made[1]
        with town.work.read() as request:
            assert entries(request, made[0]) == ["broadcast.drafted", "broadcast.launched"]

    def test_more_people_than_one_entry_has_room_for(self, small_town):
        small_town.settle(1)
        small_town.gateway()
        with small_town.work.write() as request:
            request.db.add_all(Person(name=f"{p:04}" + "名" * 60, department_id=1) for p in range(1200))
            request.db.flush()
            broadcasts = request.find_service(Broadcasts)
            made = broadcasts.draft(wish(list(request.db.scalars(select(Person.id)))))
            broadcasts.launch(made)
            told = entries(request, made)
        assert told == ["broadcast.drafted_part", "broadcast.drafted_part", "broadcast.drafted", "broadcast.launched"]

    def test_what_an_exercise_incident_launches_is_an_exercise_and_in_its_timeline(self, small_town):
        people = small_town.settle(1)
        small_town.gateway()
        now = small_town.clock.now()
        with small_town.work.write() as request:
            incident = Incident(
                year=2026, sequence=1, status=IncidentStatus.OPEN, channel=SourceChannel.PHONE, exercise=True,
                reported_at=now, created_at=now,
            )  # fmt: skip
            request.db.add(incident)
            request.db.flush()
            made = request.find_service(IBroadcasts).draft(wish(people, incident_id=incident.id))
            request.find_service(IBroadcasts).launch(made)
            assert request.db.get(Broadcast, made).exercise
        twin = small_town.twin()
        small_town.play(twin, small_town.dialer(twin))
        with small_town.work.read() as request:
            entries = [(e.kind, e.data["broadcast"]) for e in request.db.get(Incident, 1).entries]
            assert entries == [("broadcast", made), ("broadcast", made)]


class TestAnswers:
    def test_an_acknowledgement_is_final_and_taken_once(self, town):
        town.settle(2)
        town.gateway()
        broadcast = town.launch()
        attempt = attempt_of(town, broadcast)
        for _ in range(2):
            with town.work.write() as request:
                request.find_service(IBroadcasts).acknowledge(attempt, "1")
            town.clock.sleep(1)
        with town.work.write() as request:
            request.find_service(IBroadcasts).decline(attempt, "4")
            request.find_service(IBroadcasts).heard(attempt, Answer("1", True, 4.5, "79"))
            request.find_service(IBroadcasts).heard(attempt, Answer("1", True, 4.5, "79"))
        with town.work.read() as request:
            recipient = request.db.get(Attempt, attempt).recipient
            assert recipient.outcome is Outcome.ACKNOWLEDGED
            assert recipient.acknowledged_at == recipient.outcome_at == town.clock.now() - timedelta(seconds=2)
            assert [r.kind for r in request.db.scalars(select(Receipt).order_by(Receipt.id))] == [
                "acknowledged",
                "heard",
            ]
            assert entries(request, broadcast)[2:] == ["broadcast.acknowledged", "broadcast.heard"]
            notice = request.find_service(IBroadcasts).notice(attempt)
            assert notice.settled
            assert notice.recipient_name == "人0"

    def test_who_declines_and_then_acknowledges_has_acknowledged(self, town):
        town.settle(1)
        town.gateway()
        attempt = attempt_of(town, town.launch())
        with town.work.write() as request:
            request.find_service(IBroadcasts).decline(attempt, "4")
        with town.work.read() as request:
            assert request.db.get(Attempt, attempt).recipient.outcome is None
        with town.work.write() as request:
            request.find_service(IBroadcasts).acknowledge(attempt, "1")
        with town.work.read() as request:
            assert request.db.get(Attempt, attempt).recipient.outcome is Outcome.ACKNOWLEDGED

    def test_a_late_acknowledgement_leaves_a_receipt_and_the_outcome_as_it_was(self, town):
        town.settle(1)
        town.gateway()
        attempt = attempt_of(town, town.launch())
        with town.work.write() as request:
            row = request.db.get(Attempt, attempt)
            row.disposition = Disposition.LOST
            row.recipient.outcome, row.recipient.outcome_at = Outcome.NOT_REACHED, town.clock.now()
        with town.work.write() as request:
            request.find_service(IBroadcasts).acknowledge(attempt, "1")
        with town.work.read() as request:
            recipient = request.db.get(Attempt, attempt).recipient
            assert (recipient.outcome, recipient.acknowledged_at) == (Outcome.NOT_REACHED, town.clock.now())
            assert request.db.scalar(select(Receipt.kind)) == "acknowledged"

    def test_a_text_acknowledges_as_finally_as_a_key_and_drops_the_ringing_leg(self, town, manner):
        town.settle(1, numbers=1)
        town.gateway()
        made = town.launch()
        twin = town.twin(lambda number, nth: manner(ring=20.0))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: bool(twin.up))
        with town.work.write() as request:
            broadcasts = request.find_service(IBroadcasts)
            recipient = request.db.get(Broadcast, made).recipients[0].id
            assert broadcasts.acknowledge_by(recipient, "sms", "1")
            assert not broadcasts.acknowledge_by(recipient, "sms", "1")
            assert not broadcasts.decline_by(recipient, "sms", "4")
        town.play(twin, dialer)
        assert len(twin.begun) == len(twin.dropped) == 1
        with town.work.read() as request:
            receipts = [(r.kind, r.means, r.attempt_id) for r in request.db.scalars(select(Receipt))]
            assert receipts == [("acknowledged", "sms", None)]
            assert town.outcomes() == {"人0": "acknowledged"}

    def test_who_writes_that_they_cannot_come_is_called_no_more_and_may_still_accept(self, town, manner):
        town.settle(1, numbers=1)
        town.gateway()
        made = town.launch()
        twin = town.twin(lambda number, nth: manner(ring=20.0))
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: bool(twin.up))
        with town.work.write() as request:
            broadcasts = request.find_service(IBroadcasts)
            recipient = request.db.get(Broadcast, made).recipients[0].id
            assert broadcasts.decline_by(recipient, "sms")
            assert not broadcasts.decline_by(recipient, "sms")
        town.play(twin, dialer)
        assert len(twin.begun) == len(twin.dropped) == 1
        assert town.outcomes() == {"人0": "declined"}
        with town.work.write() as request:
            assert request.find_service(IBroadcasts).acknowledge_by(recipient, "callback")
        with town.work.read() as request:
            assert [r.kind for r in request.db.scalars(select(Receipt).order_by(Receipt.id))] == [
                "declined",
                "acknowledged",
            ]

    def test_answers_of_unknown_attempts_change_nothing(self, small_town):
        with small_town.work.write() as request:
            broadcasts = request.find_service(IBroadcasts)
            assert broadcasts.notice("no such") is None
            broadcasts.acknowledge("no such", "1")
            broadcasts.decline("'; DROP TABLE attempts; --", "4")
            broadcasts.heard("", Answer("1"))
            assert not broadcasts.acknowledge_by(12, "sms")
            assert not broadcasts.decline_by(12, "desk")
            assert request.db.scalar(select(LedgerEntry.id)) is None

    def test_hostile_keys_are_not_kept(self, small_town):
        small_town.settle(1)
        small_town.gateway()
        attempt = attempt_of(small_town, small_town.launch())
        with small_town.work.write() as request:
            request.find_service(IBroadcasts).heard(attempt, Answer("${x}", False, -3.0, "9<script>8" * 20))
        with small_town.work.read() as request:
            row = request.db.get(Attempt, attempt)
            assert (row.key, row.wrong_keys, row.heard_seconds) == ("", "98" * 8, 0.0)


class TestTurns:
    def test_they_happen_once_and_only_where_they_make_sense(self, town):
        town.settle(1)
        town.gateway()
        made = town.launch()

        def turn(verb):
            with town.work.write() as request:
                return getattr(request.find_service(Broadcasts), verb)(made)

        assert [turn(v) for v in ("resume", "pause", "pause", "resume", "stop", "stop", "resume")] == [
            False, True, False, True, True, False, False,
        ]  # fmt: skip
        with town.work.read() as request:
            assert request.db.get(Broadcast, made).state is BroadcastState.STOPPED
            assert entries(request, made)[2:] == ["broadcast.paused", "broadcast.resumed", "broadcast.stopped"]

    def test_unknown_ones_are_refused(self, small_town):
        with small_town.work.write() as request:
            broadcasts = request.find_service(Broadcasts)
            for verb in (broadcasts.launch, broadcasts.pause, broadcasts.stop, broadcasts.standing):
                with pytest.raises(LookupError):
                    verb(12)
            assert broadcasts.call_again(12) is False
            assert broadcasts.standings() == []


class TestStanding:
    def test_it_counts_outcomes_and_people_on_the_line(self, town):
        town.settle(3)
        town.gateway()
        made = town.launch(exercise=True)
        attempt_of(town, made, 1)
        ringing = attempt_of(town, made, 0)
        with town.work.write() as request:
            request.find_service(IBroadcasts).acknowledge(ringing, "1")
        with town.work.read() as request:
            standing = request.find_service(IBroadcasts).standing(made)
            assert (standing.recipients, standing.calling, standing.outcomes) == (3, 2, {"acknowledged": 1})
            assert (standing.exercise, standing.state) == (True, "running")
            assert request.find_service(IBroadcasts).standings() == [standing]
            assert request.find_service(IBroadcasts).standings(incident_id=9) == []
