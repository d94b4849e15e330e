"""Plans are checked before they are needed."""

from datetime import timedelta

from sqlalchemy import select

from broadcast.plans.checking import ask_all, check_asked
from broadcast.plans.content import Content, Who
from broadcast.plans.models import PlanCheck
from broadcast.plans.services import Plans
from dutycenter.directory.models import Deputy, Person
from dutycenter.interfaces import EscalationStep
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import EscalationKind, PlanLight, ShiftDuty, WhoKind


def plan(town, *who, **more) -> int:
    content = Content("预案", message=more.pop("message", "{地点}请立即到岗。"), who=who, **more)
    with town.work.write() as request:
        return request.find_service(Plans).create(content).id


def checked(town, plan_id) -> PlanCheck:
    check_asked(town.work)
    with town.work.read() as request:
        return request.db.scalars(select(PlanCheck).where(PlanCheck.plan_id == plan_id)).one()


def kinds(check: PlanCheck) -> set[str]:
    return {finding["kind"] for finding in check.findings}


def everybody(town) -> list[Who]:
    return [Who(WhoKind.PERSON, str(one)) for one in town.people]


class TestPeople:
    def test_all_well_is_green(self, town):
        town.settle(4)
        town.gateway()
        check = checked(town, plan(town, *everybody(town)))
        assert (check.light, check.people, check.callable, check.findings) == (PlanLight.GREEN, 4, 4, [])

    def test_who_cannot_be_reached_is_named_with_what_failed_and_who_is_away(self, town):
        town.settle(5)
        town.gateway()
        now = town.clock.now()
        with town.work.write() as request:
            people = [request.db.get(Person, one) for one in town.people]
            people[0].numbers = []
            people[1].numbers[0].failed_at = now
            for number in people[2].numbers:
                number.failed_at = now
            people[4].away_from = now - timedelta(days=1)
            request.db.add(Deputy(person_id=people[3].id, deputy_id=people[4].id))
        steps = (EscalationStep(EscalationKind.DEPUTY, 60),)
        check = checked(town, plan(town, *everybody(town)[:4], steps=steps))
        found = {finding["kind"]: [name for _id, name, _why in finding["people"]] for finding in check.findings}
        assert check.light is PlanLight.AMBER
        assert found == {
            "unreachable": ["人0"],
            "number_failed": ["人1"],
            "all_numbers_failed": ["人2"],
            "no_deputy": ["人0", "人1", "人2"],
            "deputy_away": ["人3"],
        }


class TestPlan:
    def test_what_cannot_be_done_is_red(self, town):
        town.settle(2)
        town.gateway()
        for more, kind in (
            ({"goal": "书记×1"}, "goal"),
            ({"message": "看 http://x.cn"}, "message"),
            ({"message": "{天气}如何"}, "message"),
            ({"steps": (EscalationStep(EscalationKind.KNOCK, 60, unit_id=99),)}, "unit_gone"),
        ):
            check = checked(town, plan(town, *everybody(town), **more))
            assert (check.light, kind in kinds(check)) == (PlanLight.RED, True), more
        gone = checked(town, plan(town, *everybody(town), Who(WhoKind.DEPARTMENT, "99")))
        assert kinds(gone) == {"part_gone"}
        assert kinds(checked(town, plan(town))) >= {"nobody"}

    def test_without_any_line_nobody_can_be_called(self, town):
        town.settle(1)
        assert "no_line" in kinds(checked(town, plan(town, *everybody(town))))

    def test_a_gap_in_the_roster_is_seen_before_it_comes(self, town):
        town.settle(2)
        town.gateway()
        made = plan(town, Who(WhoKind.DUTY, "leader"))
        with town.work.write() as request:
            begin = town.clock.now() - timedelta(hours=1)
            shifts = [
                Shift(starts_at=begin + timedelta(days=d), ends_at=begin + timedelta(days=d + 1)) for d in range(5)
            ]
            for shift in shifts:
                shift.members = [ShiftMember(person_id=town.people[0], duty=ShiftDuty.LEADER)]
            request.db.add_all(shifts)
        assert checked(town, made).light is PlanLight.GREEN
        with town.work.write() as request:
            last = request.db.scalars(select(Shift).order_by(Shift.starts_at)).all()[2]
            last.members = []
            request.find_service(Plans).ask_check(request.db.get(PlanCheck, made).plan)
            town.clock.gone += 1
        ask_all(town.work)
        assert kinds(checked(town, made)) == {"roster_gap"}

    def test_too_little_time_is_red(self, town):
        town.settle(12, numbers=1)
        town.gateway(channels=5, reserved=4)
        check = checked(town, plan(town, *everybody(town), goal_seconds=20, channels=1))
        assert check.light is PlanLight.RED
        assert kinds(check) & {"late", "never"}

    def test_it_is_checked_again_only_when_asked_or_stale(self, town):
        town.settle(1)
        town.gateway()
        made = plan(town, *everybody(town))
        first = checked(town, made).checked_at
        town.clock.gone += 3600
        assert checked(town, made).checked_at == first
        town.clock.gone += 26 * 3600
        assert checked(town, made).checked_at > first
