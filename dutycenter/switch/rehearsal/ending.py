"""The end of a channel: what is reported of it, and the events of its last moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.headers import Q850, RTP_REPORT

HELD_SECONDS = 10.0  # real ones: a slip in the rehearsal must not leave a channel behind

STAMPS = (
    ("start", "Channel-Created"), ("profile_start", "Profile-Created"), ("answer", "Channel-Answered"),
    ("bridge", "Channel-Bridged"), ("progress", "Channel-Progress"), ("end", "Channel-Hangup"),
)  # fmt: skip
EPOCHS = (
    ("start", "Channel-Created"), ("profile_start", "Profile-Created"), ("answer", "Channel-Answered"),
    ("bridge", "Channel-Bridged"), ("last_hold", "Channel-Last-Hold"), ("hold", ""), ("resurrect", ""),
    ("progress", "Channel-Progress"), ("progress_media", "Channel-Progress-Media"), ("end", "Channel-Hangup"),
)  # fmt: skip
SPANS = (
    ("", "duration", "Channel-Created", "Channel-Hangup"), ("bill", "", "Channel-Answered", "Channel-Hangup"),
    ("progress", "", "Channel-Created", "Channel-Progress"), ("answer", "", "Channel-Created", "Channel-Answered"),
    ("wait", "", "Channel-Created", "Channel-Bridged"),
    ("progress_media", "", "Channel-Created", "Channel-Progress-Media"),
    ("flow_bill", "", "Channel-Created", "Channel-Hangup"),
)  # fmt: skip


def tear_down(channel: Channel, before_destroy: Callable[[], None] = lambda: None) -> None:
    """Everything from CS_HANGUP to the end.

    Args:
        channel: it has been hung up.
        before_destroy: what happens once the report is out: an originate learns its result.
    """
    channel.enter("CS_HANGUP")
    for recording in list(channel.recordings):
        channel.stop_recording(recording)
    channel.set_callstate("HANGUP")
    channel.enter("CS_REPORTING")
    report(channel)
    channel.emit("CHANNEL_HANGUP_COMPLETE", leading=f"Hangup-Cause: {channel.cause}\n")
    before_destroy()
    channel.number_of_state = 12
    for held in channel.held:
        held.report()
    for held in channel.held:
        held.let_go(HELD_SECONDS)
    channel.emit("CHANNEL_DESTROY")
    channel.enter("CS_DESTROY")


def report(channel: Channel) -> None:
    """Set the variables that a finished call has: cause, times, spans, packets."""
    put = channel.variables.set
    put("hangup_cause", channel.cause)
    put("hangup_cause_q850", str(Q850.get(channel.cause, 31)))
    put("digits_dialed", channel.dialed or "none")
    times = channel.times
    for name, key in STAMPS:
        if key in times:
            put(f"{name}_stamp", datetime.fromtimestamp(times[key] / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    for name, key in EPOCHS:
        if name == "hold":
            for unit in ("seconds", "usec", "ms"):
                put(f"hold_accum_{unit}", "0")
            continue
        put(f"{name}_epoch", str(times.get(key, 0) // 1_000_000))
        put(f"{name}_uepoch", str(times.get(key, 0)))
    put("last_app", channel.application)
    put("last_arg", channel.application_data)
    name, number = channel.caller_name, channel.caller_number
    put("caller_id", f'"{name}" <{number}>' if name else number)
    _spans(channel)
    if "sip_hangup_disposition" not in channel.variables:
        put("sip_hangup_disposition", channel.disposition)
    if channel.disposition == "send_cancel":
        put("sip_invite_failure_status", "487")
        put("sip_invite_failure_phrase", "CANCEL")
    if "Channel-Answered" in times:
        channel.variables.update(RTP_REPORT)


def _spans(channel: Channel) -> None:
    times = channel.times
    for unit, divisor in (("sec", 1_000_000), ("msec", 1000), ("usec", 1)):
        for name, alone, start, end in SPANS:
            gone = max(0, times[end] - times[start]) if start in times and end in times else 0
            if alone:
                prefix = {"sec": "", "msec": "m", "usec": "u"}[unit]
                channel.variables.set(f"{prefix}{alone}", str(gone // divisor))
            else:
                channel.variables.set(f"{name}{unit}", str(gone // divisor))
