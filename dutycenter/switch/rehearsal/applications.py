"""What a channel can be made to do: the applications of the dialplan and of ``sendmsg``."""

from __future__ import annotations

import re
import shlex
import uuid as uuids
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal import audio, legs
from dutycenter.switch.rehearsal.between import eavesdrop, intercept
from dutycenter.switch.rehearsal.channel import Break, Channel
from dutycenter.switch.rehearsal.digits import play_and_get_digits
from dutycenter.switch.rehearsal.headers import INBOUND_ANSWER, INBOUND_ESTABLISHED
from dutycenter.switch.rehearsal.playing import play
from dutycenter.switch.rehearsal.recording import SAID, Recording
from dutycenter.switch.rehearsal.wire import Request

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

EXPANSION = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
FOREVER = 86400.0


def split_arguments(text: str) -> list[str]:
    """Arguments as the switch separates them: by blanks, single quotes keep together."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.quotes, lexer.escape, lexer.commenters = True, "'", "", ""
    try:
        return list(lexer)
    except ValueError:
        return text.split()


class Applications:
    """Runs applications on channels.

    Args:
        exchange: the switch they run in.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._known: dict[str, Callable[[Channel, str], str | None]] = {
            "answer": answer, "pre_answer": pre_answer, "ring_ready": ring_ready, "set": set_variable,
            "export": set_variable, "unset": unset, "hangup": hangup, "sleep": sleep, "park": park,
            "playback": playback, "play_and_get_digits": play_and_get_digits, "record_session": record_session,
            "stop_record_session": stop_record_session, "record": record, "transfer": transfer,
            "callcenter": lambda channel, data: exchange.callcenter.join(channel, data),
            "conference": lambda channel, data: exchange.conferences.join(channel, data),
            "bridge": lambda channel, data: exchange.bridges.bridge(channel, data),
            "socket": lambda channel, data: exchange.sockets.talk(channel, data),
            "intercept": intercept, "eavesdrop": eavesdrop,
            "log": nothing, "info": nothing, "set_audio_level": nothing, "start_dtmf": nothing,
        }  # fmt: skip

    def execute(self, channel: Channel, name: str, data: str = "", application_uuid: str = "") -> None:
        """Run one application from CHANNEL_EXECUTE to CHANNEL_EXECUTE_COMPLETE.

        Raises:
            Gone, Transferred: the channel has other things to do; the application's end was told.
        """
        channel.check()
        data = self.expand(channel, data)
        application_uuid = application_uuid or str(uuids.uuid4())
        channel.application, channel.application_data = name, data
        channel.variables.set("current_application_data", data)
        channel.variables.set("current_application", name)
        said = [("Application", name)] + ([("Application-Data", data)] if data else [])
        channel.emit("CHANNEL_EXECUTE", [*said, ("Application-UUID", application_uuid)])
        response = "_none_"
        try:
            known = self._known.get(name)
            response = (known(channel, data) if known else "-ERR invalid application") or "_none_"
        except Break:
            pass
        finally:
            channel.emit(
                "CHANNEL_EXECUTE_COMPLETE",
                [*said, ("Application-Response", response), ("Application-UUID", application_uuid)],
            )

    def expand(self, channel: Channel, data: str) -> str:
        """Replace ``${variable}``; functions (``${system(…)}``) are not: ``api-expansion`` is off."""
        return EXPANSION.sub(lambda match: channel.variables[match.group(1)], data)

    def obey(self, channel: Channel, message: Request) -> None:
        """Do what a ``sendmsg`` says."""
        headers = message.headers
        verb = headers.get("call-command", "").lower()
        if verb == "hangup":
            channel.hangup(headers.get("hangup-cause") or "NORMAL_CLEARING")
            return
        if verb != "execute":
            return
        name = headers.get("execute-app-name", "")
        data = headers.get("execute-app-arg", "") or message.body
        loops = max(1, int(headers["loops"]) if headers.get("loops", "").isdigit() else 1)
        before, channel.locked = channel.locked, headers.get("event-lock", "").lower() == "true"
        try:
            for loop in range(loops):
                channel.variables.set("current_loop", str(loop + 1))
                channel.variables.set("total_loops", str(loops))
                self.execute(channel, name, data, headers.get("event-uuid", ""))
        finally:
            channel.variables.set("current_loop", None)
            channel.variables.set("total_loops", None)
            channel.locked = before


def nothing(channel: Channel, data: str) -> None:
    """An application that has no meaning for simulated telephones."""
    del channel, data


def answer(channel: Channel, data: str) -> None:
    """Answer an inbound channel."""
    del data
    if channel.answer_state == "answered":
        return
    channel.variables.update(INBOUND_ANSWER, port=20000 + channel.session_id % 10000)
    channel.answered()
    channel.variables.update(INBOUND_ESTABLISHED, tag=channel.tag)
    if channel.phone is not None:
        channel.phone.answered()


def pre_answer(channel: Channel, data: str) -> None:
    """Open early media."""
    del data
    if channel.answer_state == "ringing":
        channel.answer_state = "early"
        channel.times.setdefault("Channel-Progress-Media", channel.now())
        channel.emit("CHANNEL_PROGRESS_MEDIA")


def ring_ready(channel: Channel, data: str) -> None:
    """Let the caller hear ringing."""
    del data
    channel.times.setdefault("Channel-Progress", channel.now())
    channel.emit("CHANNEL_PROGRESS")


def set_variable(channel: Channel, data: str) -> None:
    """``name=value``."""
    name, _, value = data.partition("=")
    channel.variables.set(name.removeprefix("nolocal:").strip(), value)


def unset(channel: Channel, data: str) -> None:
    """Forget a variable."""
    channel.variables.set(data.strip(), None)


def hangup(channel: Channel, data: str) -> None:
    """Hang up from the switch's side."""
    channel.hangup(data.strip() or "NORMAL_CLEARING")


def sleep(channel: Channel, data: str) -> None:
    """Wait so many milliseconds."""
    channel.wait(int(data) / 1000 if data.strip().isdigit() else 0)


def park(channel: Channel, data: str) -> None:
    """Stay until somebody does something else with the channel."""
    del data
    channel.emit("CHANNEL_PARK")
    try:
        channel.wait(FOREVER)
    finally:
        channel.emit("CHANNEL_UNPARK")


def playback(channel: Channel, data: str) -> str:
    """Play a file to its end; its end is also a terminator key (``*`` by default)."""
    terminators = channel.variables["playback_terminators"] or "*"

    try:
        play(channel, data, lambda: _terminated(channel, terminators))
    except audio.NoSound:
        channel.variables.set("playback_file_not_found", data)
        return "FILE NOT FOUND"
    return "FILE PLAYED"


def _terminated(channel: Channel, terminators: str) -> bool:
    """Take the waiting keys up to one that ends what is played or recorded."""
    while channel.keys:
        key = channel.next_key()
        if terminators != "none" and (terminators == "any" or key in terminators):
            channel.variables.set("playback_terminator_used", key)
            return True
    return False


def record_session(channel: Channel, data: str) -> None:
    """Record all of the call, from now to its end."""
    path = Path(data.split("+")[0].strip())
    if any(recording.path == path for recording in channel.recordings):
        return
    pre_answer(channel, "") if channel.direction == "inbound" else None
    stereo = channel.variables["RECORD_STEREO"].lower() == "true"
    recording = Recording(path, stereo, channel.exchange.clock.monotonic())
    channel.exchange.begin_recording(channel, recording)


def stop_record_session(channel: Channel, data: str) -> None:
    """End a recording before the call ends."""
    for recording in list(channel.recordings):
        if data.strip() in ("all", str(recording.path)):
            channel.stop_recording(recording)


def record(channel: Channel, data: str) -> None:
    """Record what the telephone says, until a terminator key, silence or the limit: ``path [limit [threshold [hits]]]``."""
    arguments = split_arguments(data)
    if not arguments:
        return
    limit, _, hits = (float(text) if text.isdigit() else 0.0 for text in [*arguments[1:4], "", "", ""][:3])
    terminators = channel.variables["playback_terminators"] or "*"
    recording = Recording(Path(arguments[0]), False, channel.exchange.clock.monotonic(), sides=(SAID,))
    if not channel.exchange.begin_recording(channel, recording):
        return

    clock = channel.exchange.clock
    end = clock.monotonic() + (limit or FOREVER)

    def pressed() -> bool:
        return _terminated(channel, terminators)

    try:
        if channel.phone is not None:
            channel.phone.recorded()
        # One hit is a second in which nobody spoke.
        while (now := clock.monotonic()) < end:
            silent_at = max(channel.spoke_until, recording.began) + hits if hits else end
            if silent_at <= now or channel.wait(min(end, silent_at) - now, pressed):
                break
    finally:
        channel.stop_recording(recording)


def transfer(channel: Channel, data: str) -> None:
    """``extension [dialplan [context]]``."""
    parts = [*data.split(), "", "", ""]
    if not parts[0]:
        return
    legs.transfer(channel, *parts[:3])
    channel.check()
