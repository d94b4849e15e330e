"""Gateways of the rehearsal: SIP trunks that are full, too fast, down or unknown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from dutycenter.interfaces import IClock


@dataclass
class Gateway:
    """One trunk and how it stands."""

    name: str
    channels: int
    calls_per_second: float
    up: bool = True
    busy: int = 0
    calls_in: int = 0
    calls_out: int = 0
    failed_out: int = 0
    failed_in: int = 0
    recent: deque[float] = field(default_factory=deque)


class Gateways:
    """All trunks.

    Args:
        clock: calls a second are counted on it.
        lookup: name → (channels, calls a second), or None when there is no such gateway; asked once a name.
    """

    def __init__(self, clock: IClock, lookup: Callable[[str], tuple[int, float] | None]) -> None:
        self._clock = clock
        self._lookup = lookup
        self._known: dict[str, Gateway] = {}
        self.began = clock.monotonic()

    def find(self, name: str) -> Gateway | None:
        """The gateway, or None."""
        if name not in self._known:
            limits = self._lookup(name)
            if limits is None:
                return None
            self._known[name] = Gateway(name, *limits)
        return self._known[name]

    def all(self) -> list[Gateway]:
        """Those that were used so far."""
        return list(self._known.values())

    def admits(self, gateway: Gateway) -> bool:
        """Does the provider take one more call now? Counts the try."""
        now = self._clock.monotonic()
        while gateway.recent and gateway.recent[0] <= now - 1:
            gateway.recent.popleft()
        if gateway.busy >= gateway.channels or len(gateway.recent) >= max(1, gateway.calls_per_second):
            return False
        gateway.recent.append(now)
        return True

    def status(self, name: str) -> str:
        """``sofia status gateway NAME``, word for word."""
        gateway = self.find(name)
        if gateway is None:
            return "Invalid Gateway!\n"
        rule = "=" * 97
        rows = (
            ("Name", gateway.name), ("Profile", "trunk"), ("Scheme", "Digest"), ("Realm", "127.0.0.1"),
            ("Username", "x"), ("Password", "yes"), ("From", "<sip:x@127.0.0.1:5090>"),
            ("Contact", f"<sip:gw+{name}@127.0.0.1:5080;transport=udp;gw={name}>"), ("Exten", "x"),
            ("To", "sip:x@127.0.0.1:5090"), ("Proxy", "sip:127.0.0.1:5090"), ("Context", "public"),
            ("Expires", "3600"), ("Freq", "3600"), ("Ping", "0"), ("PingFreq", "0"), ("PingTime", "0.00"),
            ("PingState", "0/0/0"), ("State", "NOREG"), ("Status", "UP" if gateway.up else "DOWN"),
            ("Uptime", f"{int(self._clock.monotonic() - self.began)}s"), ("CallsIN", str(gateway.calls_in)),
            ("CallsOUT", str(gateway.calls_out)), ("FailedCallsIN", str(gateway.failed_in)),
            ("FailedCallsOUT", str(gateway.failed_out)),
        )  # fmt: skip
        return "\n".join(
            [rule, *(f"{key:<8}\t{value}" if len(key) < 8 else f"{key}\t{value}" for key, value in rows), rule, ""]
        )
