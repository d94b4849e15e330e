"""What the switch's events say of an attempt. Everything in them is foreign text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from broadcast.settle import Answered, Ended, Happening, Source
from dutycenter.interfaces import SwitchEvent
from dutycenter.switch.causes import clean_cause

READ = ("CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB")
"""The only events that the dialer subscribes to: a channel's costs the switch as much to write as us to read."""

_OURS = re.compile(r"origination_uuid=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.ASCII)


def happenings(event: SwitchEvent) -> tuple[str, list[Happening]]:
    """The attempt that an event may be about, and what it says of it."""
    match event.name:
        case "CHANNEL_ANSWER":
            return event.channel_uuid, [Answered(event.at)]
        case "CHANNEL_HANGUP_COMPLETE":
            return event.channel_uuid, [*_answer(event), Ended(event.at, Source.HANGUP, _cause_of(event))]
        case "BACKGROUND_JOB":
            return _job(event)
        case _:
            return "", []


def _job(event: SwitchEvent) -> tuple[str, list[Happening]]:
    """The reply to ``bgapi originate``: only a refusal says something that no other event says."""
    status, _space, rest = event.body.strip().partition(" ")
    if status != "-ERR":
        return "", []
    named = _OURS.search(event.headers.get("Job-Command-Arg", ""))
    attempt = named.group(1) if named else event.channel_uuid or event.headers.get("Job-UUID", "")
    return attempt, [Ended(event.at, Source.JOB, clean_cause(rest))]


def _answer(event: SwitchEvent) -> list[Happening]:
    """The answer, from the event of the end: the event of the answer may be lost."""
    micros = event.headers.get("Caller-Channel-Answered-Time", "")
    if not (micros.isascii() and micros.isdigit() and 0 < int(micros) < 10**17):
        return []
    return [Answered(min(event.at, datetime.fromtimestamp(int(micros) / 1e6, UTC)))]


def _cause_of(event: SwitchEvent) -> str:
    return clean_cause(event.headers.get("Hangup-Cause", "") or event.variable("hangup_cause"))
