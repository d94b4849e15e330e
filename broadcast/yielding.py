"""How much a switch is given of what its lines could carry: it yields when our own side does not keep up.

A leg that was answered and that no conversation took, a call that the switch had no room for, an order to which it
replied late: none of them is the called person's doing. They say that the switch, the conversations or their machine
have more to do than they can. Then fewer calls are begun, down to a floor, and slowly more again when all goes well:
additive increase and multiplicative decrease, as for packets on a network.

What is known here is measured, not written down: a dialer that starts again begins with everything, and measures anew.
Times are real seconds, for they are the machines'.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERY = 4.0  # seconds between two looks
LATE = 3.0  # seconds for a reply to an order; a switch that has time replies within milliseconds
FLOOR = 0.05  # of the whole: calls go on, and tell when all is well again
CUT, DEEPEST_CUT = 0.7, 0.3  # what is left of it: as much as was carried, but for these limits
GROWTH = 0.02  # of the whole, each second without a failure
HOLD = 10.0  # seconds after a cut: what fails in them was begun before it, and is no news
LEAST = 3  # failures; fewer may be chance
TOLERATED = 0.1  # of what ended


@dataclass(frozen=True)
class Pace:
    """What a switch is given now."""

    share: float = 1.0  # of its lines' channels and calls a second
    hold: float = 0.0  # seconds in which nothing is concluded


@dataclass
class Seen:
    """What came back between two looks."""

    carried: int = 0  # legs that a conversation took
    failed: int = 0  # legs that failed on our own side
    late: int = 0  # orders to which the switch replied late

    @property
    def troubles(self) -> int:
        return self.failed + self.late


def paced(pace: Pace, seen: Seen, used: float, passed: float) -> Pace:
    """The pace after a look.

    Args:
        pace: until now.
        seen: what came back since the last look.
        used: legs that are up, as a part of what the lines have. Where fewer were up than were allowed, it is they who
            were too many.
        passed: seconds since the last look.
    """
    if pace.hold > passed:
        return Pace(pace.share, pace.hold - passed)
    carried = seen.carried / max(1, seen.carried + seen.troubles)
    if seen.troubles >= LEAST and carried < 1.0 - TOLERATED:
        left = max(DEEPEST_CUT, min(CUT, carried))
        return Pace(max(FLOOR, left * min(pace.share, used)), HOLD)
    if seen.troubles:
        return Pace(pace.share)
    return Pace(min(1.0, pace.share + GROWTH * passed))


def channels_of(share: float, channels: int) -> int:
    """How many of so many channels may be used; one always, if there is one."""
    return min(channels, max(1, int(channels * share)))


def rate_of(share: float, rate: float) -> float:
    """How many calls a second may be begun, of so many; one always, if the line takes so many."""
    return max(min(rate, 1.0), rate * share)
