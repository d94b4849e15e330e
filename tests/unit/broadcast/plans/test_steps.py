"""A plan is carried out: deputies, superiors, doors; by a dialer that may die at any moment."""

from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.plans.content import Content, Who
from broadcast.plans.knocks import Knocks
from broadcast.plans.models import Escalation, KnockTask
from broadcast.plans.services import Plans
from broadcast.services import Broadcasts
from dutycenter.directory.models import Deputy, Person
from dutycenter.incidents.models import IncidentEntry
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import EscalationStep
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import EscalationKind, KnockResult, Outcome, ReachedRule, RecipientRole, WhoKind

LADDER = (
    EscalationStep(EscalationKind.DEPUTY, 60),
    EscalationStep(EscalationKind.SUPERIOR, 120),
    EscalationStep(EscalationKind.KNOCK, 150),
)


def launch(town, ids, **more) -> int:
    """A plan for these people, carried out."""
    content = Content(
        "防汛叫应", who=[Who(WhoKind.PERSON, str(i)) for i in ids], steps=more.pop("steps", LADDER), rounds=2, pause=10, ring_timeout=20,
        **more,
    )  # fmt: skip
    with town.work.write() as request:
        plans, broadcasts = request.find_service(Plans), request.find_service(Broadcasts)
        incident = request.find_service(Incidents).create({"title": "山洪"}).id
        made = broadcasts.draft(plans.wish(plans.create(content), "请立即到岗到位," * 5, incident_id=incident))
        broadcasts.launch(made)
    return made


def by_name(town) -> dict[tuple[str, str], Recipient]:
    with town.work.read() as request:
        return {(r.name, r.role.value): r for r in request.db.scalars(select(Recipient))}


def number(person: int) -> str:
    return f"1380000{person:03d}0"


class TestLadder:
    def test_deputy_then_superior_then_the_door(self, town, manner):
        town.settle(6, numbers=1, departments=2)  # 人0 leads 局 of 人0 人2 人4
        town.gateway()
        with town.work.write() as request:
            request.db.add(Deputy(person_id=town.people[2], deputy_id=town.people[3]))
        made = launch(town, [town.people[2], town.people[4], town.people[5]])
        silent = {number(2), number(4)}
        twin = town.twin(lambda n, nth: manner(ring=99) if n in silent else manner())
        town.play(twin, town.dialer(twin))
        found = by_name(town)
        assert found["人3", "deputy"].outcome is Outcome.ACKNOWLEDGED
        assert found["人0", "superior"].audience == "superior"
        assert ("人1", "superior") not in found
        with town.work.read() as request:
            tasks = request.db.scalars(select(KnockTask)).all()
            assert [task.recipient.name for task in tasks] == ["人4"]
            assert tasks[0].unit == "第0局"
            rows = request.db.execute(select(Escalation.recipient_id, Escalation.step, Escalation.ground)).all()
            # 人2's deputy accepted, so only 人4, who has none, goes further.
            assert sorted(row.step for row in rows) == [0, 0, 1, 2]
            assert [row.ground for row in rows if row.ground] == ["no_deputy"]
            told = request.db.scalars(
                select(LedgerEntry.data).where(
                    LedgerEntry.action == "broadcast.escalated", LedgerEntry.subject == f"broadcast:{made}"
                )
            ).all()
            assert len(told) == 3
            lines = [line.text for line in request.db.scalars(select(IncidentEntry).order_by(IncidentEntry.id))]
            assert [line for line in lines if "未确认" in line] == [
                "防汛叫应：2 人未确认，已呼叫其代班人",
                "防汛叫应：1 人未确认，已呼叫其上级",
                "防汛叫应：1 人未确认，已列入上门叫应",
            ]

    def test_it_ends_at_once_when_all_have_acknowledged(self, town):
        town.settle(3, numbers=1)
        town.gateway()
        launch(town, town.people)
        twin = town.twin()
        town.play(twin, town.dialer(twin))
        assert town.clock.gone < 60
        with town.work.read() as request:
            assert request.db.scalar(select(Escalation.id)) is None

    def test_nobody_left_to_call_does_not_wait_for_the_clock(self, town, manner):
        town.settle(3, numbers=1, departments=1)
        town.gateway()
        launch(town, [town.people[2]])
        twin = town.twin(lambda n, nth: manner(cause="UNALLOCATED_NUMBER") if n == number(2) else manner())
        town.play(twin, town.dialer(twin))
        assert town.clock.gone < 60
        assert set(by_name(town)) == {("人2", "listed"), ("人0", "superior")}

    def test_whoever_cannot_be_called_has_the_deputy_called_at_once(self, town):
        town.settle(3, numbers=1)
        town.gateway()
        with town.work.write() as request:
            request.db.get(Person, town.people[1]).numbers = []
            request.db.add(Deputy(person_id=town.people[1], deputy_id=town.people[2]))
        launch(town, town.people[:2])
        twin = town.twin()
        town.play(twin, town.dialer(twin))
        assert by_name(town)["人2", "deputy"].outcome is Outcome.ACKNOWLEDGED

    def test_killed_again_and_again_it_takes_every_step_once(self, town, manner):
        town.settle(8, numbers=1, departments=2)
        town.gateway()
        launch(town, town.people[2:])
        twin = town.twin(lambda n, nth: manner(ring=99))
        for turn in range(40):
            dialer = town.dialer(twin, f"dialer {turn}")
            end = town.clock.gone + 7
            town.play(twin, dialer, until=lambda end=end: town.clock.gone >= end or not town.running(), limit=60)
            dialer.runs.clear()
            with town.work.write() as request:
                for row in request.db.scalars(select(Broadcast)):
                    row.lease_until = None
            if not town.running():
                break
        assert not town.running()
        with town.work.read() as request:
            assert len(request.db.scalars(select(KnockTask)).all()) == 6
            assert len(request.db.scalars(select(Escalation)).all()) == 18
            bosses = [r for r in request.db.scalars(select(Recipient)) if r.role is RecipientRole.SUPERIOR]
            assert sorted(r.name for r in bosses) == ["人0", "人1"]
        assert twin.overlaps == []


class TestHeard:
    def test_heard_to_the_end_is_enough_where_that_is_the_rule(self, town, manner):
        town.settle(3, numbers=1)
        town.gateway()
        made = launch(town, town.people, reached_rule=ReachedRule.HEARD)
        leaves = number(1)
        twin = town.twin(lambda n, nth: manner(key="", heard=n != leaves or nth > 1))
        town.play(twin, town.dialer(twin))
        assert set(town.outcomes().values()) == {"acknowledged"}
        assert twin.calls[leaves] == 2
        assert twin.calls[number(0)] == 1
        with town.work.read() as request:
            attempt = request.db.scalars(select(Attempt).where(Attempt.broadcast_id == made)).first()
            assert request.find_service(Broadcasts).notice(attempt.id).heard_counts

    def test_with_the_rule_of_the_key_it_is_not(self, town, manner):
        town.settle(1, numbers=1)
        town.gateway()
        town.launch(rounds=1)
        twin = town.twin(lambda n, nth: manner(key=""))
        town.play(twin, town.dialer(twin))
        assert set(town.outcomes().values()) == {"reached"}


class TestDoors:
    def test_told_face_to_face_is_the_end_and_can_be_taken_back(self, town, manner):
        town.settle(4, numbers=1, departments=1)
        town.gateway()
        made = launch(town, town.people[1:], steps=(EscalationStep(EscalationKind.KNOCK, 25),))
        twin = town.twin(lambda n, nth: manner(ring=99))
        dialer = town.dialer(twin)

        def tasks():
            with town.work.read() as request:
                return list(request.db.scalars(select(KnockTask.id).order_by(KnockTask.id)))

        town.play(twin, dialer, until=tasks)
        first, second, third = tasks()
        with town.work.write() as request:
            knocks = request.find_service(Knocks)
            assert knocks.done(first, KnockResult.TOLD, "开门见到本人")
            assert knocks.done(first, KnockResult.AWAY, "") is None
            assert knocks.done(second, KnockResult.TOLD, "")
            assert knocks.reopen(second)
            assert knocks.done(third, KnockResult.AWAY, "")
        town.play(twin, dialer)
        found = by_name(town)
        assert found["人1", "listed"].outcome is Outcome.ACKNOWLEDGED
        assert found["人1", "listed"].outcome_ground == "in_person"
        assert found["人2", "listed"].outcome is Outcome.NOT_REACHED
        with town.work.read() as request:
            assert [t.id for t in request.find_service(Knocks).listed()] == [second]
            assert len(request.find_service(Knocks).listed(made)) == 3

    def test_who_answers_after_all_needs_no_visit(self, town, manner):
        town.settle(2, numbers=1, departments=1)
        town.gateway()
        launch(town, [town.people[1]])
        twin = town.twin(lambda n, nth: manner(ring=99))
        town.play(twin, town.dialer(twin))
        with town.work.write() as request:
            recipient = request.db.scalars(select(Recipient).where(Recipient.name == "人1")).one()
            request.find_service(Broadcasts).acknowledge(recipient.attempts[0].id, "1")
        with town.work.read() as request:
            assert request.find_service(Knocks).listed() == []


class TestBothNumbers:
    def test_two_numbers_ring_at_once_and_the_other_stops_when_one_acknowledges(self, small_town, manner):
        town = small_town
        town.settle(2, numbers=3)
        town.gateway()
        with town.work.write() as request:
            plans, broadcasts = request.find_service(Plans), request.find_service(Broadcasts)
            who = [Who(WhoKind.PERSON, str(town.people[0]), 0, True), Who(WhoKind.PERSON, str(town.people[1]))]
            made = broadcasts.draft(plans.wish(plans.create(Content("预案", who=who)), "请立即到岗到位," * 5))
            broadcasts.launch(made)
        first = {"13800000000", "13800000001", "13800000002"}
        twin = town.twin(lambda n, nth: manner(ring=8, after=4) if n == "13800000001" else manner(ring=25))
        town.play(twin, town.dialer(twin))
        together = sorted((at, number) for at, number, _gateway, _uuid in twin.begun if number in first)
        assert [number for _at, number in together] == ["13800000000", "13800000001"]
        assert together[1][0] - together[0][0] < 2
        assert set(town.outcomes().values()) == {"acknowledged"}
        assert town.dispositions()["dropped"] == 1
        others = [at for at, number, _gateway, _uuid in twin.begun if number not in first]
        assert len(others) == 1
