"""How a channel presents itself in events: its states, its caller profile, the other leg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal.headers import CODEC_HEADERS
from dutycenter.switch.rehearsal.wire import encode

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.channel import Channel

TIMES = (
    "Profile-Created-Time", "Channel-Created-Time", "Channel-Answered-Time", "Channel-Progress-Time",
    "Channel-Progress-Media-Time", "Channel-Hangup-Time", "Channel-Transfer-Time", "Channel-Resurrect-Time",
    "Channel-Bridged-Time", "Channel-Last-Hold", "Channel-Hold-Accum",
)  # fmt: skip


def describe(channel: Channel) -> str:
    """All header lines of a channel but its variables."""
    hangup = f"Hangup-Cause: {channel.cause}\n" if channel.cause else ""
    text = (
        f"Channel-State: {channel.state}\nChannel-Call-State: {channel.callstate}\n"
        f"Channel-State-Number: {channel.number_of_state}\nChannel-Name: {encode(channel.name)}\n"
        f"Unique-ID: {channel.uuid}\nCall-Direction: {channel.direction}\n"
        f"Presence-Call-Direction: {channel.direction}\nChannel-HIT-Dialplan: {str(channel.hit_dialplan).lower()}\n"
        f"Channel-Call-UUID: {channel.call_uuid}\nAnswer-State: {channel.answer_state}\n{hangup}"
    )
    if channel.media:
        text += CODEC_HEADERS
    if channel.name == "N/A":
        return text
    text += "".join(f"Caller-{name}: {encode(value)}\n" for name, value in profile(channel))
    if channel.other_type:
        text += f"Other-Type: {channel.other_type}\n"
        text += "".join(f"Other-Leg-{name}: {encode(value)}\n" for name, value in channel.other)
    return text


def profile(channel: Channel, *, index: bool = True) -> list[tuple[str, str]]:
    """The caller profile as header names and values; ``index`` is left out of the other leg's."""
    pairs = [
        ("Direction", channel.direction),
        ("Logical-Direction", channel.direction),
        ("Username", channel.orig_number if channel.direction == "inbound" else ""),
        ("Dialplan", channel.dialplan),
        ("Caller-ID-Name", channel.caller_name),
        ("Caller-ID-Number", channel.caller_number),
        ("Orig-Caller-ID-Name", channel.orig_name),
        ("Orig-Caller-ID-Number", channel.orig_number),
        ("Callee-ID-Name", channel.callee_name),
        ("Callee-ID-Number", channel.callee_number),
        ("Network-Addr", "127.0.0.1" if channel.network else ""),
        ("ANI", channel.ani),
        ("RDNIS", channel.rdnis),
        ("Destination-Number", channel.number),
        ("Unique-ID", channel.uuid),
        ("Source", channel.source),
        ("Transfer-Source", channel.transfer_source),
        ("Context", channel.context),
        ("Channel-Name", channel.name),
    ]
    found = [pair for pair in pairs if pair[1]]
    if index:
        found.append(("Profile-Index", str(channel.profile_index)))
    found += [(name, str(channel.times.get(name.removesuffix("-Time"), 0))) for name in TIMES]
    return [*found, ("Screen-Bit", "true"), ("Privacy-Hide-Name", "false"), ("Privacy-Hide-Number", "false")]
