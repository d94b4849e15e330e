"""How long a number rests after a call that failed, by how it failed.

A broadcast has one pause, that after a call nobody answered, because that is the
commonest. A busy number is free again sooner; a telephone that is switched off, or
a machine that answered, stays so for longer.
"""

from __future__ import annotations

from collections.abc import Mapping

from dutycenter.vocabulary import Disposition

SHARES: Mapping[Disposition, float] = {
    Disposition.HUNG_UP_EARLY: 0.5,
    Disposition.BUSY: 0.5,
    Disposition.HEARD: 0.5,
    Disposition.REJECTED: 0.75,
    Disposition.NO_ANSWER: 1.0,
    Disposition.FAILED: 1.0,
    Disposition.VOICEMAIL: 1.5,
    Disposition.SWITCHED_OFF: 3.0,
}


def pause_after(disposition: Disposition | None, pause: float) -> float:
    """Seconds that a number rests after such an end, in a broadcast whose pause is ``pause``."""
    return pause if disposition is None else SHARES.get(disposition, 1.0) * pause
