"""Whatever happens in whatever order, a conversation neither crashes nor goes on for ever."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.conversation import (
    KEYS,
    Ask,
    AskNode,
    Bridge,
    Bridged,
    ChooseNode,
    Digits,
    Effect,
    Enter,
    EnterNode,
    Event,
    Fault,
    Flow,
    Gone,
    HandOver,
    Hangup,
    HangupNode,
    Join,
    Joined,
    Key,
    Line,
    NoKey,
    Note,
    Noted,
    NoteNode,
    Queue,
    QueueEnded,
    Record,
    Recorded,
    Said,
    Say,
    SayNode,
    Started,
)
from ivr_flows.definition import load_flow
from ivr_flows.engine import MAX_EVENTS, MAX_NODES, advance, begin
from ivr_flows.plain import event_from, plain, plain_state
from ivr_flows.prompts import SHIPPED

FLOWS = {name: load_flow(SHIPPED / f"{name}.yaml").flow for name in ("hotline", "notify", "callback", "remind")}

keys = st.sampled_from(KEYS).map(Key)
seconds = st.floats(0, 300).map(Recorded)
events: st.SearchStrategy[Event] = st.one_of(
    st.just(Started()),
    st.just(Said()),
    keys,
    st.text(max_size=3).map(Key),
    st.just(NoKey()),
    st.text(max_size=6).map(Digits),
    st.integers(0, 99_999).map(str).map(Digits),
    st.booleans().map(Joined),
    st.sampled_from(["answered", "cancel", "timeout", ""]).map(QueueEnded),
    seconds,
    st.builds(Bridged, st.booleans(), st.sampled_from(["", "1", "2", "9"])),
    st.booleans().map(Noted),
    st.just(Gone()),
)


def fitting(effect: Effect, draw: st.DrawFn) -> Event:
    """Something that can come of an effect."""
    match effect:
        case Say():
            return Said()
        case Ask():
            return draw(st.one_of(keys, st.just(NoKey())))
        case Enter():
            return Digits(draw(st.one_of(st.just(""), st.integers(0, 2000).map(str))))
        case Join():
            return Joined(draw(st.booleans()))
        case Queue():
            return QueueEnded(draw(st.sampled_from(["answered", "cancel", "timeout"])))
        case Record():
            return draw(seconds)
        case Bridge():
            return Bridged(draw(st.booleans()), draw(st.sampled_from(["", *effect.keys])))
        case Note():
            return Noted(draw(st.booleans()))
    raise AssertionError(effect)


@pytest.mark.parametrize("name", FLOWS)
class TestAnything:
    @given(data=st.data(), happens=st.lists(events, max_size=60))
    def test_it_takes_any_event_at_any_time(self, name: str, data: st.DataObject, happens: list[Event]) -> None:
        flow = FLOWS[name]
        state = begin(
            flow, data.draw(st.frozensets(st.sampled_from(sorted(flow.facts)) if flow.facts else st.nothing()))
        )
        for event in happens:
            assert event_from(plain(event)) == event
            was = state
            state, effects = advance(flow, state, event)
            json.dumps([plain_state(state), [plain(effect) for effect in effects]])
            if was.ended:
                assert (state, effects) == (was, ())
            assert len(effects) <= 1
            assert not any(isinstance(effect, Fault) for effect in effects)

    @given(data=st.data())
    def test_it_ends_whatever_a_person_does(self, name: str, data: st.DataObject) -> None:
        flow = FLOWS[name]
        facts = data.draw(st.frozensets(st.sampled_from(sorted(flow.facts)) if flow.facts else st.nothing()))
        state, effects = advance(flow, begin(flow, facts), Started())
        for _ in range(MAX_EVENTS):
            if state.ended:
                break
            event = data.draw(st.composite(lambda draw, effect: fitting(effect, draw))(effects[-1]))
            state, effects = advance(flow, state, event)
        assert state.ended in ("hangup", "handed_over")
        assert isinstance(effects[-1], Hangup | HandOver)

    def test_it_ends_for_who_does_nothing(self, name: str) -> None:
        flow = FLOWS[name]
        nothing = {Say: Said(), Ask: NoKey(), Queue: QueueEnded("timeout"), Record: Recorded(0.0), Note: Noted(False),
                   Enter: Digits(""), Join: Joined(False), Bridge: Bridged(False)}  # fmt: skip
        state, effects = advance(flow, begin(flow), Started())
        for _ in range(20):
            if not state.ended:
                state, effects = advance(flow, state, nothing[type(effects[-1])])
        assert state.ended in ("hangup", "handed_over")

    def test_it_ends_for_who_presses_one_key_for_ever(self, name: str) -> None:
        flow = FLOWS[name]
        for key in KEYS:
            state, effects = advance(flow, begin(flow), Started())
            for _ in range(40):
                if not state.ended:
                    pressed = Key(key) if isinstance(effects[-1], Ask) else Noted(True)
                    others = {Say: Said(), Queue: QueueEnded("timeout"), Record: Recorded(9.0), Enter: Digits(key),
                              Join: Joined(False), Bridge: Bridged(False)}  # fmt: skip
                    state, effects = advance(flow, state, others.get(type(effects[-1]), pressed))
            assert state.ended in ("hangup", "handed_over"), key


def flow_of(**nodes: object) -> Flow:
    return Flow("test", "start", nodes)  # type: ignore[arg-type]


class TestAdvance:
    def test_it_faults_a_run_of_nodes_without_a_wait(self) -> None:
        flow = flow_of(start=ChooseNode("x", "start", "start"))
        state, effects = advance(flow, begin(flow), Started())
        assert state.ended == "fault"
        assert effects == (Fault(f"{MAX_NODES} nodes in a row without a wait"),)

    def test_it_faults_a_node_that_is_not_there(self) -> None:
        flow = flow_of(start=SayNode((Line("a"),), "nowhere"))
        state, _ = advance(flow, begin(flow), Started())
        assert advance(flow, state, Said())[1] == (Fault("there is no node nowhere"),)

    def test_it_faults_a_conversation_of_too_many_events(self) -> None:
        flow = flow_of(start=SayNode((Line("a"),), "start"))
        state, effects = advance(flow, begin(flow), Started())
        count = 1
        while not state.ended:
            state, effects = advance(flow, state, Said())
            count += 1
        assert count == MAX_EVENTS + 1
        assert isinstance(effects[0], Fault)

    def test_it_leaves_out_a_say_that_has_nothing_to_say(self) -> None:
        flow = flow_of(start=SayNode((Line("a", "x"),), "end"), end=HangupNode("USER_BUSY"))
        assert advance(flow, begin(flow), Started())[1] == (Hangup("USER_BUSY"),)
        assert advance(flow, begin(flow, frozenset({"x"})), Started())[1] == (Say(("a",)),)

    def test_it_says_a_line_unless_a_fact_holds(self) -> None:
        flow = flow_of(start=SayNode((Line("a", "x", unless=True), Line("b")), "end"), end=HangupNode())
        assert advance(flow, begin(flow), Started())[1] == (Say(("a", "b")),)
        assert advance(flow, begin(flow, frozenset({"x"})), Started())[1] == (Say(("b",)),)

    def test_it_goes_on_as_after_silence_when_a_menu_was_entered_too_often(self) -> None:
        ask = AskNode((Line("a"),), {"2": "start"}, 1.0, "end", "end", visits=3)
        flow = flow_of(start=ask, end=HangupNode())
        state, _ = advance(flow, begin(flow), Started())
        said = [advance(flow, state, Key("2"))]
        while not said[-1][0].ended:
            said.append(advance(flow, said[-1][0], Key("2")))
        assert [type(effects[0]) for _, effects in said] == [Ask, Ask, Hangup]

    def test_it_says_a_line_once(self) -> None:
        ask = AskNode((Line("a", once=True), Line("b")), {"2": "start"}, 1.0, "end", "end")
        state, effects = advance(flow_of(start=ask, end=HangupNode()), begin(flow_of()), Started())
        assert isinstance(effects[0], Ask)
        assert effects[0].prompts == ("a", "b")
        _, effects = advance(flow_of(start=ask, end=HangupNode()), state, Key("2"))
        assert effects[0].prompts == ("b",)  # type: ignore[union-attr]

    def test_it_takes_a_number_and_says_it_back(self) -> None:
        flow = flow_of(
            start=EnterNode((Line("a"),), 1, 600, 4.0, "note", "end", 1, (Line("no"),)),
            note=NoteNode("minutes", "said", "end", number=True),
            said=SayNode((Line("number.entered"),), "end"),
            end=HangupNode(),
        )
        state, effects = advance(flow, begin(flow), Started())
        assert effects == (Enter(("a",), 3, 4.0),)
        wrong, effects = advance(flow, state, Digits("601"))
        assert effects == (Enter(("no",), 3, 4.0),)
        assert advance(flow, wrong, Digits("0"))[1] == (Hangup("NORMAL_CLEARING"),)
        state, effects = advance(flow, wrong, Digits("035"))
        assert effects == (Note("minutes", "35"),)
        assert advance(flow, state, Noted(True))[1] == (Say(("number.35",)),)

    def test_it_ignores_an_event_that_is_not_waited_for(self) -> None:
        flow = flow_of(start=SayNode((Line("a"),), "end"), end=HangupNode())
        state, _ = advance(flow, begin(flow), Started())
        after, effects = advance(flow, state, Noted(True))
        assert effects == ()
        assert (after.node, after.ended) == (state.node, "")

    def test_it_ends_when_the_other_side_has_gone(self) -> None:
        state, effects = advance(FLOWS["notify"], begin(FLOWS["notify"]), Gone())
        assert (state.ended, effects) == ("gone", ())
