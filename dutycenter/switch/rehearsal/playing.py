"""Playing sounds to a telephone."""

from __future__ import annotations

from collections.abc import Callable

from dutycenter.switch.rehearsal.audio import RATE, sound_of
from dutycenter.switch.rehearsal.channel import Channel


def play(channel: Channel, name: str, interrupted: Callable[[], bool] = lambda: False) -> bool:
    """Play one name (file, stream) from PLAYBACK_START to PLAYBACK_STOP.

    Returns:
        True when ``interrupted`` became so before the end.

    Raises:
        NoSound: the file cannot be played; nothing was told.
        Gone, Transferred, Break: what ended it; PLAYBACK_STOP was told.
    """
    separator = channel.variables["playback_delimiter"]
    names = name.split(separator) if separator else names_of(name)
    return any(_play_one(channel, one, interrupted) for one in names)


def names_of(name: str) -> list[str]:
    """What ``file_string://a!b`` consists of; anything else is one name."""
    if not name.startswith("file_string://"):
        return [name]
    return [part for part in name.removeprefix("file_string://").split("!") if part]


def _play_one(channel: Channel, name: str, interrupted: Callable[[], bool]) -> bool:
    sound = sound_of(name)
    path = [("Playback-File-Path", name)]
    channel.emit("PLAYBACK_START", path)
    began = channel.exchange.clock.monotonic()
    silence = channel.hear(sound)
    channel.hears = name
    status = "break"
    stopped = False
    try:
        stopped = channel.wait(len(sound) / RATE, interrupted)
        status = "break" if stopped else "done"
    finally:
        silence()
        channel.hears = ""
        if channel.cause:
            status = "done"
        played = min(len(sound), round((channel.exchange.clock.monotonic() - began) * RATE))
        for variable, value in (
            ("playback_last_offset_pos", played),
            ("playback_seconds", len(sound) // RATE),
            ("playback_ms", len(sound) * 1000 // RATE),
            ("playback_samples", len(sound)),
        ):
            channel.variables.set(variable, str(value))
        channel.emit("PLAYBACK_STOP", [*path, ("Playback-Status", status)])
    channel.flush_recordings()
    return stopped
