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
from typing import TypeAlias

MAX_EVENTS = 200  # in one conversation
MAX_NODES = 50  # in one advance, without a wait
KEYS = "0123456789*#"
KEY_NAMES = {"*": "star", "#": "hash"}
PRESSED = "key.pressed"  # the prompt that says back the key that was pressed last


# --- the flow ---------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A prompt to be played, always or only when a fact holds (or doesn't)."""

    prompt: str
    fact: str = ""
    unless: bool = False

    def said(self, facts: frozenset[str]) -> bool:
        return not self.fact or (self.fact in facts) != self.unless


@dataclass(frozen=True)
class SayNode:
    """Play to the end, then go on."""

    lines: tuple[Line, ...]
    then: str


@dataclass(frozen=True)
class AskNode:
    """A menu: play and take a key. Pressing skips what is left to be played."""

    lines: tuple[Line, ...]
    keys: Mapping[str, str]  # key: node
    wait: float  # seconds after the end
    no_key: str  # where silence leads in the end
    wrong_key: str  # where wrong keys lead in the end
    silent_times: int = 0  # asked so many more times after silence
    silent_lines: tuple[Line, ...] = ()
    wrong_times: int = 1  # asked so many more times after a wrong key
    wrong_lines: tuple[Line, ...] = ()
    visits: int = 6  # entered more often than this: on to ``no_key``


@dataclass(frozen=True)
class QueueNode:
    """Wait for a desk."""

    answered: str
    otherwise: str
    score: int = 0  # who goes first: added to the seconds waited


@dataclass(frozen=True)
class RecordNode:
    """Take a message."""

    limit: float  # seconds
    then: str
    short: str  # where less than ``least`` seconds lead
    least: float = 1.0


@dataclass(frozen=True)
class BridgeNode:
    """Connect to one desk telephone."""

    to: str
    answered: str
    otherwise: str


@dataclass(frozen=True)
class NoteNode:
    """Have something written down, and go on only when it is, or could not be."""

    what: str
    done: str
    failed: str


@dataclass(frozen=True)
class ChooseNode:
    """Go one way or the other by what was known at the start."""

    fact: str
    then: str
    otherwise: str


@dataclass(frozen=True)
class HangupNode:
    cause: str = "NORMAL_CLEARING"


Node: TypeAlias = SayNode | AskNode | QueueNode | RecordNode | BridgeNode | NoteNode | ChooseNode | HangupNode


@dataclass(frozen=True)
class Flow:
    """A conversation: named nodes and where it starts."""

    name: str
    start: str
    nodes: Mapping[str, Node]
    slots: frozenset[str] = frozenset()  # prompts that each conversation brings along
    facts: frozenset[str] = frozenset()  # what may be known at the start


# --- what happened ----------------------------------------------------------


@dataclass(frozen=True)
class Started:
    pass


@dataclass(frozen=True)
class Said:
    pass


@dataclass(frozen=True)
class Key:
    """A key was pressed; whether the menu has it is the engine's to say."""

    key: str


@dataclass(frozen=True)
class NoKey:
    pass


@dataclass(frozen=True)
class QueueEnded:
    cause: str  # ``cc_cause``: answered, cancel, timeout …


@dataclass(frozen=True)
class Recorded:
    seconds: float


@dataclass(frozen=True)
class Bridged:
    answered: bool


@dataclass(frozen=True)
class Noted:
    """It is written down (committed), or it could not be."""

    done: bool


@dataclass(frozen=True)
class Gone:
    """The other side has hung up."""


Event: TypeAlias = Started | Said | Key | NoKey | QueueEnded | Recorded | Bridged | Noted | Gone


# --- what is to be done -----------------------------------------------------


@dataclass(frozen=True)
class Say:
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    prompts: tuple[str, ...]
    keys: str
    wait: float


@dataclass(frozen=True)
class Queue:
    score: int


@dataclass(frozen=True)
class Record:
    limit: float


@dataclass(frozen=True)
class Bridge:
    to: str


@dataclass(frozen=True)
class Note:
    what: str
    key: str


@dataclass(frozen=True)
class Hangup:
    cause: str


@dataclass(frozen=True)
class Fault:
    """The flow is at fault; whoever is on the line must be rescued."""

    why: str


Effect: TypeAlias = Say | Ask | Queue | Record | Bridge | Note | Hangup | Fault


@dataclass(frozen=True)
class State:
    """Where one conversation stands."""

    flow: str
    facts: frozenset[str] = frozenset()
    node: str = ""  # empty: not started
    ended: str = ""  # hangup, gone, fault; empty: goes on
    events: int = 0
    visits: Mapping[str, int] = field(default_factory=dict)
    silences: int = 0  # in this visit of an ask
    wrongs: int = 0  # in this visit of an ask
    key: str = ""  # pressed last, right or wrong
    wrong_keys: str = ""


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
    target = _target(node, event)
    return _enter(flow, state, target) if target else (state, ())


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
        case AskNode() if state.visits[state.node] > node.visits:
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
        case QueueNode():
            return state, (Queue(node.score),)
        case RecordNode():
            return state, (Record(node.limit),)
        case BridgeNode():
            return state, (Bridge(node.to),)
        case NoteNode():
            return state, (Note(node.what, state.key),)
        case HangupNode():
            return replace(state, ended="hangup"), (Hangup(node.cause),)
    raise AssertionError(node)  # a choice is never stayed at


def _ask(state: State, node: AskNode, lines: tuple[Line, ...]) -> tuple[State, tuple[Effect, ...]]:
    keys = "".join(sorted(node.keys))
    return state, (Ask(_prompts(lines or node.lines, state), keys, node.wait),)


def _prompts(lines: tuple[Line, ...], state: State) -> tuple[str, ...]:
    said = (line.prompt for line in lines if line.said(state.facts))
    pressed = f"key.{KEY_NAMES.get(state.key, state.key)}" if state.key else ""
    return tuple(filter(None, (pressed if prompt == PRESSED else prompt for prompt in said)))


def _fault(state: State, why: str) -> tuple[State, tuple[Effect, ...]]:
    return replace(state, ended="fault"), (Fault(why),)
