"""The conversation engine: pure, advances until it must wait.

``advance(flow, state, event)`` takes a flow, where the conversation stands and
what happened, and gives where it stands now and what is to be done. It knows
no telephone, no store and no clock: the session does what the effects say and
brings back what came of it as the next event.

No flow runs for ever: an ask that is entered too often goes on as if nobody
had pressed a key, a run of nodes without a wait ends in a fault, and so does a
conversation of too many events. A fault is for the session to rescue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ivr_flows.conversation import (
    ENTERED,
    KEY_NAMES,
    KEYS,
    PRESSED,
    Ask,
    AskNode,
    Bridge,
    Bridged,
    BridgeNode,
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
    HandOverNode,
    Hangup,
    HangupNode,
    Join,
    Joined,
    JoinNode,
    Key,
    Line,
    Node,
    NoKey,
    Note,
    Noted,
    NoteNode,
    Queue,
    QueueEnded,
    QueueNode,
    Record,
    Recorded,
    RecordNode,
    Said,
    Say,
    SayNode,
    Started,
)

MAX_EVENTS = 200  # in one conversation
MAX_NODES = 50  # in one advance, without a wait


@dataclass(frozen=True)
class State:
    """Where one conversation stands."""

    flow: str
    facts: frozenset[str] = frozenset()
    node: str = ""  # empty: not started
    ended: str = ""  # hangup, handed_over, gone, fault; empty: goes on
    events: int = 0
    visits: Mapping[str, int] = field(default_factory=dict)
    silences: int = 0  # in this visit of an ask
    wrongs: int = 0  # in this visit of an ask
    key: str = ""  # pressed last, right or wrong
    wrong_keys: str = ""
    digits: str = ""  # the number entered last


def begin(flow: Flow, facts: frozenset[str] = frozenset()) -> State:
    """A conversation that waits for ``Started``."""
    return State(flow=flow.name, facts=facts)


def advance(flow: Flow, state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """Take an event; run until the flow must wait or has ended.

    An event that doesn't fit what is waited for changes nothing but the count
    of events, and has no effect; so has any event after the end.
    """
    if state.ended:
        return state, ()
    if isinstance(event, Gone):
        return replace(state, ended="gone"), ()
    state = replace(state, events=state.events + 1)
    if state.events > MAX_EVENTS:
        return _fault(state, f"more than {MAX_EVENTS} events in one conversation")
    if not state.node:
        return _enter(flow, state, flow.start) if isinstance(event, Started) else (state, ())
    node = flow.nodes[state.node]
    if isinstance(node, AskNode):
        return _answer(flow, state, node, event)
    if isinstance(node, EnterNode):
        return _entered(flow, state, node, event) if isinstance(event, Digits) else (state, ())
    if isinstance(node, QueueNode | BridgeNode) and (key := _led_away(event)) in node.keys:
        return _enter(flow, replace(state, key=key), node.keys[key])
    target = _target(node, event)
    return _enter(flow, state, target) if target else (state, ())


def _led_away(event: Event) -> str:
    """What may be the key that ended the waiting for a desk or for the leader."""
    match event:
        case QueueEnded():
            return event.cause
        case Bridged():
            return event.key
    return ""


def _target(node: Node, event: Event) -> str:
    """Where an event leads from a node that is no menu; empty when it doesn't fit."""
    match node, event:
        case SayNode(), Said():
            return node.then
        case QueueNode(), QueueEnded():
            return node.answered if event.cause == "answered" else node.otherwise
        case RecordNode(), Recorded():
            return node.then if event.seconds >= node.least else node.short
        case BridgeNode(), Bridged():
            return node.answered if event.answered else node.otherwise
        case NoteNode(), Noted():
            return node.done if event.done else node.failed
        case JoinNode(), Joined():
            return node.left if event.joined else node.closed
    return ""


def _answer(flow: Flow, state: State, node: AskNode, event: Event) -> tuple[State, tuple[Effect, ...]]:
    if isinstance(event, Key) and event.key in node.keys:
        return _enter(flow, replace(state, key=event.key), node.keys[event.key])
    if isinstance(event, Key):
        key = event.key if len(event.key) == 1 and event.key in KEYS else ""
        state = replace(state, key=key, wrong_keys=state.wrong_keys + key)
        if state.wrongs < node.wrong_times:
            return _ask(replace(state, wrongs=state.wrongs + 1), node, node.wrong_lines)
        return _enter(flow, state, node.wrong_key)
    if isinstance(event, NoKey):
        if state.silences < node.silent_times:
            return _ask(replace(state, silences=state.silences + 1), node, node.silent_lines)
        return _enter(flow, state, node.no_key)
    return state, ()


def _entered(flow: Flow, state: State, node: EnterNode, event: Digits) -> tuple[State, tuple[Effect, ...]]:
    text = event.text
    if not text:
        return _enter(flow, state, node.no_key)
    if node.telephone and text.isdigit() and node.least <= len(text) <= node.most:
        return _enter(flow, replace(state, digits=text), node.given)
    number = (
        -1
        if node.telephone
        else int(text)
        if text.isascii() and text.isdigit() and len(text) <= len(str(node.most))
        else -1
    )
    if node.least <= number <= node.most:
        return _enter(flow, replace(state, digits=str(number)), node.given)
    if state.wrongs < node.wrong_times:
        return _ask_number(replace(state, wrongs=state.wrongs + 1), node, node.wrong_lines)
    return _enter(flow, state, node.no_key)


def _enter(flow: Flow, state: State, name: str) -> tuple[State, tuple[Effect, ...]]:
    """Go to a node, and on until one waits or the flow ends."""
    for _ in range(MAX_NODES):
        node = flow.nodes.get(name)
        if node is None:
            return _fault(state, f"there is no node {name}")
        visits = {**state.visits, name: state.visits.get(name, 0) + 1}
        state = replace(state, node=name, visits=visits, silences=0, wrongs=0)
        onwards = _passed(node, state)
        if not onwards:
            return _stay(state, node)
        name = onwards
    return _fault(state, f"{MAX_NODES} nodes in a row without a wait")


def _passed(node: Node, state: State) -> str:
    """Where a node leads that needs no wait now; empty when it does."""
    match node:
        case ChooseNode():
            return node.then if node.fact in state.facts else node.otherwise
        case AskNode() | EnterNode() if state.visits[state.node] > node.visits:
            return node.no_key
        case SayNode() if not _prompts(node.lines, state):
            return node.then
    return ""


def _stay(state: State, node: Node) -> tuple[State, tuple[Effect, ...]]:
    """Say what a node wants done, and wait there."""
    match node:
        case SayNode():
            return state, (Say(_prompts(node.lines, state)),)
        case AskNode():
            return _ask(state, node, node.lines)
        case EnterNode():
            return _ask_number(state, node, node.lines)
        case JoinNode():
            return state, (Join(),)
        case HandOverNode():
            return replace(state, ended="handed_over"), (HandOver(node.to, tuple(sorted(node.knowing))),)
        case QueueNode():
            said, welcome = _prompts(node.waiting, state), _prompts(node.welcome, state)
            return state, (Queue(node.score, "".join(sorted(node.keys)), said, welcome),)
        case RecordNode():
            return state, (Record(node.limit),)
        case BridgeNode():
            return state, (Bridge(node.to, "".join(sorted(node.keys))),)
        case NoteNode():
            return state, (Note(node.what, state.digits if node.number else state.key),)
        case HangupNode():
            return replace(state, ended="hangup"), (Hangup(node.cause),)
    raise AssertionError(node)  # a choice is never stayed at


def _ask(state: State, node: AskNode, lines: tuple[Line, ...]) -> tuple[State, tuple[Effect, ...]]:
    keys = "".join(sorted(node.keys))
    return state, (Ask(_prompts(lines or node.lines, state), keys, node.wait),)


def _ask_number(state: State, node: EnterNode, lines: tuple[Line, ...]) -> tuple[State, tuple[Effect, ...]]:
    digits = node.most if node.telephone else len(str(node.most))
    return state, (Enter(_prompts(lines or node.lines, state), digits, node.wait),)


def _prompts(lines: tuple[Line, ...], state: State) -> tuple[str, ...]:
    visits = state.visits.get(state.node, 1)
    back = {
        PRESSED: f"key.{KEY_NAMES.get(state.key, state.key)}" if state.key else "",
        ENTERED: f"number.{state.digits}" if state.digits else "",
    }
    said = (line.prompt for line in lines if line.said(state.facts, visits))
    return tuple(filter(None, (back.get(prompt, prompt) for prompt in said)))


def _fault(state: State, why: str) -> tuple[State, tuple[Effect, ...]]:
    return replace(state, ended="fault"), (Fault(why),)
