"""A clock that stands until it is moved, a directory, and a switch twin whose people follow a script."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from broadcast.dialer import Dialer
from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import (
    Answer,
    Channel,
    GatewayStatus,
    IVoice,
    Originate,
    Prompt,
    RefusedValue,
    SwitchAway,
    SwitchError,
    SwitchEvent,
    SwitchStatus,
    Told,
    Wish,
)
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import AttemptKind, BroadcastState, NumberKind
from dutycenter.work import Work

EPOCH = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


class ManualClock:
    """Time that moves when it is told to, and not otherwise."""

    def __init__(self) -> None:
        self.gone = 0.0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.gone)

    def monotonic(self) -> float:
        return self.gone

    def sleep(self, seconds: float) -> None:
        self.gone += seconds

    def real(self, seconds: float) -> float:
        return seconds


class StillVoice:
    """Speaks 5 characters a second, without a sound."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def say(self, text: str, language: str = "zh_CN") -> Prompt:
        path = self.folder / "message.wav"
        path.write_bytes(b"RIFF")
        return Prompt(path, len(text) / 5)


@dataclass
class Manner:
    """What happens when a number is called: rings for ``ring`` seconds, then ``cause`` or an answer."""

    ring: float = 3.0
    cause: str = ""  # empty: answered
    key: str = "1"  # what an answering person presses, ``after`` seconds
    after: float = 5.0
    heard: bool = True  # listens to the end if no key is pressed


class Died(BaseException):
    """A process was killed here: nothing of it goes on, not even what handles exceptions."""


@dataclass(frozen=True)
class Noted:
    """A line of the switch's own record."""

    at: datetime
    what: str  # originate, answer, key, confirmed (the person was told that the key counts), hangup
    uuid: str
    number: str
    detail: str = ""


NOT_TAKEN_AFTER = 5.0  # seconds, as the dialplan waits for a conversation
STORE_AWAY = (0.3, 1.0, 5.0, 10.0, 30.0)  # a conversation's pauses before it writes an answer again


@dataclass
class Twin:
    """An ``ISwitch`` in memory, on the manual clock, with the conversations on its legs.

    ``script`` gives the manner of each call. ``ivr`` is the store as conversations
    have it; when it raises ``Died``, they all end as the dialplan ends them.
    """

    work: Work
    clock: ManualClock
    script: Callable[[str, int], Manner]
    up: dict[str, Originate] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)
    most_up: int = 0
    begun: list[tuple[float, str, str, str]] = field(default_factory=list)  # when, number, gateway, uuid
    away: bool = False
    garble: Callable[[list[SwitchEvent]], list[SwitchEvent]] = list
    deliver: Callable[[SwitchEvent], None] = lambda event: None
    dead_gateways: set[str] = field(default_factory=set)
    admits: float = float("inf")  # legs at once; of more there is no room
    converses: float = float("inf")  # legs at once that the conversations can take; others are left, and end
    left: list[str] = field(default_factory=list)  # answered, and no conversation came
    taken: set[str] = field(default_factory=set)
    dropped: list[str] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)
    journal: list[Noted] = field(default_factory=list)
    ivr: Work | None = None
    stalled_until: float = 0.0  # the process of the conversations stands still
    _lives: int = 0  # of the process of the conversations
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _ticket: Iterator[int] = field(default_factory=itertools.count)
    _owners: dict[str, str] = field(default_factory=dict)

    # --- ISwitch

    def originate(self, leg: Originate) -> None:
        self._here()
        no_way, no_room = leg.gateway in self.dead_gateways, len(self.up) >= self.admits
        if no_way or no_room:
            cause = "INVALID_GATEWAY" if no_way else "DESTINATION_OUT_OF_ORDER"
            self.at(0.01, lambda: self.end(leg.channel_uuid, cause, job_only=True))
            self.begun.append((self.clock.gone, leg.number, leg.gateway, leg.channel_uuid))
            return
        assert leg.channel_uuid not in self.up, "the same leg twice"
        with self.work.read() as request:
            attempt = request.db.get(Attempt, leg.channel_uuid)
            assert attempt is not None, "not written before it was done"
            owner = f"person {attempt.recipient.person_id}"
            notice = attempt.kind is AttemptKind.NOTICE
            assert not notice or attempt.recipient.acknowledged_at is None, "called after acknowledging"
        if owner in {self._owners[uuid] for uuid in self.up}:
            self.overlaps.append(owner)
        self._owners[leg.channel_uuid] = owner
        self.up[leg.channel_uuid] = leg
        self.most_up = max(self.most_up, len(self.up))
        self.begun.append((self.clock.gone, leg.number, leg.gateway, leg.channel_uuid))
        self._note("originate", leg.channel_uuid, leg.number)
        self.calls[leg.number] += 1
        manner = self.script(leg.number, self.calls[leg.number])
        ring = min(manner.ring, leg.ring_timeout)
        if manner.ring > leg.ring_timeout:
            self.at(ring, lambda: self.end(leg.channel_uuid, "NO_ANSWER"))
        elif manner.cause:
            self.at(ring, lambda: self.end(leg.channel_uuid, manner.cause))
        else:
            self.at(ring, lambda: self._answer(leg.channel_uuid, manner))

    def originate_all(self, legs: Sequence[Originate], told: Told) -> None:
        for leg in legs:
            trouble = None
            try:
                self.originate(leg)
            except (SwitchError, RefusedValue) as error:
                trouble = error
            told(leg, trouble)

    def drop(self, channel_uuid: str, cause: str = "NORMAL_CLEARING") -> bool:
        self._here()
        self.dropped.append(channel_uuid)
        known = channel_uuid in self.up
        self.end(channel_uuid, cause)
        return known

    def exists(self, channel_uuid: str) -> bool:
        self._here()
        return channel_uuid in self.up

    def channels(self) -> list[Channel]:
        self._here()
        return [
            Channel(
                uuid,
                "outbound",
                "CS_EXECUTE",
                "ACTIVE" if uuid in self.answered else "RINGING",
                leg.number,
                "",
                "",
                uuid,
            )
            for uuid, leg in self.up.items()
        ]

    def talk(self, channel_uuid: str) -> None:
        raise SwitchError("-ERR no such channel")

    def transfer(self, channel_uuid: str, extension: str) -> None:
        raise SwitchError("-ERR no such channel")

    def agent_status(self, agent: str, status: str) -> None:
        raise SwitchError("-ERR no such agent")

    def gateway(self, name: str) -> GatewayStatus:
        self._here()
        return GatewayStatus(name, True, name not in self.dead_gateways, 0, 0)

    def status(self) -> SwitchStatus:
        self._here()
        return SwitchStatus("twin", len(self.up), 1000, 30, self.clock.gone)

    # --- the town

    def at(self, after: float, act: Callable[[], None]) -> None:
        """Let something happen in so many seconds."""
        heapq.heappush(self._due, (self.clock.gone + after, next(self._ticket), act))

    def crash(self) -> None:
        """The switch dies: legs are gone without a word, and nobody can reach it."""
        for uuid, leg in self.up.items():
            self._note("hangup", uuid, leg.number, "CRASH")
        self.up.clear()
        self.away = True

    def next_at(self) -> float | None:
        return self._due[0][0] if self._due else None

    def act(self) -> None:
        """Let happen what is due."""
        while self._due and self._due[0][0] <= self.clock.gone:
            heapq.heappop(self._due)[2]()

    def _here(self) -> None:
        if self.away:
            raise SwitchAway("connection refused")

    def _answer(self, uuid: str, manner: Manner) -> None:
        if uuid not in self.up:
            return
        self.answered.add(uuid)
        self._note("answer", uuid, self.up[uuid].number)
        self.emit(self.event("CHANNEL_ANSWER", uuid))
        if len(self.taken & self.up.keys()) >= self.converses:
            self.left.append(uuid)
            self.at(NOT_TAKEN_AFTER, lambda: self.end(uuid, "NORMAL_TEMPORARY_FAILURE"))
            return
        self.taken.add(uuid)
        with self.work.read() as request:
            notice = Broadcasts_of(request).notice(uuid)
        assert notice is not None
        length = notice.message_seconds
        if manner.key:
            self._later(manner.after, lambda: self._press(uuid, manner.key))
            self._later(manner.after + 1.0, lambda: self._flow_ends(uuid, Answer(manner.key, False, manner.after)))
        else:
            spent = length if manner.heard else min(2.0, length / 2)
            self._later(spent, lambda: self._flow_ends(uuid, Answer("", manner.heard, spent)))

    def _press(self, uuid: str, key: str) -> None:
        if uuid not in self.up:
            return
        number = self.up[uuid].number
        self._note("key", uuid, number, key)
        if key in "14":
            self._write(
                lambda broadcasts: (broadcasts.acknowledge if key == "1" else broadcasts.decline)(uuid, key),
                lambda: self._note("confirmed", uuid, number, key),
            )

    def _flow_ends(self, uuid: str, answer: Answer) -> None:
        if uuid not in self.up:
            return
        self._write(lambda broadcasts: broadcasts.heard(uuid, answer))
        self.end(uuid, "NORMAL_CLEARING")

    def _write(
        self, write: Callable[[Broadcasts], None], then: Callable[[], None] = lambda: None, tries: int = 0
    ) -> None:
        """As a conversation writes an answer down: again and again while the store is away."""
        try:
            with (self.ivr or self.work).write() as request:
                write(Broadcasts_of(request))
        except DBAPIError:
            if tries < len(STORE_AWAY):
                self._later(STORE_AWAY[tries], lambda: self._write(write, then, tries + 1))
            return
        then()

    def _later(self, after: float, act: Callable[[], None]) -> None:
        """Something of the conversations' process: it stands still and dies with it."""
        life = self._lives

        def do() -> None:
            if life != self._lives:
                return
            if self.clock.gone < self.stalled_until:
                self.at(self.stalled_until - self.clock.gone, do)
                return
            try:
                act()
            except Died:
                self.lose_conversations()

        self.at(after, do)

    def lose_conversations(self) -> None:
        """Their process is killed: answered legs go on in the dialplan, which ends them."""
        self._lives += 1
        for uuid in [uuid for uuid in self.up if uuid in self.answered]:
            self.end(uuid, "NORMAL_TEMPORARY_FAILURE")

    def _note(self, what: str, uuid: str, number: str, detail: str = "") -> None:
        self.journal.append(Noted(self.clock.now(), what, uuid, number, detail))

    def end(self, uuid: str, cause: str, job_only: bool = False) -> None:
        """A leg is over, with this cause."""
        leg = self.up.pop(uuid, None)
        if leg is not None:
            self._note("hangup", uuid, leg.number, cause)
        elif not job_only:
            return
        job = SwitchEvent(
            "BACKGROUND_JOB",
            "",
            self.clock.now(),
            {"Job-Command": "originate", "Job-Command-Arg": f"{{origination_uuid={uuid},dc_attempt={uuid}}}sofia"},
            f"-ERR {cause}\n",
        )
        if job_only:
            self.emit(SwitchEvent("CHANNEL_DESTROY", uuid, self.clock.now(), {}), job)
            return
        gone = [self.event(name, uuid, cause) for name in ("CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")]
        self.emit(*(gone if uuid in self.answered else [gone[0], job, gone[1]]))

    def event(self, name: str, uuid: str, cause: str = "") -> SwitchEvent:
        headers = {"Hangup-Cause": cause, "variable_dc_attempt": uuid} if cause else {"variable_dc_attempt": uuid}
        return SwitchEvent(name, uuid, self.clock.now(), headers)

    def emit(self, *events: SwitchEvent) -> None:
        if self.away:
            return
        for event in self.garble(list(events)):
            self.deliver(event)


def Broadcasts_of(request) -> Broadcasts:  # noqa: N802
    return request.find_service(Broadcasts)


@dataclass
class Town:
    """The directory, a broadcast and everything that moves it."""

    work: Work
    clock: ManualClock
    people: list[int] = field(default_factory=list)

    def settle(self, people: int = 10, numbers: int = 2, departments: int = 3) -> list[int]:
        """People with numbers ``1380000PPPN``; their ids."""
        with self.work.write() as request:
            db = request.db
            rooms = [Department(name=f"第{d}局", short_name=f"{d}局", position=d) for d in range(departments)]
            db.add_all(rooms)
            made = [
                Person(
                    department=rooms[p % departments],
                    name=f"人{p}",
                    post="局长" if p < departments else "科长",
                    position=p,
                    numbers=[
                        PhoneNumber(number=f"1380000{p:03d}{n}", kind=list(NumberKind)[n], position=n)
                        for n in range(numbers)
                    ],
                )
                for p in range(people)
            ]
            db.add_all(made)
            db.flush()
            self.people = [person.id for person in made]
        return self.people

    def gateway(self, name: str = "pstn", channels: int = 24, cps: float = 10.0, reserved: int = 4, **more) -> None:
        with self.work.write() as request:
            request.db.add(
                Gateway(
                    name=name, channels=channels, calls_per_second=cps, reserved=reserved, caller_id="07318888", **more
                )
            )
            request.db.flush()

    def launch(self, people: list[int] | None = None, **wish) -> int:
        wish = {"title": "防汛通知", "message": "请立即到岗到位," * 10, "channels": 20, "rounds": 2, "pause": 30} | wish
        with self.work.write() as request:
            broadcasts = Broadcasts_of(request)
            made = broadcasts.draft(Wish(people=people or self.people, **wish))
            broadcasts.launch(made)
        return made

    def twin(self, script: Callable[[str, int], Manner] = lambda number, nth: Manner()) -> Twin:
        return Twin(self.work, self.clock, script)

    def dialer(self, twin: Twin, owner: str = "dialer") -> Dialer:
        dialer = Dialer(self.work, twin, owner)
        twin.deliver = dialer.on_event
        dialer.on_connect()
        return dialer

    def play(self, twin: Twin, *dialers: Dialer, until: Callable[[], bool] | None = None, limit: float = 3600) -> None:
        """Let time pass until all broadcasts have ended."""
        until = until or (lambda: not self.running())
        steps = 0
        end = self.clock.gone + limit
        while True:
            twin.act()
            rest = min((dialer.step() for dialer in dialers), default=1.0)
            steps += 1
            if steps % 5 == 0 and until():
                return
            assert self.clock.gone < end, "it does not come to an end"
            due = [rest if rest < 0.1 else 0.5]
            if twin.next_at() is not None:
                due.append(max(0.0, twin.next_at() - self.clock.gone))
            self.clock.gone += max(0.005, min(due))

    def running(self) -> bool:
        with self.work.read() as request:
            return (
                request.db.scalar(
                    select(Broadcast.id).where(Broadcast.finished_at.is_(None), Broadcast.state != BroadcastState.DRAFT)
                )
                is not None
            )

    def outcomes(self) -> dict[str, str | None]:
        """Outcome by name."""
        with self.work.read() as request:
            return {r.name: r.outcome and r.outcome.value for r in request.db.scalars(select(Recipient))}

    def dispositions(self) -> Counter[str]:
        with self.work.read() as request:
            return Counter(
                a.disposition.value if a.disposition else "open" for a in request.db.scalars(select(Attempt))
            )


def founded(work: Work, clock: ManualClock, folder: Path) -> Town:
    """An empty town whose messages are spoken without a sound."""
    voice = StillVoice(folder)
    config = Configurator(registry=work.registry)
    config.register_service_factory(lambda context, request: voice, IVoice)
    config.commit()
    return Town(work, clock)
