"""Gateways as one dialer sees them: what they may carry, and whether they work.

A gateway that fails is left alone for a while, longer each time, then tried with
one call; the first call that the network takes opens it again. Only failures of
the trunk count: a busy or dead number says nothing about the line.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.yielding import Pace, Seen, channels_of, paced, rate_of
from dutycenter.switch.gateways import carries, prefixes_of
from dutycenter.switch.models import Gateway

log = logging.getLogger(__name__)

MAX_LINES = 32  # as many as the kernel tells apart

FAILED_IN_A_ROW = 3  # a single failure may be the called network's
OWN_FAULTS = frozenset({"INVALID_GATEWAY", "GATEWAY_DOWN", "INVALID_PROFILE", "USER_CHALLENGE"})
"""Causes that can only be the trunk's own."""

FIRST_REST = 5.0  # seconds
LONGEST_REST = 60.0


class Hindrance(StrEnum):
    """Why a running broadcast calls nobody at the moment, or fewer than it could."""

    SWITCH = "switch"  # the switch cannot be reached
    LINES = "lines"  # every gateway rests or is out of service
    SLOWER = "slower"  # our own side does not keep up: see ``yielding``


@dataclass
class Load:
    """One switch: what it is given, and what came back since that was last judged."""

    pace: Pace = field(default_factory=Pace)
    seen: Seen = field(default_factory=Seen)


@dataclass
class Line:
    """One gateway. Times are the product's monotonic seconds."""

    name: str
    channels: int  # that a broadcast may use: without the reserve
    rate: float  # calls a second
    prefixes: Sequence[str]
    caller_id: str
    cost: float
    enabled: bool = True
    switch: str = ""
    share: float = 1.0  # of all this that its switch is given now
    failures: int = 0
    rests: int = 0  # rests in a row
    rest_until: float = 0.0

    def usable(self, now: float) -> int:
        """Channels that may be used now."""
        if not self.enabled or now < self.rest_until:
            return 0
        return min(1, self.channels) if self.rests else channels_of(self.share, self.channels)

    @property
    def pace(self) -> float:
        """Calls a second that may be begun now."""
        return rate_of(self.share, self.rate)

    def failed(self, cause: str, now: float) -> None:
        """A call ended with a cause that may be the trunk's fault."""
        if now < self.rest_until:
            return
        self.failures += 1
        if self.rests or cause in OWN_FAULTS or self.failures >= FAILED_IN_A_ROW:
            self.rest_until = now + min(LONGEST_REST, FIRST_REST * 2**self.rests)
            self.rests += 1
            self.failures = 0

    def worked(self) -> None:
        """The network took a call."""
        self.failures = self.rests = 0
        self.rest_until = 0.0


def gateways(db: Session, *, lock: bool = False) -> Sequence[Gateway]:
    """All gateways in their order; locked while calls are shared out among broadcasts."""
    query = select(Gateway).order_by(Gateway.id).execution_options(populate_existing=True)
    return db.scalars(query.with_for_update() if lock else query).all()


class Lines:
    """All gateways, in a fixed order; positions are the kernel's."""

    def __init__(self) -> None:
        self.all: list[Line] = []
        self._loads: defaultdict[str, Load] = defaultdict(Load)  # by switch

    def refresh(self, gateways: Sequence[Gateway]) -> bool:
        """Take in the rows of the store. True when positions or prefixes changed: choosers begin anew."""
        before = [(line.name, tuple(line.prefixes)) for line in self.all]
        known = {line.name: line for line in self.all}
        self.all = []
        for gateway in gateways[:MAX_LINES]:
            line = known.get(gateway.name) or Line(gateway.name, 0, 1.0, (), "", 0.0)
            line.channels = max(0, gateway.channels - gateway.reserved)
            line.rate = max(0.01, gateway.calls_per_second)
            line.prefixes = tuple(prefixes_of(gateway))
            line.caller_id = gateway.caller_id
            line.cost = gateway.cost
            line.enabled = gateway.enabled
            line.switch = gateway.switch
            line.share = self._loads[gateway.switch].pace.share
            self.all.append(line)
        return before != [(line.name, tuple(line.prefixes)) for line in self.all]

    def first(self, channels: int) -> list[tuple[int, float]]:
        """Channels and calls a second of each gateway, for so many channels from the first gateway on."""
        shares, left = [], channels
        for line in self.all:
            taken = min(line.channels, left) if line.enabled else 0
            left -= taken
            shares.append((taken, line.rate))
        return shares

    def at_once(self, channels: int, calls: int | None = None) -> int:
        """How many calls a broadcast of so many channels can have up at once.

        Gateways out of service and the channels that the hotline keeps give nothing.

        Args:
            calls: how many there are to make at once; None: more than enough.
        """
        given = sum(taken for taken, _rate in self.first(channels))
        return given if calls is None else min(given, calls)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.all)

    def named(self, name: str) -> Line | None:
        """The gateway of this name, if it is still there."""
        return next((line for line in self.all if line.name == name), None)

    def bits(self, number: str) -> int:
        """The positions of the gateways that may carry this number, as bits."""
        if not any(line.prefixes for line in self.all):
            return (1 << len(self.all)) - 1
        return sum(1 << position for position, line in enumerate(self.all) if carries(line.prefixes, number))

    def open(self, now: float) -> bool:
        """May any gateway be used now?"""
        return any(line.usable(now) for line in self.all)

    def next_opening(self) -> float | None:
        """When the first resting gateway may be tried again."""
        return min((line.rest_until for line in self.all if line.enabled and line.rests), default=None)

    # --- what their switches are given ------------------------------------------------

    def count(self, gateway: str, carried: bool | None) -> None:
        """A leg over this gateway is over; see ``settle.carried``."""
        seen = self._seen(gateway)
        seen.carried += carried is True
        seen.failed += carried is False

    def late(self, gateway: str) -> None:
        """An order for this gateway was replied to late."""
        self._seen(gateway).late += 1

    def _seen(self, gateway: str) -> Seen:
        line = self.named(gateway)
        return self._loads[line.switch].seen if line is not None else Seen()

    def look(self, up: Mapping[str, int], passed: float) -> None:
        """Judge what came back since the last look, and give each switch more or less.

        Args:
            up: legs that are up, by gateway.
            passed: real seconds since the last look.
        """
        for switch, load in self._loads.items():
            lines = [line for line in self.all if line.switch == switch]
            used = sum(up.get(line.name, 0) for line in lines) / max(1, sum(line.channels for line in lines))
            before, seen = load.pace.share, load.seen
            load.pace, load.seen = paced(load.pace, seen, used, passed), Seen()
            for line in lines:
                line.share = load.pace.share
            _say(switch, before, load.pace.share, seen)

    @property
    def yielding(self) -> bool:
        """Is any switch given less than its lines could carry?"""
        return any(line.share < 1.0 for line in self.all)


def gateway_lines(db: Session, taken: Mapping[str, int] | None = None) -> Lines:
    """The gateways as the store has them; which of them rest only the dialer knows.

    Args:
        taken: channels of each gateway that others use.
    """
    lines = Lines()
    lines.refresh(gateways(db))
    for line in lines:
        line.channels = max(0, line.channels - (taken or {}).get(line.name, 0))
    return lines


def _say(switch: str, before: float, share: float, seen: Seen) -> None:
    if share < before:
        log.warning(
            "Our side does not keep up: of the legs of switch %s %d were carried, %d were not, %d orders were answered "
            "late. It is given %d %% of what its lines take.", switch, seen.carried, seen.failed, seen.late, share * 100,
        )  # fmt: skip
    elif before < share == 1.0:
        log.info("Switch %s is given all that its lines take again.", switch)
