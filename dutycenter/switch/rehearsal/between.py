"""What happens between legs that talk already: hold, interception, eavesdropping, words over a call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dutycenter.switch.rehearsal import audio
from dutycenter.switch.rehearsal.bridges import FOREVER, join
from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.playing import names_of


def hold(channel: Channel, held: bool) -> None:
    """``uuid_hold``: whoever this leg is bridged with hears music."""
    other = channel.partner
    if other is None or (channel.stop_music is not None) is held:
        return
    if held:
        channel.stop_music = other.hear(audio.hold_music(), repeat=True)
        other.hears = "local_stream://moh"
        channel.set_callstate("HELD")
        channel.emit("CHANNEL_HOLD")
        return
    if channel.stop_music is not None:
        channel.stop_music()
    channel.stop_music, other.hears = None, ""
    channel.set_callstate("ACTIVE")
    channel.emit("CHANNEL_UNHOLD")


def broadcast(channel: Channel, data: str) -> None:
    """``uuid_broadcast``: played over what the leg hears; what it was doing goes on."""
    sound = _sound(data)
    if sound is None:
        return
    channel.emit("CHANNEL_EXECUTE", [("Application", "playback"), ("Application-Data", data)])
    _tell(channel, data, sound)


def displace(channel: Channel, data: str) -> bool:
    """``uuid_displace``: laid over what the leg hears; False when this is being played already, or cannot be."""
    sound = None if data in channel.displaced else _sound(data)
    if sound is None:
        return False
    stop = channel.displaced[data] = _tell(channel, data, sound)

    def over() -> None:
        if channel.displaced.get(data) is stop:  # it may have been stopped, and begun once more
            del channel.displaced[data]

    channel.exchange.spawn_later(channel.exchange.clock.real(len(sound) / audio.RATE), over)
    return True


def stop_displacing(channel: Channel, data: str) -> bool:
    """Whether that was being played."""
    stop = channel.displaced.pop(data, None)
    if stop is not None:
        stop()
    return stop is not None


def _sound(data: str) -> audio.Sound | None:
    try:
        return np.concatenate([audio.sound_of(name) for name in names_of(data)])
    except audio.NoSound:
        return None


def _tell(channel: Channel, data: str, sound: audio.Sound) -> Callable[[], None]:
    """Play it over what the leg hears; how to stop it."""
    channel.exchange.journal.write("told", channel.uuid, file=data, number=channel.far_number)
    return channel.hear(sound)


def intercept(channel: Channel, data: str) -> None:
    """Take a leg away from whoever it is bridged with, who is hung up."""
    target = channel.exchange.channels.get(data.strip())
    if target is None or target.cause:
        return
    other = target.partner

    def taken() -> None:
        """The taken leg lives on as the second of a bridge, of which the taker is the first."""
        channel.go_on = lambda: join(channel, target)
        channel.wake()
        target.wait(FOREVER)

    target.moved, target.go_on = True, taken
    if other is not None:
        other.hangup("PICKED_OFF")
    target.wake()
    channel.wait(FOREVER)


def eavesdrop(channel: Channel, data: str) -> None:
    """Hear a leg until it is gone; keys say whether this one is heard, and by whom."""
    target = channel.exchange.channels.get(data.strip())
    if target is None or target.cause:
        return
    target.watchers.append(channel.wake)

    def over() -> bool:
        while channel.keys:
            if channel.next_key() == "*":
                return True
        return bool(target.cause)

    channel.wait(FOREVER, over)
