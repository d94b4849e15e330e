"""The ports: what one room promises another, and the values that pass between.

Each port is a ``Protocol``. A service is looked up with
``request.find_service(IPort)``; constructors take plain collaborators and only
factories see the request. Each outward service has a Null twin beside its
implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from dutycenter.vocabulary import EscalationKind, ReachedRule, SituationKind, SmsWhen, StepWhom

# --- time -------------------------------------------------------------------


class IClock(Protocol):
    """Time as the product lives it; faster than real time in a rehearsal."""

    def now(self) -> datetime:
        """The moment, in UTC, the same in every process."""

    def monotonic(self) -> float:
        """Seconds that never go back; for durations."""

    def sleep(self, seconds: float) -> None:
        """Wait so many of the product's seconds (cooperative under gevent)."""

    def real(self, seconds: float) -> float:
        """How many real seconds pass in so many of the product's seconds."""


# --- ledger -----------------------------------------------------------------

Entry = tuple[str, str, Mapping[str, Any]]
"""Action, subject and data of an entry, as ``ILedger.append`` takes them."""


class ILedger(Protocol):
    """The record that cannot be changed; every change writes to it."""

    def append(
        self,
        action: str,
        subject: str,
        data: Mapping[str, Any] | None = None,
        *,
        actor: str | None = None,
    ) -> int:
        """Append an entry in the transaction of the change it tells of.

        Args:
            action: what happened, ``noun.verb-in-past``: ``call.arrived``.
            subject: what it happened to, ``kind:id``: ``call:12``.
            data: plain JSON values; floats are refused, times are ISO 8601 text.
            actor: ``user:3``, ``ivr``, ``dialer`` …; the request's by default.

        Returns:
            The entry's id.

        Raises:
            ValueError: ``data`` holds what canonical JSON cannot say.
        """

    def append_all(self, entries: Iterable[Entry]) -> None:
        """Append many entries of the request's own actor, in their order, at the cost of one."""


# --- the switch -------------------------------------------------------------


class SwitchError(Exception):
    """The switch refused or failed a command; ``str()`` is its own word."""


class SwitchAway(SwitchError):
    """The switch cannot be reached, or did not answer in time."""


class RefusedValue(ValueError):
    """A value that must never reach the switch: wrong pattern or unsafe character."""


@dataclass(frozen=True)
class Originate:
    """One leg to be made. ``channel_uuid`` was committed before this exists."""

    channel_uuid: str
    gateway: str
    number: str
    caller_id: str
    ring_timeout: int  # seconds
    extension: str  # of the dialplan context ``dutycenter``: where an answered leg goes
    variables: Mapping[str, str] = field(default_factory=dict)  # names start with ``dc_``


@dataclass(frozen=True)
class Channel:
    """One row of ``show channels as json``."""

    channel_uuid: str
    direction: str
    state: str
    callstate: str
    destination: str
    caller_number: str
    application: str
    call_uuid: str


@dataclass(frozen=True)
class InRoom:
    """One member of a conference, as the switch lists them."""

    member: int  # the switch's number for them, in this conference
    channel_uuid: str
    number: str
    muted: bool
    talking: bool


@dataclass(frozen=True)
class GatewayStatus:
    name: str
    known: bool
    up: bool
    calls_out: int
    failed_calls_out: int


@dataclass(frozen=True)
class SwitchStatus:
    version: str
    sessions: int
    sessions_max: int
    sessions_per_second: int
    uptime: float  # seconds


@dataclass(frozen=True)
class SwitchEvent:
    """An event, reduced to what the product reads; header values are decoded.

    ``name`` is ``Event-Name``, or ``Event-Subclass`` when that is CUSTOM.
    """

    name: str
    channel_uuid: str
    at: datetime
    headers: Mapping[str, str]
    body: str = ""

    def variable(self, name: str) -> str:
        """A channel variable's value, or an empty text."""
        return self.headers.get(f"variable_{name}", "")


Told = Callable[[Originate, SwitchError | RefusedValue | None], None]
"""What the switch said to one leg."""


OUT_OF_QUEUE = "D"
"""A key of the telephone network that no telephone has: ours, by which we lead a caller out of a queue."""


class ISwitch(Protocol):
    """Commands to one switch. Every one ends within a time limit.

    All raise ``SwitchAway`` when it cannot be reached, ``SwitchError`` when it
    refuses, and ``RefusedValue`` before anything unsafe is sent.
    """

    def originate(self, leg: Originate) -> None:
        """Hand the leg to the switch (``bgapi``); what becomes of it comes as events."""

    def originate_all(self, legs: Sequence[Originate], told: Told) -> None:
        """``originate`` for each: all commands are sent when this returns, replies may come later.

        Args:
            told: called once for each leg, now or later, from any greenlet, with what
                ``originate`` would have raised, or None. ``SwitchAway`` leaves open
                whether the switch heard of the leg.
        """

    def drop(self, channel_uuid: str, cause: str = "NORMAL_CLEARING") -> bool:
        """Take a leg down; False when the switch doesn't know it."""

    def exists(self, channel_uuid: str) -> bool:
        """Is this channel up?"""

    def channels(self) -> list[Channel]:
        """All channels that are up."""

    def talk(self, channel_uuid: str) -> None:
        """Make the ringing desk telephone of this leg answer (``uuid_phone_event … talk``)."""

    def transfer(self, channel_uuid: str, extension: str) -> None:
        """Send a leg to an extension of the dialplan context ``dutycenter``."""

    def transfer_both(self, channel_uuid: str, extension: str) -> None:
        """The same for a leg and whoever it is bridged with; what is being told to them is broken off.

        Raises:
            SwitchError: it is bridged with nobody.
        """

    def hold(self, channel_uuid: str, held: bool) -> None:
        """Hold a leg: whoever it is bridged with hears music; or let them talk again."""

    def press(self, channel_uuid: str, key: str) -> None:
        """Do as if this leg's telephone had pressed a key."""

    def tier_level(self, queue: str, agent: str, level: int) -> None:
        """Set when the queue rings this agent: level 1 at once, the next after ``hotline.overflow`` seconds."""

    def agent_status(self, agent: str, status: str) -> None:
        """Set a queue agent's status: ``Available``, ``On Break``, ``Logged Out``."""

    def conference(self, room: str) -> list[InRoom]:
        """Who is in this room now; nobody when the switch doesn't know it."""

    def conference_mute(self, room: str, member: int, muted: bool) -> None:
        """Let a member be heard or not."""

    def conference_hold(self, room: str, member: int, held: bool) -> None:
        """Let a member hear music and nobody hear them, or take part again."""

    def conference_drop(self, room: str, member: int) -> None:
        """Put a member out of the room."""

    def conference_lock(self, room: str, locked: bool) -> None:
        """Let nobody else in, or let people in again; nothing when nobody is in."""

    def conference_end(self, room: str) -> None:
        """Put everybody out; nothing when nobody is in."""

    def call_desk(self, channel_uuid: str, desk: str, extension: str, caller_id: str) -> None:
        """Ring a desk's telephone and send it to an extension once it answers (``bgapi``)."""

    def dial(self, channel_uuid: str, desk: str, number: str, caller_id: str) -> None:
        """Ring a desk's telephone and have it dial a number as by hand: only what desks may dial (``bgapi``)."""

    def gateway(self, name: str) -> GatewayStatus:
        """How a gateway stands."""

    def status(self) -> SwitchStatus:
        """How the switch stands."""


class ISwitchEvents(Protocol):
    """A supervised subscription: reconnects, subscribes again, and says so."""

    def follow(
        self,
        names: Iterable[str],
        on_event: Callable[[SwitchEvent], None],
        on_connect: Callable[[], None],
    ) -> None:
        """Deliver the named events until stopped; blocks.

        ``on_connect`` runs after every (re)connect before any event: the place
        to reconcile. Events may come twice or out of order.
        """

    def stop(self) -> None:
        """End ``follow``."""


class ILeg(Protocol):
    """One answered leg, driven from our side (outbound event socket).

    Every method raises ``LegGone`` once the other side has hung up.
    """

    channel_uuid: str
    variables: Mapping[str, str]  # channel variables at connect, decoded, without ``variable_``

    @property
    def caller_number(self) -> str: ...

    @property
    def called_number(self) -> str: ...

    @property
    def inbound(self) -> bool: ...

    def answer(self) -> None: ...

    def play(self, files: Iterable[Path]) -> None:
        """Play to the end."""

    def ask(self, files: Iterable[Path], keys: str, wait: float) -> str:
        """Play, and take one of ``keys``; empty when none came within ``wait`` seconds after the end."""

    def enter(self, files: Iterable[Path], digits: int, wait: float) -> str:
        """Play, and take up to so many digits, ended by ``#`` or a pause; empty when none came."""

    def join(self, room: str) -> None:
        """Take part in a conference until it is over for this leg."""

    def queue(self, name: str, keys: str = "", early: str = "") -> str:
        """Wait in the queue; ends with its ``cc_cause``: ``answered``, ``cancel``, ``timeout`` …, or one of ``keys``.

        Args:
            name: of the queue.
            keys: lead out.
            early: of these, the ones that count also when they were pressed just before.
        """

    def place(self, name: str) -> int | None:
        """Which place in the queue this leg has, from 1; None when it doesn't wait there, or nobody can say."""

    @property
    def desk(self) -> str:
        """The desk that answered from the queue; empty until then."""

    def bridge_out(self, outside: OutsideCall, keys: str = "") -> str:
        """Bridge to an outside telephone until the talk ends: ``answered`` when somebody there took it by key.

        Until then any of ``keys`` leads away, also one that was pressed just before: which one; empty when nobody
        took it.
        """

    def announce(self, files: Iterable[Path]) -> None:
        """Lay words over what this leg hears while it waits, and don't wait for the end; its keys count meanwhile."""

    def hush(self) -> None:
        """End what was announced."""

    def tell(self, files: Iterable[Path]) -> None:
        """Play over the talk, to both sides, and don't wait for the end."""

    def record_message(self, file_name: str, limit: float) -> float:
        """Record what is said to a file beside the leg's recording; seconds recorded."""

    def bridge(self, extension: str) -> bool:
        """Bridge to a desk; True when somebody answered."""

    def set(self, variable: str, value: str) -> None: ...

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None: ...


@dataclass(frozen=True)
class OutsideCall:
    """Somebody outside to whom a leg is put through once they press ``key``: a voicemail never does."""

    channel_uuid: str  # committed before this exists
    gateway: str
    number: str
    caller_id: str
    ring: float  # seconds
    asks: Path  # what they hear when they pick up
    key: str = "1"
    confirm: float = 20.0  # seconds from then on in which they can press it: the words, and some more


class LegGone(Exception):
    """The other side has hung up."""


@dataclass(frozen=True)
class Prompt:
    """A made prompt: 8 kHz mono 16-bit WAV, kept by content."""

    path: Path
    seconds: float


# --- notices: what a broadcast asks of an answered leg, and what it says back -


@dataclass(frozen=True)
class Notice:
    """What is to be said on an answered leg of a broadcast."""

    attempt_id: str
    broadcast_id: int
    recipient_name: str
    exercise: bool
    message: Path  # WAV
    message_seconds: float
    settled: bool  # this person has acknowledged meanwhile: say so and end
    heard_counts: bool = False  # who hears the message to its end has acknowledged
    recipient_id: int = 0
    reminder: bool = False  # they acknowledged and have not reported: remind them of it
    asks_arrival: bool = False  # who acknowledges is asked when they will be there
    rang: float | None = None  # seconds that it rang before the answer, about
    conference: str = ""  # the room that they may join by key; empty: none is open


@dataclass(frozen=True)
class CalledBack:
    """A person whom a broadcast calls out."""

    recipient_id: int
    name: str
    spoken: Prompt | None = None  # their name, made ahead; only where several share a number


@dataclass(frozen=True)
class Callback:
    """What somebody who calls back was called for: the latest broadcast that still waits for their word.

    Args:
        people: whose number it is; several where people share one.
        acknowledged: they have; what is waited for is that they report at the place, or join the conference.
    """

    broadcast_id: int
    exercise: bool
    message: Path
    message_seconds: float
    people: Sequence[CalledBack]
    acknowledged: bool = False
    asks_arrival: bool = False
    conference: str = ""


class DeskStage(StrEnum):
    """How far somebody is who was called out and asked for the duty desk."""

    ASKED = "asked"
    TALKS = "talks"
    LEFT = "left"  # nobody came


@dataclass(frozen=True)
class Asking:
    """Who was called out on a leg, for the desk that it rings at."""

    recipient_id: int
    broadcast_id: int
    name: str
    department: str
    post: str
    title: str  # of the broadcast
    exercise: bool
    acknowledged: bool


@dataclass(frozen=True)
class CalledOut:
    """A broadcast in which a number was called."""

    broadcast_id: int
    title: str
    exercise: bool
    at: datetime  # when it was launched
    name: str  # whom it called there
    acknowledged: bool


@dataclass(frozen=True)
class Answer:
    """What a person did on an answered leg."""

    key: str = ""  # '1' acknowledge, '3' desk, '4' can't come; empty: nothing
    heard_to_end: bool = False
    heard_seconds: float = 0.0
    wrong_keys: str = ""
    machine_percent: int | None = None  # how likely a machine took the call; None: nobody listened
    machine_ground: str = ""  # what speaks for it, as ``dutycenter.calls.hearing`` writes it


@dataclass(frozen=True)
class EscalationStep:
    """What follows when people are not reached.

    ``after``: seconds after the launch; sooner when there is nobody left to call.
    ``unit_id``: the department that knocks; None: each person's own.
    """

    kind: EscalationKind
    after: int
    whom: StepWhom = StepWhom.UNREACHED
    unit_id: int | None = None


@dataclass(frozen=True)
class Turn:
    """When and how somebody is called within a broadcast."""

    tier: int = 0  # 0 is called before 1, whatever the weights
    legs: int = 1  # numbers that may ring at once
    since: int = 0  # seconds after the launch


@dataclass(frozen=True)
class ExtraNumber:
    """A number typed in by hand, for somebody who is not in the directory."""

    name: str
    number: str


@dataclass(frozen=True)
class Wish:
    """What somebody asks a broadcast to be."""

    title: str
    message: str
    people: Sequence[int]  # ids
    incident_id: int | None = None
    exercise: bool = False
    channels: int = 20  # at most, over all gateways
    rounds: int = 3  # tries of each number at most
    pause: int = 60  # seconds before the same number is tried again
    ring_timeout: int = 30  # seconds
    reached_rule: ReachedRule = ReachedRule.KEY
    sms_when: SmsWhen = SmsWhen.NEVER
    likeliest_first: bool = False  # the number most likely answered, instead of each person's own order
    goal: str = ""  # "(书记 OR 县长) AND 应急局×1 within 5 min"; empty: everybody
    goal_seconds: int | None = None  # by when, where the goal's text does not say it
    extras: Sequence[ExtraNumber] = ()
    turns: Mapping[int, Turn] = field(default_factory=dict)  # by person
    steps: Sequence[EscalationStep] = ()
    plan_version_id: int | None = None
    ask_arrival: bool = False  # it calls people to a place: when will they be there
    report_within: int = 60  # minutes until who named no time should have reported


@dataclass(frozen=True)
class Standing:
    """Where a broadcast stands."""

    broadcast_id: int
    title: str
    state: str
    exercise: bool
    recipients: int
    outcomes: Mapping[str, int]  # Outcome value: how many; what isn't settled is missing
    calling: int  # people with a leg up
    stands_still: bool = False  # it runs, and can call nobody
    corrects_id: int | None = None  # the broadcast whose correction it tells


@dataclass(frozen=True)
class NoticeLeg:
    """One attempt to tell one person, as the audit desk reads it. Words are the values of their enums."""

    attempt_id: str
    broadcast_id: int
    title: str
    message: str
    incident_id: int | None
    exercise: bool
    person_id: int | None
    name: str
    department: str
    post: str
    number: str
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    disposition: str  # empty while the leg is up
    key: str
    heard_to_end: bool
    outcome: str  # of the recipient; empty while it isn't settled
    acknowledged_at: datetime | None


@dataclass(frozen=True)
class NoticeText:
    """One text message to one person, or one from them, as the audit desk reads it."""

    broadcast_id: int
    title: str
    name: str
    department: str
    post: str
    number: str
    at: datetime  # handed to the gateway (until then: written), or received
    received: bool  # from the person
    state: str  # of ``SmsState``; of ``SmsMeaning`` for one that came back
    settled_at: datetime | None  # delivered or failed, by the network's word
    text: str


class IBroadcasts(Protocol):
    """What the rest of the product needs of the broadcasts."""

    def texts(self, incident_id: int) -> list[NoticeText]:
        """The text messages of an incident's broadcasts and what was answered by text, in order of time."""

    def legs(
        self, *, broadcast_id: int | None = None, incident_id: int | None = None, attempts: Sequence[str] = ()
    ) -> list[NoticeLeg]:
        """The legs of a broadcast, of an incident's broadcasts, or these; in the order in which they were made."""

    def of_incident(self, incident_id: int) -> Sequence[int]:
        """The ids of an incident's broadcasts."""

    def draft(self, wish: Wish) -> int:
        """Write a broadcast down, its prompt made; nobody is called yet. Returns its id.

        Raises:
            ValueError: nobody to call, or a message that cannot be said; in the reader's words.
        """

    def launch(self, broadcast_id: int) -> None:
        """Let the dialer begin. Idempotent."""

    def stop(self, broadcast_id: int) -> bool:
        """End it: no more calls, what still rings is dropped. False when it does not run."""

    def standing(self, broadcast_id: int) -> Standing:
        """Where it stands now."""

    def standings(self, incident_id: int | None = None) -> list[Standing]:
        """All that run now, or all of an incident; latest first."""

    def notice(self, attempt_id: str) -> Notice | None:
        """What to say on this attempt's leg; None when the attempt isn't known."""

    def acknowledge(self, attempt_id: str, key: str) -> None:
        """The person accepted: final at its commit (DESIGN rule 3). Idempotent."""

    def decline(self, attempt_id: str, key: str) -> None:
        """The person can't come. Idempotent."""

    def heard(self, attempt_id: str, answer: Answer) -> None:
        """What else is known of the leg when its flow ends. Idempotent."""

    def acknowledge_by(self, recipient_id: int, means: str, key: str = "") -> bool:
        """The person accepted without a leg of ours: by text, by calling back, at the desk (``Means``).

        As final as by key. False when they had accepted before, or aren't known.
        """

    def decline_by(self, recipient_id: int, means: str, key: str = "") -> bool:
        """The person said so without a leg of ours: can't come. False when that changes nothing."""

    def callback(self, number: str) -> Callback | None:
        """What the owner of this number was called for lately and has not answered; None: nothing."""

    def arrives(self, recipient_id: int, minutes: int, means: str) -> bool:
        """They say in how many minutes they will be there. False when that changes nothing."""

    def arrived(self, recipient_id: int, means: str) -> bool:
        """They report at the place. False when that was known."""

    def at_desk(self, attempt_id: str, stage: DeskStage) -> None:
        """The person on this leg asked for the duty desk, talks to it, or nobody came. Idempotent."""

    def called_out(self, number: str, limit: int) -> Sequence[CalledOut]:
        """Broadcasts in which this number was to be called, the latest first."""

    def asking(self, attempt_ids: Sequence[str]) -> Mapping[str, Asking]:
        """Who is called out on these legs; unknown ones are left out."""


# --- readiness: what a desk must know before anything happens ----------------


@dataclass(frozen=True)
class NotReady:
    """A plan that cannot do what it says; in the reader's words."""

    title: str
    wrong: str
    todo: str
    path: str


class IReadiness(Protocol):
    """What every desk is told of the plans."""

    def not_ready(self) -> list[NotReady]:
        """Plans that cannot do what they say."""

    def doors(self) -> int:
        """How many doors are still to be knocked at."""


# --- voice, SMS -------------------------------------------------------------


class IVoice(Protocol):
    """Makes speech, ahead of time and cached by content; never while a phone waits."""

    def say(self, text: str, language: str = "zh_CN") -> Prompt:
        """The prompt for this text, made now if it isn't kept yet.

        Raises:
            VoiceError: it cannot be made; says what to do.
        """

    def kept(self, text: str, language: str = "zh_CN") -> Prompt | None:
        """The prompt if it is made already: what may be asked while a phone waits."""


class VoiceError(Exception):
    """Speech could not be made; ``str()`` says why and what to do.

    ``args[0]`` may be a translation string, for who tells a reader.
    """

    def __str__(self) -> str:
        words = self.args[0] if self.args else ""
        return str(words.interpolate() if hasattr(words, "interpolate") else words)


class SmsRefused(Exception):
    """The gateway surely did not take the message: it may be sent again. ``str()`` says why."""


class SmsUncertain(Exception):
    """Nobody knows whether the gateway took the message: it must not be sent again. ``str()`` says why."""


@dataclass(frozen=True)
class SmsReply:
    """The gateway has taken a message, which is not yet delivered.

    Args:
        detail: its own words.
    """

    detail: str = ""


class ISms(Protocol):
    """One gateway for text messages. Every call ends within a time limit."""

    def send(self, number: str, text: str, reference: str) -> SmsReply:
        """Hand one message over; ``reference`` comes back with its delivery reports.

        Raises:
            SmsRefused: surely not taken.
            SmsUncertain: taken or not, nobody knows.
        """


# --- mail -------------------------------------------------------------------


class MailRefused(Exception):
    """The letter was certainly not taken; ``str()`` says why. It may be tried again."""


class MailUnknown(Exception):
    """The relay may have taken the letter or not: it must not be repeated blindly, nor counted as sent."""


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes
    media_type: str  # such as ``application/pdf``


@dataclass(frozen=True)
class Letter:
    """One letter to one address."""

    to: str
    subject: str
    text: str
    message_id: str  # without angle brackets; the same at every try of the same letter
    at: datetime  # its date
    attachments: Sequence[Attachment] = ()


class IMail(Protocol):
    """Hands letters to the installation's own mail relay."""

    def send(self, letter: Letter) -> str:
        """Hand one letter over; the relay's word. Ends within a time limit.

        Raises:
            MailRefused: it was not taken.
            MailUnknown: nobody can say.
        """


# --- find box ---------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """One line of what a finder (``config.add_finder``) found.

    Args:
        kind: what it is, as people say it: a translation string such as ``_("Person")``.
        title: its name or number.
        detail: what tells it from others of the same name.
        number: a telephone number that tells it, too.
        path: where it is shown.
        icon: a name of bootstrap-icons.
    """

    kind: str
    title: str
    detail: str
    path: str
    icon: str = "arrow-right-short"
    number: str = ""


# --- reports ----------------------------------------------------------------


@dataclass(frozen=True)
class Drafted:
    """The beginning of a written report, to be edited: a title, and text with headings of its own."""

    title: str
    body: str


class IReports(Protocol):
    """What a button or a command asks of the reports."""

    def month(self, year: int, month: int, out: Path) -> Path:
        """Write the month's report as PDF; returns where it is.

        Raises:
            ValueError: the month lies in the future.
        """

    def draft(self, incident_id: int, kind: SituationKind, language: str, since: datetime | None) -> Drafted:
        """An incident's report in words, from what is known now.

        Args:
            since: when the report before this one went out; a follow-up tells only what came later.
        """

    def write(self, kind: str, about: str, language: str, out: Path) -> Path:
        """Write any paper as PDF; returns where it is. Never on a gevent hub: it takes a second.

        Args:
            kind: a value of ``ReportKind``.
            about: a period such as ``2026-Q4``, a week's Monday, or the id of what it tells of.
            language: ``zh_CN`` or ``en``.
            out: the file.

        Raises:
            ValueError: there is nothing to tell of.
        """
