"""What follows when people are not reached, decided without any store."""

from hypothesis import given
from hypothesis import strategies as st

from broadcast.plans.escalation import Standing, due
from broadcast.settle import Ground
from dutycenter.interfaces import EscalationStep
from dutycenter.vocabulary import EscalationKind, Outcome, RecipientRole, StepWhom

DEPUTY, SUPERIOR, KNOCK = EscalationKind.DEPUTY, EscalationKind.SUPERIOR, EscalationKind.KNOCK
LADDER = (EscalationStep(DEPUTY, 120), EscalationStep(SUPERIOR, 300), EscalationStep(KNOCK, 300))


def ask(people, now, *, steps=LADDER, taken=None, deputies=None, idle=False, goal_met=False):
    return due(steps, people, taken or {}, deputies or {}, now, idle=idle, goal_met=goal_met)


class TestWhen:
    def test_nothing_before_its_time_and_then_all_that_is_due(self):
        open_one = Standing(1)
        early = ask([open_one], 119.0)
        assert (early.steps, early.again_at, early.waiting) == ([], 120.0, True)
        assert ask([open_one], 120.0).steps == [(0, 1)]
        assert ask([open_one], 300.0, taken={1: {0}}).steps == [(1, 1), (2, 1)]

    def test_a_step_that_was_taken_is_not_due_again(self):
        found = ask([Standing(1)], 1000.0, taken={1: {0, 1, 2}})
        assert (found.steps, found.waiting) == ([], False)

    def test_nobody_left_to_call_hurries_one_step_and_no_more(self):
        assert ask([Standing(1), Standing(2)], 10.0, idle=True).steps == [(0, 1), (0, 2)]

    def test_who_came_later_has_their_own_time(self):
        late = Standing(2, RecipientRole.ADDED, since=200.0)
        assert ask([late], 319.0).again_at == 320.0
        assert ask([late], 320.0).steps == [(0, 2)]

    def test_whoever_is_listening_is_waited_for(self):
        found = ask([Standing(1, listening=True)], 500.0)
        assert (found.steps, found.waiting) == ([], True)


class TestForWhom:
    def test_who_acknowledged_or_has_a_deputy_who_did_is_left_in_peace(self):
        deputy = Standing(9, RecipientRole.DEPUTY, acknowledged=True)
        people = [Standing(1, acknowledged=True), Standing(2), deputy]
        found = ask(people, 999.0, taken={2: {0}}, deputies={2: {9}})
        assert (found.steps, found.waiting) == ([], False)

    def test_who_cannot_be_called_or_come_has_the_deputy_called_at_once(self):
        away = Standing(1, outcome=Outcome.NOT_CALLED, ground=Ground.AWAY.value)
        declined = Standing(2, outcome=Outcome.DECLINED)
        assert ask([away, declined], 0.0).steps == [(0, 1), (0, 2)]
        assert ask([away, declined], 999.0, taken={1: {0}, 2: {0}}).steps == []

    def test_who_has_no_number_gets_a_visit(self):
        assert ask([Standing(1, outcome=Outcome.NOT_CALLED, ground=Ground.NO_NUMBER.value)], 300.0).steps == [
            (0, 1),
            (1, 1),
            (2, 1),
        ]

    def test_a_step_for_the_goal_is_not_due_once_it_is_met(self):
        steps = (EscalationStep(SUPERIOR, 60, StepWhom.GOAL_UNMET),)
        assert ask([Standing(1)], 60.0, steps=steps).steps == [(0, 1)]
        met = ask([Standing(1)], 60.0, steps=steps, goal_met=True)
        assert (met.steps, met.waiting) == ([], False)

    def test_stand_ins_and_those_taken_out_have_no_steps(self):
        people = [Standing(1, dropped=True), Standing(2, RecipientRole.DEPUTY), Standing(3, RecipientRole.SUPERIOR)]
        assert ask(people, 999.0).steps == []


people = st.lists(
    st.builds(
        Standing,
        id=st.integers(1, 8),
        role=st.sampled_from(RecipientRole),
        acknowledged=st.booleans(),
        outcome=st.sampled_from([None, *Outcome]),
        ground=st.sampled_from(["", *Ground]),
        dropped=st.booleans(),
        since=st.floats(0, 400),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)
steps = st.lists(
    st.builds(
        EscalationStep, st.sampled_from(EscalationKind), st.integers(0, 600), st.sampled_from(StepWhom), st.none()
    ),
    max_size=4,
).map(tuple)


@given(people, steps, st.booleans())
def test_asked_until_nothing_waits_every_step_is_taken_at_most_once_and_it_ends(people, steps, goal_met):
    taken: dict[int, set[int]] = {}
    now, rounds = 0.0, 0
    while True:
        found = due(steps, people, taken, {}, now, idle=True, goal_met=goal_met)
        for step, person in found.steps:
            assert step not in taken.setdefault(person, set())
            taken[person].add(step)
        if not found.waiting:
            break
        assert found.steps, "it waits for something that will not come"
        now, rounds = now + 1.0, rounds + 1
        assert rounds < 40
    for person in people:
        if person.acknowledged or person.dropped:
            assert person.id not in taken
