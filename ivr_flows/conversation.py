"""What a conversation is made of: the nodes of a flow, what may happen, what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

KEYS = "0123456789*#"
KEY_NAMES = {"*": "star", "#": "hash"}
PRESSED = "key.pressed"  # the prompt that says back the key that was pressed last
PLACE = "place.number"  # the prompt that says which place in the queue the caller has
DESK = "desk.number"  # the prompt that says the number of the desk that answered
LEADER = "leader"  # where a bridge leads to the telephone of whoever leads the shift
ENTERED = "number.entered"  # the prompt that says back the number that was entered last


# --- the flow ---------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A prompt to be played: always, only when a fact holds (or doesn't), or only at the first visit of its node."""

    prompt: str
    fact: str = ""
    unless: bool = False
    once: bool = False

    def said(self, facts: frozenset[str], visits: int = 1) -> bool:
        if self.once and visits > 1:
            return False
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
class EnterNode:
    """Take a whole number of several keys, ended by # or by a pause."""

    lines: tuple[Line, ...]
    least: int
    most: int
    wait: float  # seconds for the first key, after the end; and between keys
    given: str
    no_key: str  # where silence leads, and too many wrong numbers
    wrong_times: int = 1
    wrong_lines: tuple[Line, ...] = ()
    telephone: bool = False  # a telephone number: its digits as they were keyed, ``least`` and ``most`` of them
    visits: int = 4  # entered more often than this: on to ``no_key``


@dataclass(frozen=True)
class JoinNode:
    """Take part in the conference, if one is open, until it ends for this person."""

    left: str
    closed: str  # there is none to join


@dataclass(frozen=True)
class HandOverNode:
    """The conversation goes on in another flow, which knows so much at its start."""

    to: str
    knowing: frozenset[str]


@dataclass(frozen=True)
class QueueNode:
    """Wait for a desk."""

    answered: str
    otherwise: str
    score: int = 0  # who goes first: added to the seconds waited
    keys: Mapping[str, str] = field(default_factory=dict)  # what leads out of the queue, and where to
    waiting: tuple[Line, ...] = ()  # said now and then over the music; ``place.number`` is the caller's place
    welcome: tuple[Line, ...] = ()  # said to both once a desk has answered; ``desk.number`` is its number


@dataclass(frozen=True)
class RecordNode:
    """Take a message."""

    limit: float  # seconds
    then: str
    short: str  # where less than ``least`` seconds lead
    least: float = 1.0


@dataclass(frozen=True)
class BridgeNode:
    """Connect to one desk telephone, or to the leader on call (``LEADER``)."""

    to: str
    answered: str
    otherwise: str
    keys: Mapping[str, str] = field(default_factory=dict)  # what leads away while the leader is called, and where to


@dataclass(frozen=True)
class NoteNode:
    """Have something written down, and go on only when it is, or could not be."""

    what: str
    done: str
    failed: str
    number: bool = False  # it is the number that was entered, not a key


@dataclass(frozen=True)
class ChooseNode:
    """Go one way or the other by what was known at the start."""

    fact: str
    then: str
    otherwise: str


@dataclass(frozen=True)
class HangupNode:
    cause: str = "NORMAL_CLEARING"


Node: TypeAlias = (
    SayNode
    | AskNode
    | EnterNode
    | JoinNode
    | HandOverNode
    | QueueNode
    | RecordNode
    | BridgeNode
    | NoteNode
    | ChooseNode
    | HangupNode
)


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
class Digits:
    """What was entered; empty: nothing."""

    text: str


@dataclass(frozen=True)
class Joined:
    """They were in the conference and are no more, or there was none."""

    joined: bool


@dataclass(frozen=True)
class QueueEnded:
    cause: str  # ``cc_cause``: answered, cancel, timeout …; or the key that led out


@dataclass(frozen=True)
class Recorded:
    seconds: float


@dataclass(frozen=True)
class Bridged:
    answered: bool
    key: str = ""  # that led away before


@dataclass(frozen=True)
class Noted:
    """It is written down (committed), or it could not be."""

    done: bool


@dataclass(frozen=True)
class Gone:
    """The other side has hung up."""


Event: TypeAlias = Started | Said | Key | NoKey | Digits | Joined | QueueEnded | Recorded | Bridged | Noted | Gone


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
class Enter:
    prompts: tuple[str, ...]
    digits: int  # at most
    wait: float


@dataclass(frozen=True)
class Join:
    pass


@dataclass(frozen=True)
class HandOver:
    to: str
    knowing: tuple[str, ...]


@dataclass(frozen=True)
class Queue:
    score: int
    keys: str = ""
    waiting: tuple[str, ...] = ()
    welcome: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    limit: float


@dataclass(frozen=True)
class Bridge:
    to: str
    keys: str = ""


@dataclass(frozen=True)
class Note:
    what: str
    key: str  # or the number that was entered


@dataclass(frozen=True)
class Hangup:
    cause: str


@dataclass(frozen=True)
class Fault:
    """The flow is at fault; whoever is on the line must be rescued."""

    why: str


Effect: TypeAlias = Say | Ask | Enter | Join | HandOver | Queue | Record | Bridge | Note | Hangup | Fault
