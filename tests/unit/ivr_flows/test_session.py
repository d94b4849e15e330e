"""One leg, one flow: what is done on the leg, what is measured, and that nobody is dropped."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dutycenter.interfaces import OUT_OF_QUEUE, LegGone, OutsideCall
from dutycenter.settings import Settings
from ivr_flows.conversation import AskNode, Flow, Line, RecordNode, SayNode
from ivr_flows.definition import load_flow
from ivr_flows.prompts import SHIPPED, PromptBook
from ivr_flows.session import LEADER_ASKS, Session
from ivr_flows.waiting import BEFORE_ALL

HOTLINE = load_flow(SHIPPED / "hotline.yaml").flow
NOTIFY = load_flow(SHIPPED / "notify.yaml").flow


LEADER = OutsideCall("", "pstn", "13800000002", "07318888", 30.0, Path("leader.wav"))


class Notebook:
    """A scribe that keeps what it is told."""

    notes: ClassVar[frozenset[str]] = frozenset({"acknowledge", "decline", "arrives", "arrived"})

    def __init__(self, can_write: bool = True) -> None:
        self.told: list[tuple[object, ...]] = []
        self.can_write = can_write
        self.room = ""
        self.outside: OutsideCall | None = None
        self.desks: list[str] = []  # that take the caller next, each time it is asked

    def asked(self) -> None:
        self.told.append(("asked",))

    def pressed(self, key: str, *, right: bool) -> None:
        self.told.append(("pressed", key, right))

    def queued(self) -> None:
        self.told.append(("queued",))

    def pulled(self) -> str:
        return self.desks.pop(0) if self.desks else ""

    def not_taken(self, desk: str) -> None:
        self.told.append(("not_taken", desk))

    def talked(self) -> None:
        self.told.append(("talked",))

    def unanswered(self) -> None:
        self.told.append(("unanswered",))

    def joins(self) -> str:
        self.told.append(("joins",))
        return self.room

    def leader(self, asks: Path) -> OutsideCall | None:
        self.told.append(("leader", asks.name))
        return self.outside

    def message(self, file_name: str, seconds: float) -> None:
        self.told.append(("message", file_name, seconds))

    def note(self, what: str, key: str) -> bool:
        self.told.append((what, key))
        return self.can_write

    def listened(self, seconds: float, *, to_end: bool) -> None:
        self.told.append(("listened", round(seconds, 2), to_end))

    def closing(self) -> None:
        self.told.append(("closing",))

    def ended(self) -> None:
        self.told.append(("ended",))


class Stage:
    """Everything that a session needs, around one leg."""

    def __init__(self, book: PromptBook, settings: Settings, cast: Any) -> None:
        self.book, self.settings, self.cast = book, settings, cast
        self.message = book.find("hotline.nobody", "zh_CN")

    def play(
        self, flow: Flow, *story: object, facts: frozenset[str] = frozenset(), can_write: bool = True, **around: Any
    ) -> tuple[Any, list[tuple[object, ...]]]:
        """Run a session over a leg with this story; the leg, and what the scribe was told."""
        clock, notebook = self.cast.HandClock(), Notebook(can_write)
        notebook.room = around.get("room", "")
        notebook.desks, notebook.outside = around.get("desks", []), around.get("outside")
        leg = around.get("leg", self.cast.StoryLeg)(story, clock)
        leg.before = lambda what: around["before"](what, notebook) if "before" in around else None
        Session(leg, flow, notebook, self.book, self.settings, clock, {"message": self.message}).run(facts)
        return leg, notebook.told

    @property
    def opening(self) -> float:
        """Seconds before the message begins."""
        return self.book.find("notify.who", "zh_CN").seconds

    @property
    def seconds(self) -> float:
        """Of the message."""
        return round(self.message.seconds, 2)


@pytest.fixture
def stage(book: PromptBook, settings: Settings, cast: Any) -> Stage:
    return Stage(book, settings, cast)


class TestHotline:
    def test_it_queues_who_presses_nothing(self, stage: Stage) -> None:
        leg, told = stage.play(HOTLINE, None, None, "answered")
        assert leg.names == ["ask", "play", "set", "queue", "tell"]
        assert [one[0] for one in told] == ["asked", "queued", "talked", "listened", "closing", "listened", "closing"]

    def test_it_lets_an_emergency_go_first(self, stage: Stage) -> None:
        leg, told = stage.play(HOTLINE, "1", None, "answered")
        assert ("set", "cc_base_score", "600") in leg.done
        assert ("pressed", "1", True) in told

    def test_a_desk_takes_the_caller_out_of_turn(self, stage: Stage) -> None:
        leg, told = stage.play(HOTLINE, "1", None, OUT_OF_QUEUE, "answered", desks=["", "1002"])
        assert [what for what in leg.done if what[0] in ("queue", "set")][-3:] == [
            ("queue", "duty"), ("set", "cc_base_score", BEFORE_ALL), ("queue", "duty-1002"),
        ]  # fmt: skip
        assert ("talked",) in told

    def test_who_is_led_out_of_a_desks_queue_and_is_nobodys_by_then_waits_at_their_place(self, stage: Stage) -> None:
        leg, _ = stage.play(HOTLINE, "1", None, OUT_OF_QUEUE, OUT_OF_QUEUE, "answered", desks=["", "1002", ""])
        assert [what for what in leg.done if what[0] in ("queue", "set")][-3:] == [
            ("queue", "duty-1002"), ("set", "cc_base_score", "600"), ("queue", "duty"),
        ]  # fmt: skip

    def test_whom_that_desk_does_not_take_waits_among_all_again(self, stage: Stage) -> None:
        story = ("1", None, OUT_OF_QUEUE, OUT_OF_QUEUE, "timeout", OUT_OF_QUEUE, "answered")
        leg, told = stage.play(HOTLINE, *story, desks=["", "1002", "1001", ""])
        queues = [what[1] for what in leg.done if what[0] == "queue"]
        assert queues == ["duty", "duty-1002", "duty-1001", "duty", "duty"], (
            "the last key was pressed by nobody of ours"
        )
        assert [what[2] for what in leg.done if what[0] == "set"][-1] == "600", "their place among all"
        assert told.count(("not_taken", "1001")) == 1

    def test_a_key_that_leads_away_from_the_leader_counts(self, stage: Stage) -> None:
        story = ("1", None, "timeout", None, "2", "1")
        leg, told = stage.play(HOTLINE, *story, outside=LEADER, facts=frozenset({"number_known"}))
        assert leg.names[-4:] == ["bridge_out", "ask", "play", "hangup"]
        assert [one for one in told if one[0] in ("pressed", "callback_here")][1:] == [
            ("pressed", "2", True), ("pressed", "1", True), ("callback_here", "1"),
        ]  # fmt: skip

    def test_a_desk_that_asks_for_the_caller_before_the_leader_is_called_gets_them_at_once(self, stage: Stage) -> None:
        story = ("1", None, "timeout", None, "timeout", None, "", "timeout", "timeout")
        leg, told = stage.play(HOTLINE, *story, outside=LEADER, desks=["", "1002", "", "", "1001", ""])
        assert [one for one in told if one[0] in ("leader", "not_taken")] == [
            ("not_taken", "1002"), ("leader", f"{stage.book.find(LEADER_ASKS, 'zh_CN').path.name}"),
            ("not_taken", "1001"),
        ]  # fmt: skip
        # The last queue has no score of its own: who comes back there from a desk's queue has the first one's.
        assert [what for what in leg.done if what[0] in ("queue", "set", "bridge_out")][2:] == [
            ("set", "cc_base_score", BEFORE_ALL), ("queue", "duty-1002"), ("set", "cc_base_score", "600"),
            ("bridge_out", LEADER.number),
            ("set", "cc_base_score", BEFORE_ALL), ("queue", "duty-1001"), ("set", "cc_base_score", "600"),
            ("queue", "duty"),
        ]  # fmt: skip

    def test_a_desk_that_asks_for_the_caller_who_is_asked_for_a_message_gets_them(self, stage: Stage) -> None:
        leg, told = stage.play(HOTLINE, "1", None, "1", None, "answered", desks=["", "1001"])
        assert leg.names[-4:] == ["play", "set", "queue", "tell"]
        assert ("queue", "duty-1001") in leg.done
        assert [one[0] for one in told if one[0] in ("talked", "message")] == ["talked"]

    def test_whom_that_desk_does_not_take_hears_the_words_again(self, stage: Stage) -> None:
        leg, told = stage.play(HOTLINE, "1", None, "1", None, "timeout", None, 7.0, desks=["", "1001", ""])
        assert leg.names[3:9] == ["queue", "play", "set", "queue", "set", "play"]
        assert [one[0] for one in told if one[0] in ("not_taken", "message")] == ["not_taken", "message", "message"]

    def test_it_takes_a_message_when_nobody_answers(self, stage: Stage) -> None:
        leg, told = stage.play(HOTLINE, None, None, "timeout", None, "timeout", None, 12.5)
        assert leg.names == ["ask", "play", "set", "queue", "ask", "queue", "play", "record", "play", "hangup"]
        assert [one[0] for one in told if one[0] == "leader"] == ["leader"]
        file_name = f"{stage.cast.UUID}.voicemail.wav"
        assert [one for one in told if one[0] == "message"] == [
            ("message", file_name, 0.0),
            ("message", file_name, 12.5),
        ]

    def test_it_keeps_a_message_that_ends_by_hanging_up(self, stage: Stage) -> None:
        _, told = stage.play(HOTLINE, None, None, "timeout", None, "timeout", None, LegGone())
        assert ("message", f"{stage.cast.UUID}.voicemail.wav", 0.0) in told
        assert told[-1] == ("closing",)

    def test_it_never_records_over_a_message(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        nodes = {
            "start": RecordNode(10, "again", "again"),
            "again": RecordNode(10, "bye", "bye"),
            "bye": SayNode((Line("hotline.goodbye"),), "start"),
        }
        leg, _ = stage.play(Flow("test", "start", nodes), 5.0, LegGone())
        assert leg.names == ["record", "play"]
        assert "would overwrite the first" in caplog.text


class TestNotify:
    def test_it_takes_a_key_while_it_still_says_who_calls(self, stage: Stage) -> None:
        leg, told = stage.play(NOTIFY, "1")
        assert leg.done[0][:2] == ("ask", stage.book.find("notify.who", "zh_CN").path)
        assert ("acknowledge", "1") in told

    def test_it_says_a_number_back(self, stage: Stage) -> None:
        leg, told = stage.play(NOTIFY, "1", "35", facts=frozenset({"asks_arrival"}))
        assert ("arrives", "35") in told
        said = leg.done[2]
        assert [stage.book.find(f"number.{n}", "zh_CN").path for n in (30, 5)] == list(said[2:4])
        assert told.index(("arrives", "35")) < told.index(("asked",), 1)

    def test_it_joins_a_room_that_is_open(self, stage: Stage) -> None:
        leg, _ = stage.play(NOTIFY, "5", room="a-room")
        assert ("join", "a-room") in leg.done
        assert leg.names[-2:] == ["play", "hangup"]

    def test_it_joins_no_room_when_none_is_open(self, stage: Stage) -> None:
        leg, _ = stage.play(NOTIFY, "5", None, "1")
        assert "join" not in leg.names

    def test_it_writes_the_answer_down_before_saying_it_back(self, stage: Stage) -> None:
        leg, told = stage.play(NOTIFY, "1")
        assert leg.names == ["ask", "play", "hangup"]
        assert told.index(("acknowledge", "1")) < told.index(("closing",))

    def test_it_does_not_say_back_what_could_not_be_written(self, stage: Stage) -> None:
        leg, _ = stage.play(NOTIFY, "1", None, "answered", can_write=False)
        said = [path for what in leg.done if what[0] == "play" for path in what[1:]]
        assert stage.book.find("notify.acknowledged", "zh_CN").path not in said
        assert leg.done[-1] == ("queue", "duty")

    def test_it_begins_an_exercise_with_the_word(self, stage: Stage) -> None:
        leg, _ = stage.play(NOTIFY, 0.5, facts=frozenset({"exercise"}))
        assert leg.done[0][1] == stage.book.find("notify.exercise", "zh_CN").path

    def test_it_tells_of_what_was_heard_before_it_hangs_up(self, stage: Stage) -> None:
        told_before: list[bool] = []

        def look(what: str, notebook: Notebook) -> None:
            if what == "hangup":
                told_before.append(("closing",) in notebook.told)

        stage.play(NOTIFY, "1", before=look)
        assert told_before == [True]


class TestHeard:
    def test_it_counts_the_message_alone(self, stage: Stage) -> None:
        _, told = stage.play(NOTIFY, stage.opening + 3.5)
        assert ("listened", 3.5, False) in told

    def test_it_counts_nothing_before_the_message(self, stage: Stage) -> None:
        _, told = stage.play(NOTIFY, 3.5)
        assert ("listened", 0.0, False) in told

    def test_it_counts_a_key_in_the_message(self, stage: Stage) -> None:
        message = SayNode((Line("message"),), "start")
        ask = AskNode((Line("message"),), {"1": "said"}, 1.0, "said", "said")
        flow = Flow("test", "start", {"start": ask, "said": message}, slots=frozenset({"message"}))
        assert ("listened", 1.0, False) in stage.play(flow, "1", LegGone())[1]

    def test_it_counts_nothing_for_a_key_before_the_message(self, stage: Stage) -> None:
        _, told = stage.play(NOTIFY, "1")
        assert ("listened", 0.0, False) in told

    def test_it_says_that_the_message_was_heard_to_its_end(self, stage: Stage) -> None:
        _, told = stage.play(NOTIFY, stage.opening + stage.seconds + 0.5)
        assert ("listened", stage.seconds, True) in told

    def test_it_keeps_the_longest_of_several_times(self, stage: Stage) -> None:
        _, told = stage.play(NOTIFY, None, 2.0)
        assert ("listened", stage.seconds, True) in told

    def test_it_looks_past_the_prompts_in_front(self, stage: Stage) -> None:
        front = stage.book.find("notify.again", "zh_CN").seconds
        both = SayNode((Line("notify.again"), Line("message")), "start")
        flow = Flow("test", "start", {"start": both}, slots=frozenset({"message"}))
        assert ("listened", 0.0, False) in stage.play(flow, front - 0.1)[1]
        assert ("listened", 2.0, False) in stage.play(flow, front + 2.0)[1]


class TestRescue:
    @pytest.mark.parametrize("step", range(3))
    def test_it_queues_the_caller_when_something_fails(
        self, stage: Stage, caplog: pytest.LogCaptureFixture, step: int
    ) -> None:
        story: list[object] = [None] * step + [RuntimeError("a mistake of ours"), "answered"]
        leg, told = stage.play(HOTLINE, *story)
        assert leg.done[-1] == ("queue", "duty")
        assert "hangup" not in leg.names
        assert "a mistake of ours" in caplog.text
        assert told[-1] == ("closing",)

    def test_it_leaves_the_leg_to_the_dialplan_when_the_queue_fails_too(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        leg, _ = stage.play(HOTLINE, RuntimeError("one"), RuntimeError("two"))
        assert "hangup" not in leg.names
        assert "goes on in the dialplan" in caplog.text

    def test_it_rescues_from_a_flow_at_fault(self, stage: Stage) -> None:
        leg, _ = stage.play(Flow("test", "start", {"start": SayNode((Line("hotline.goodbye"),), "nowhere")}), None)
        assert leg.names == ["play", "queue"]

    def test_it_plays_a_tone_for_a_prompt_that_is_not_made(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        leg, _ = stage.play(Flow("test", "start", {"start": SayNode((Line("not.there"),), "start")}), 0.1)
        assert leg.done[0][1].name == "tone-stand_in.wav"
        assert "The prompt not.there isn't made" in caplog.text


class TestToldToEnd:
    def test_it_tells_what_was_heard_until_then(self, stage: Stage) -> None:
        class Killed(BaseException):
            """As a greenlet is ended from outside."""

        def kill(what: str, notebook: Notebook) -> None:
            if what == "ask":
                raise Killed

        clock, notebook = stage.cast.HandClock(), Notebook()
        leg = stage.cast.StoryLeg([], clock)
        leg.before = lambda what: kill(what, notebook)
        with pytest.raises(Killed):
            Session(leg, NOTIFY, notebook, stage.book, stage.settings, clock, {"message": stage.message}).run()
        assert notebook.told[-2:] == [("listened", 0.0, False), ("closing",)]


words = st.one_of(
    st.none(),
    st.sampled_from("0123456789*#"),
    st.floats(0.1, 30.0),
    st.sampled_from(["answered", "timeout", "cancel"]),
    st.sampled_from([LegGone("hung up"), RuntimeError("broken")]),
)


class TestAnyStory:
    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(story=st.lists(words, max_size=20), can_write=st.booleans(), hotline=st.booleans())
    def test_it_ends_and_tells_whatever_happens(
        self, stage: Stage, story: list[object], can_write: bool, hotline: bool
    ) -> None:
        logging.disable(logging.CRITICAL)
        try:
            flow = HOTLINE if hotline else NOTIFY
            leg, told = stage.play(flow, *story, can_write=can_write, leg=stage.cast.UnrulyLeg)
        finally:
            logging.disable(logging.NOTSET)
        assert told[-1] == ("closing",)
        assert told[-2][0] == "listened"
        # Who is still there was either put through, bidden goodbye, or is left to the dialplan.
        broken = any(isinstance(word, RuntimeError) for word in story)
        assert leg.gone or broken
