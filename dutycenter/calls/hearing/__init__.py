"""Was it a person who took the call? An estimate from what the called side sent, with its ground.

``features`` turns sound into what can be counted, ``estimate`` weighs it; both
are pure. Nobody is certain here: a person who talks on without a pause sounds
like a greeting, so an estimate never takes an acknowledgement by key away. It
only keeps a machine from counting as somebody who listened.

Limits: what the network plays before the answer is not recorded, so there only
the cause and its timing tell; and the last two seconds of a recording that is
still being written may be missing.
"""

from __future__ import annotations

from pathlib import Path

from dutycenter.calls.hearing.estimate import Estimate, estimate
from dutycenter.calls.hearing.features import Unreadable, features, read_callee

__all__ = ["Estimate", "Unreadable", "listen"]


def listen(recording: Path, ring_seconds: float | None = None) -> Estimate:
    """What a recording of an answered leg says.

    Args:
        recording: WAV, the called side on the first channel; may still grow.
        ring_seconds: how long it rang before the answer, if that is known.

    Raises:
        Unreadable: the file cannot be read, or holds less than a second.
    """
    return estimate(features(read_callee(recording)), ring_seconds)
