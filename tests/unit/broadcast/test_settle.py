from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broadcast.settle import (
    Answered,
    Dropped,
    Ended,
    FlowDone,
    Known,
    Lost,
    PatienceOver,
    Pressed,
    Source,
    carried,
    disposition,
    merge,
    merge_all,
    outcome,
)
from dutycenter.vocabulary import Disposition, Outcome

START = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
CAUSES = {
    "USER_BUSY": Disposition.BUSY,
    "NO_ANSWER": Disposition.NO_ANSWER,
    "INVALID_GATEWAY": Disposition.GATEWAY_DOWN,
}

moments = st.integers(0, 300).map(lambda s: START + timedelta(seconds=s))
sources = st.sampled_from([Source.NOBODY, Source.JOB, Source.REFUSED, Source.HANGUP])
causes = st.sampled_from(["", "USER_BUSY", "NO_ANSWER", "INVALID_GATEWAY", "NORMAL_CLEARING", "no such cause"])
keys = st.sampled_from(["", "1", "2", "3", "4", "*"])
happenings = st.one_of(
    st.builds(Answered, moments),
    st.builds(Ended, moments, sources, causes),
    st.builds(Pressed, keys),
    st.builds(FlowDone, st.booleans(), keys),
    st.just(Dropped()),
    st.builds(Lost, moments),
    st.just(PatienceOver()),
)


def of_cause(cause: str) -> Disposition:
    return CAUSES.get(cause, Disposition.FAILED)


def known(*what) -> Known:
    return merge_all(Known(), what)


class TestMerge:
    @given(st.lists(happenings, max_size=8), st.data())
    def test_it_gives_the_same_for_any_order_and_any_number_of_repeats(self, what, data):
        again = data.draw(st.permutations(what + what[: data.draw(st.integers(0, len(what)))]))
        assert merge_all(Known(), what) == merge_all(Known(), again)

    @given(st.lists(happenings, max_size=8), happenings)
    def test_it_never_forgets(self, what, more):
        before = merge_all(Known(), what)
        after = merge(before, more)
        assert (before.ended_at is None) or (after.ended_at is not None)
        assert (before.answered_at is None) or (after.answered_at is not None)


class TestDisposition:
    @given(st.lists(happenings, max_size=8))
    def test_it_is_said_as_soon_as_the_leg_is_over_and_no_word_is_missing(self, what):
        got = disposition(
            merge_all(Known(), [*what, Ended(START, Source.HANGUP, "USER_BUSY"), PatienceOver()]), of_cause
        )
        assert isinstance(got, Disposition)

    @given(st.lists(happenings.filter(lambda h: not isinstance(h, Ended | Lost)), max_size=8))
    def test_it_is_never_said_while_the_leg_is_up(self, what):
        assert disposition(merge_all(Known(), what), of_cause) is None

    @given(st.lists(happenings, max_size=8))
    def test_a_pressed_1_beats_everything(self, what):
        got = disposition(merge_all(Known(), [*what, Pressed("1"), Lost(START)]), of_cause)
        assert got is Disposition.ACKNOWLEDGED

    def test_it_waits_for_the_conversation_of_an_answered_leg(self):
        over = known(Answered(START), Ended(START, Source.HANGUP, "NORMAL_CLEARING"))
        assert disposition(over, of_cause) is None
        assert disposition(merge(over, FlowDone(heard_to_end=True)), of_cause) is Disposition.HEARD
        assert disposition(merge(over, FlowDone()), of_cause) is Disposition.HUNG_UP_EARLY
        assert disposition(merge(over, PatienceOver()), of_cause) is Disposition.HUNG_UP_EARLY

    def test_who_answered_and_found_no_conversation_did_not_hang_up(self):
        over = known(Answered(START), Ended(START, Source.HANGUP, "NORMAL_TEMPORARY_FAILURE"))
        assert disposition(over, of_cause) is None, "a last word may follow"
        alone = merge(over, PatienceOver())
        broken_off = merge(over, FlowDone(machine=True))
        assert disposition(alone, of_cause) is disposition(broken_off, of_cause) is Disposition.LOST
        assert disposition(merge(over, FlowDone(heard_to_end=True)), of_cause) is Disposition.HEARD
        assert (carried(alone), carried(broken_off)) == (False, True)

    def test_what_the_switch_had_no_room_for_is_no_dead_telephone(self):
        cause = "DESTINATION_OUT_OF_ORDER"
        by_switch, by_network = known(Ended(START, Source.JOB, cause)), known(Ended(START, Source.HANGUP, cause))
        assert disposition(by_switch, of_cause) is Disposition.CONGESTION
        assert disposition(by_network, of_cause) is of_cause(cause)
        assert (carried(by_switch), carried(by_network)) == (False, None)

    def test_it_waits_for_the_cause_when_a_channel_is_gone_without_one(self):
        gone = known(Ended(START, Source.NOBODY))
        assert disposition(gone, of_cause) is None
        told = merge(gone, Ended(START, Source.JOB, "INVALID_GATEWAY"))
        assert disposition(told, of_cause) is Disposition.GATEWAY_DOWN

    def test_a_leg_that_the_switch_has_forgotten_is_lost(self):
        assert disposition(known(Lost(START)), of_cause) is Disposition.LOST
        assert disposition(known(Answered(START), Lost(START), PatienceOver()), of_cause) is Disposition.LOST

    def test_of_a_leg_that_broke_off_too_little_was_heard_to_call_it_a_machine(self):
        heard = FlowDone(heard_to_end=False, machine=True)
        assert disposition(known(Answered(START), heard, Lost(START)), of_cause) is Disposition.LOST
        assert disposition(known(Answered(START), heard, Ended(START, Source.HANGUP, "NORMAL_CLEARING")), of_cause) is (
            Disposition.VOICEMAIL
        )

    def test_a_leg_that_we_took_down_is_dropped_whatever_the_cause(self):
        got = disposition(known(Dropped(), Ended(START, Source.HANGUP, "NO_ANSWER")), of_cause)
        assert got is Disposition.DROPPED

    def test_the_hangup_tells_more_than_the_reply_to_the_command(self):
        got = known(Ended(START, Source.HANGUP, "USER_BUSY"), Ended(START, Source.JOB, "NO_ANSWER"))
        assert disposition(got, of_cause) is Disposition.BUSY


class TestOutcome:
    @given(st.booleans(), st.lists(st.sampled_from(Disposition)), st.booleans(), st.data())
    def test_it_does_not_depend_on_the_order(self, acknowledged, seen, over, data):
        again = data.draw(st.permutations(seen))
        assert outcome(acknowledged, seen, over=over) == outcome(acknowledged, again, over=over)

    @given(st.booleans(), st.lists(st.sampled_from(Disposition)), st.booleans())
    def test_there_is_exactly_one_when_it_is_over(self, acknowledged, seen, stopped):
        got = outcome(acknowledged, seen, over=True, stopped=stopped)
        assert got is not None
        assert isinstance(got[0], Outcome)

    @given(st.lists(st.sampled_from(Disposition)))
    def test_acknowledged_means_that_somebody_pressed_1(self, seen):
        got = outcome(False, seen, over=True)
        assert got is not None
        assert (got[0] is Outcome.ACKNOWLEDGED) == (Disposition.ACKNOWLEDGED in seen)

    def test_a_telephone_laid_aside_or_a_machine_is_not_a_person_reached(self):
        for seen in (Disposition.HUNG_UP_EARLY, Disposition.VOICEMAIL):
            assert outcome(False, [seen, Disposition.BUSY], over=True) == (Outcome.NOT_REACHED, seen.value)

    def test_who_pressed_nothing_is_open_until_it_is_over(self):
        assert outcome(False, [Disposition.HEARD], over=False) is None
        assert outcome(False, [Disposition.HEARD], over=True) == (Outcome.REACHED, "heard")

    def test_who_was_never_tried_was_not_called(self):
        assert outcome(False, [], over=True, stopped=True) == (Outcome.NOT_CALLED, "stopped")
