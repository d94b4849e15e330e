"""What is known of a text message only grows: any word in any order, any number of times.

A later word never takes back a stronger one, so reports that come twice, late or
before the gateway's own answer do no harm.
"""

from __future__ import annotations

from dutycenter.vocabulary import SmsState

_STRENGTH = {
    SmsState.WRITTEN: 0,
    SmsState.WITHDRAWN: 1,
    SmsState.SENDING: 2,
    SmsState.UNKNOWN: 3,
    SmsState.ACCEPTED: 4,
    SmsState.FAILED: 5,
    SmsState.DELIVERED: 6,
}

# Kannel's types of delivery reports. That the operator's centre has it (8), or queued it (4), says no more
# than that it was taken.
_REPORTS = {
    1: SmsState.DELIVERED,
    2: SmsState.FAILED,
    4: SmsState.ACCEPTED,
    8: SmsState.ACCEPTED,
    16: SmsState.FAILED,
}

SETTLED = frozenset({SmsState.DELIVERED, SmsState.FAILED, SmsState.WITHDRAWN})
"""Nothing more is expected."""


def stronger(one: SmsState, other: SmsState) -> SmsState:
    """What is known once both have been said; commutative, associative, idempotent."""
    return max(one, other, key=_STRENGTH.__getitem__)


def reported(kind: int) -> SmsState | None:
    """What a delivery report of Kannel says; None for one that it doesn't make."""
    return _REPORTS.get(kind)
