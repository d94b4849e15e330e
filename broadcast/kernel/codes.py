"""How an attempt ended and where a person or a number stands, as small integers.

The names of :class:`Code` are those of the product's dispositions, so that a
caller translates with ``Code[disposition.name]``; the kernel imports nothing of
the product.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """How an attempt ended. The values index the columns of a rule table."""

    ACKNOWLEDGED = 0
    DECLINED = 1
    TRANSFERRED = 2
    HEARD = 3
    HUNG_UP_EARLY = 4
    VOICEMAIL = 5
    BUSY = 6
    NO_ANSWER = 7
    REJECTED = 8
    SWITCHED_OFF = 9
    NO_SUCH_NUMBER = 10
    CONGESTION = 11
    GATEWAY_DOWN = 12
    FAILED = 13
    DROPPED = 14
    LOST = 15


CODES = len(Code)


class Status(IntEnum):
    """Where a person stands. Only OPEN people are called."""

    OPEN = 0
    DONE = 1  # acknowledged
    CLOSED = 2  # declined, or transferred to the desk
    STOPPED = 3  # taken out by hand or by deadline
    FUTURE = 4  # the wave has not begun


class ArmState(IntEnum):
    """Where one number of one person stands."""

    READY = 0
    COOLING = 1
    LIVE = 2
    DEAD = 3  # no tries left, or no such number
