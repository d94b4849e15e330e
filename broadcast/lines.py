"""Gateways as one dialer sees them: what they may carry, and whether they work.

A gateway that fails is left alone for a while, longer each time, then tried with
one call; the first call that the network takes opens it again. Only failures of
the trunk count: a busy or dead number says nothing about the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dutycenter.switch.gateways import carries, prefixes_of
from dutycenter.switch.models import Gateway

MAX_LINES = 32  # as many as the kernel tells apart

FAILED_IN_A_ROW = 3  # a single failure may be the called network's
OWN_FAULTS = frozenset({"INVALID_GATEWAY", "GATEWAY_DOWN", "INVALID_PROFILE", "USER_CHALLENGE"})
"""Causes that can only be the trunk's own."""

FIRST_REST = 5.0  # seconds
LONGEST_REST = 60.0


class Hindrance(StrEnum):
    """Why a running broadcast calls nobody at the moment."""

    SWITCH = "switch"  # the switch cannot be reached
    LINES = "lines"  # every gateway rests or is out of service


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
    failures: int = 0
    rests: int = 0  # rests in a row
    rest_until: float = 0.0

    def usable(self, now: float) -> int:
        """Channels that may be used now."""
        if not self.enabled or now < self.rest_until:
            return 0
        return min(1, self.channels) if self.rests else self.channels

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


class Lines:
    """All gateways of one switch, in a fixed order; positions are the kernel's."""

    def __init__(self) -> None:
        self.all: list[Line] = []

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
            self.all.append(line)
        return before != [(line.name, tuple(line.prefixes)) for line in self.all]

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
