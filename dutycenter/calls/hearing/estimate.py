"""Weighs what was counted: how likely a machine is at the other end, and what speaks for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from dutycenter.calls.hearing.features import Features

LONG_GREETING = 3.5  # seconds without a pause; people say two or three words and wait
PAUSE = 1.0  # seconds after which a greeting is over
SILENCE_AFTER_BEEP = 1.5  # seconds
EARLY, LATE = 0.7, 15.0  # seconds of ringing before an announcement or a voicemail takes the call
ALIKE = 0.75
TALKS_ON = 0.55  # share of the time

PRIOR = -1.6  # log odds: most calls are taken by people
CERTAIN = 0.5  # from this chance on it counts as a machine


class Ground(StrEnum):
    """What speaks for a machine or against it. The store keeps these words."""

    BEEP = "beep"  # a tone after speech, and silence after it
    NETWORK_TONE = "network_tone"  # busy, ring-back or dial tone
    LONG_GREETING = "long_greeting"
    TALKS_ON = "talks_on"  # speaks most of the time, whatever we say
    REPEATS = "repeats"  # says the same again
    AT_ONCE = "at_once"  # answered before a telephone could have rung
    LATE = "late"  # answered as late as a voicemail does
    SHORT_GREETING = "short_greeting"  # against: a word or two, then listens
    SILENT = "silent"  # nothing was heard at all


WEIGHTS = {
    Ground.BEEP: 3.2, Ground.NETWORK_TONE: 3.6, Ground.LONG_GREETING: 1.3, Ground.TALKS_ON: 1.0,
    Ground.REPEATS: 2.2, Ground.AT_ONCE: 0.9, Ground.LATE: 0.5, Ground.SHORT_GREETING: -1.2, Ground.SILENT: 0.2,
}  # fmt: skip
"""Log odds that each adds. Set by hand on made sounds; figures from real lines should replace them."""


@dataclass(frozen=True)
class Estimate:
    """How likely it was a machine, and why."""

    chance: float  # 0 to 1
    grounds: tuple[Ground, ...]
    greeting: float  # seconds until the first long pause

    @property
    def machine(self) -> bool:
        return self.chance >= CERTAIN

    def __str__(self) -> str:
        """As it is kept: the grounds, and the greeting's length."""
        return " ".join([*(ground.value for ground in self.grounds), f"greeting={self.greeting:.1f}"])


def estimate(heard: Features, ring_seconds: float | None = None) -> Estimate:
    """Weigh it.

    Args:
        heard: what was counted.
        ring_seconds: how long it rang before the answer, if that is known.
    """
    greeting = _greeting(heard)
    holds = {
        Ground.BEEP: _beep(heard),
        Ground.NETWORK_TONE: sum(tone.seconds for tone in heard.tones if tone.of_network) >= 0.7,
        Ground.LONG_GREETING: greeting >= LONG_GREETING,
        Ground.TALKS_ON: heard.seconds >= 5 and heard.spoken >= TALKS_ON,
        Ground.REPEATS: heard.repeats >= ALIKE and heard.spoken >= 0.3,
        Ground.AT_ONCE: ring_seconds is not None and ring_seconds < EARLY,
        Ground.LATE: ring_seconds is not None and ring_seconds >= LATE,
        Ground.SHORT_GREETING: 0 < greeting <= 2.2,
        Ground.SILENT: not heard.speech and not heard.tones,
    }
    grounds = tuple(ground for ground, held in holds.items() if held)
    odds = PRIOR + sum(WEIGHTS[ground] for ground in grounds)
    return Estimate(1.0 / (1.0 + math.exp(-odds)), grounds, greeting)


def _greeting(heard: Features) -> float:
    """Seconds of speech from its beginning to the first pause."""
    if not heard.speech:
        return 0.0
    first = heard.speech[0]
    end = first.end
    for span in heard.speech[1:]:
        if span.start - end > PAUSE:
            break
        end = span.end
    return end - first.start


def _beep(heard: Features) -> bool:
    """A tone that is no network's, after speech, and nobody speaks for a while after it."""
    for tone in heard.tones:
        spoken_before = any(span.end <= tone.start + 0.1 and tone.start - span.end < 4 for span in heard.speech)
        after = min(tone.end + SILENCE_AFTER_BEEP, heard.seconds)
        quiet_after = not any(span.start < after and span.end > tone.end + 0.1 for span in heard.speech)
        if not tone.of_network and spoken_before and quiet_after:
            return True
    return False
