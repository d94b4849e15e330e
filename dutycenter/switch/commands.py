"""Every command that goes to the switch is built here, and only here.

Text from outside never reaches the switch raw. ``${system(…)}`` in an argument
runs a command on the switch's host, a comma or bracket ends a list of channel
variables, a line break ends a command. So numbers, names and ids must match
narrow patterns, files must lie below folders of ours, and what does not is
refused with ``RefusedValue`` before anything is sent. Nothing is escaped: what
needs escaping has no business here.

Functions return a command's text without the empty line that ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from dutycenter.interfaces import OUT_OF_QUEUE, Originate, OutsideCall, RefusedValue

CONTEXT = "dutycenter"  # the dialplan context of legs that we make or send on
DESKS = "desks"  # the dialplan context of what desk telephones dial
KEYS = "0123456789*#"
AGENT_STATUSES = ("Available", "Available (On Demand)", "On Break", "Logged Out")
CONFERENCE_PROFILE = "duty"
MOST_DIGITS = 12
ASKED = "dc_key"  # the channel variable that takes a pressed key
SILENCE = "silence_stream://{}"

_VALUE = re.compile(r"[A-Za-z0-9_.:@/+-]{0,255}")
_NUMBER = re.compile(r"\+?[0-9]{1,24}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_OUR_VARIABLE = re.compile(r"dc_[a-z0-9_]{1,60}")
_CAUSE = re.compile(r"[A-Z][A-Z_]{2,63}")
_EVENT = re.compile(r"[A-Z][A-Z_]{2,63}")
_SUBCLASS = re.compile(r"[a-z_]{1,32}::[a-z_-]{1,32}")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def _match(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RefusedValue(f"{what} cannot be {str(value)[:60]!r}")
    return value


def number(value: str) -> str:
    """A telephone number or extension: digits, perhaps after a plus.

    Raises:
        RefusedValue: it is anything else.
    """
    return _match(_NUMBER, value, "a number")


def channel(value: str) -> str:
    """A channel's uuid.

    Raises:
        RefusedValue: it is none.
    """
    return _match(_UUID, value, "a channel")


def value(text: str) -> str:
    """The value of a channel variable: letters, digits and ``_ . : @ / + -``.

    Raises:
        RefusedValue: it holds anything else, and so could end the list, the
            argument or the command, or be expanded by the switch.
    """
    return _match(_VALUE, text, "a value")


def _seconds(amount: float, what: str, most: int) -> int:
    whole = round(amount)
    if not 0 < whole <= most:
        raise RefusedValue(f"{what} cannot be {amount!r} seconds")
    return whole


class Files:
    """Files that may be named to the switch: those below folders that we made.

    Args:
        folders: absolute; prompts, uploads, recordings.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)

    def path(self, file: Path) -> str:
        """The file's absolute path, as an argument.

        Raises:
            RefusedValue: it lies elsewhere, or its name holds more than letters, digits and ``_ . + - /``.
        """
        resolved = Path(file).resolve() if "\0" not in str(file) else Path("/")
        if not any(resolved.is_relative_to(folder) and resolved != folder for folder in self._folders):
            raise RefusedValue(f"{str(file)[:120]!r} lies in no folder of ours")
        text = str(resolved)
        if not all(sign.isalnum() or sign in "_.+-/" for sign in text):
            raise RefusedValue(f"the switch cannot be given a file named {text[:120]!r}")
        return text

    def below(self, folder: Path, name: str) -> str:
        """The path of a new file directly below one of our folders.

        Raises:
            RefusedValue: the name holds more than letters, digits and ``_ . -``.
        """
        return self.path(folder / _match(_FILE_NAME, name, "a file name"))

    def several(self, files: Iterable[Path]) -> str:
        """Several files as one thing to play, one after another.

        Raises:
            RefusedValue: as ``path``, or there is none.
        """
        paths = [self.path(file) for file in files]
        if not paths:
            raise RefusedValue("nothing to play")
        return paths[0] if len(paths) == 1 else "file_string://" + "!".join(paths)


# --- the connection ------------------------------------------------------------


def auth(password: str) -> str:
    """Log in on an inbound connection.

    Raises:
        RefusedValue: the password is not printable ASCII without spaces.
    """
    if not password or not password.isascii() or not password.isprintable() or " " in password:
        raise RefusedValue("the event socket password must be printable ASCII without spaces")
    return f"auth {password}"


def subscribe(names: Iterable[str]) -> str:
    """Ask for events by name; a subclass such as ``callcenter::info`` is a CUSTOM one.

    Raises:
        RefusedValue: a name is malformed, or there is none.
    """
    plain, custom = [], []
    for name in dict.fromkeys(names):
        if "::" in name:
            custom.append(_match(_SUBCLASS, name, "an event"))
        else:
            plain.append(_match(_EVENT, name, "an event"))
    if not plain and not custom:
        raise RefusedValue("no event is asked for")
    return " ".join(["event plain", *plain, *(["CUSTOM", *custom] if custom else [])])


def connect() -> str:
    """Take over the leg on an outbound connection; the reply carries its data."""
    return "connect"


def my_events() -> str:
    """Ask for the events of this outbound connection's own leg."""
    return "myevents"


def linger(seconds: int) -> str:
    """Keep an outbound connection open after hangup, for its last events."""
    return f"linger {_seconds(seconds, 'lingering', 60)}"


def leave() -> str:
    """End the connection."""
    return "exit"


# --- inbound: api --------------------------------------------------------------


def originate(leg: Originate) -> str:
    """Make a leg in the background.

    Raises:
        RefusedValue: a part of it is malformed or unsafe.
    """
    variables = {
        "origination_uuid": channel(leg.channel_uuid),  # stays first: read_event finds it there
        "originate_timeout": str(_seconds(leg.ring_timeout, "ringing", 300)),
        "ignore_early_media": "true",
        "origination_caller_id_number": number(leg.caller_id),
    }
    for name, text in leg.variables.items():
        variables[_match(_OUR_VARIABLE, name, "a variable")] = value(text)
    listed = ",".join(f"{name}={text}" for name, text in variables.items())
    gateway_name = _match(_NAME, leg.gateway, "a gateway")
    extension_name = _extension(leg.extension)
    return (
        f"bgapi originate {{{listed}}}sofia/gateway/{gateway_name}/{number(leg.number)} {extension_name} XML {CONTEXT}"
    )


def kill(channel_uuid: str, cause: str = "NORMAL_CLEARING") -> str:
    """Take a leg down."""
    return f"api uuid_kill {channel(channel_uuid)} {_match(_CAUSE, cause, 'a cause')}"


def exists(channel_uuid: str) -> str:
    """Is this channel up?"""
    return f"api uuid_exists {channel(channel_uuid)}"


def break_off(channel_uuid: str) -> str:
    """End what the leg is executing, and what waits behind it."""
    return f"api uuid_break {channel(channel_uuid)} all"


def keep_out_of_dialplan(channel_uuid: str) -> str:
    """The leg no longer goes on in the dialplan when its outbound connection ends."""
    return f"api uuid_setvar {channel(channel_uuid)} socket_resume false"


def show_channels() -> str:
    """All channels, as JSON."""
    return "api show channels as json"


def talk(channel_uuid: str) -> str:
    """Make a ringing desk telephone answer."""
    return f"api uuid_phone_event {channel(channel_uuid)} talk"


def transfer(channel_uuid: str, extension: str) -> str:
    """Send a leg to an extension of our context."""
    return f"api uuid_transfer {channel(channel_uuid)} {_extension(extension)} XML {CONTEXT}"


def partner(channel_uuid: str) -> str:
    """Whom is this leg bridged with?"""
    return f"api uuid_getvar {channel(channel_uuid)} bridge_uuid"


def transfer_both(channel_uuid: str, extension: str) -> str:
    """Send a leg and whoever it is bridged with to an extension of our context."""
    return f"api uuid_transfer {channel(channel_uuid)} -both {_extension(extension)} XML {CONTEXT}"


def hold(channel_uuid: str, held: bool) -> str:
    """Hold a leg: whoever it is bridged with hears music; or let them talk again."""
    return f"api uuid_hold {'' if held else 'off '}{channel(channel_uuid)}"


def press(channel_uuid: str, keys: str) -> str:
    """Do as if this leg's telephone had pressed these keys."""
    if not 0 < len(keys) <= MOST_DIGITS or not set(keys) <= {*KEYS, OUT_OF_QUEUE}:
        raise RefusedValue(f"keys cannot be {keys[:60]!r}")
    return f"api uuid_recv_dtmf {channel(channel_uuid)} {keys}"


def tell(channel_uuid: str, files: Files, played: Sequence[Path]) -> str:
    """Play files to both sides of a talk, over what they hear. Keys that are pressed meanwhile are lost."""
    return f"api uuid_broadcast {channel(channel_uuid)} {files.several(played)} both"


def announce(channel_uuid: str, files: Files, played: Sequence[Path]) -> str:
    """Mix files into what a leg hears; what it was doing goes on and takes its keys, and its recording has both.

    Not in place of what it hears (no ``m``): then the switch takes away what the leg says, as long as they last.
    """
    return f"api uuid_displace {channel(channel_uuid)} start {files.several(played)} 0 mf"


def hush(channel_uuid: str, files: Files, played: Sequence[Path]) -> str:
    """End what was announced."""
    return f"api uuid_displace {channel(channel_uuid)} stop {files.several(played)}"


def tier_level(queue: str, agent: str, level: int) -> str:
    """Set after whom a queue agent is rung: level 1 first."""
    if not isinstance(level, int) or not 0 < level < 10:
        raise RefusedValue(f"a level cannot be {str(level)[:60]!r}")
    return f"api callcenter_config tier set level {_match(_NAME, queue, 'a queue')} {_match(_NAME, agent, 'an agent')} {level}"


def queue_members(name: str) -> str:
    """Who waits in a queue."""
    return f"api callcenter_config queue list members {_match(_NAME, name, 'a queue')}"


def agent_status(agent: str, status: str) -> str:
    """Set the status of a queue agent."""
    if status not in AGENT_STATUSES:
        raise RefusedValue(f"an agent's status cannot be {status[:60]!r}")
    return f"api callcenter_config agent set status {_match(_NAME, agent, 'an agent')} '{status}'"


def call_desk(channel_uuid: str, desk: str, domain: str, extension: str, caller_id: str, ring: int) -> str:
    """Ring a desk telephone and send it to an extension of our context once it answers."""
    variables = (
        f"origination_uuid={channel(channel_uuid)},originate_timeout={_seconds(ring, 'ringing', 300)},"
        f"ignore_early_media=true,origination_caller_id_number={number(caller_id)}"
    )
    at = _match(_DOMAIN, domain, "a SIP domain")
    return f"bgapi originate {{{variables}}}user/{number(desk)}@{at} {_extension(extension)} XML {CONTEXT}"


def dial(channel_uuid: str, desk: str, domain: str, number_: str, caller_id: str, ring: int) -> str:
    """Ring a desk telephone and have it dial a number as it could by hand: the dialplan says what it may dial."""
    variables = (
        f"origination_uuid={channel(channel_uuid)},originate_timeout={_seconds(ring, 'ringing', 300)},"
        f"ignore_early_media=true,origination_caller_id_number={number(number_)},"
        f"effective_caller_id_number={number(caller_id)}"
    )
    at = _match(_DOMAIN, domain, "a SIP domain")
    return f"bgapi originate {{{variables}}}user/{number(desk)}@{at} {number(number_)} XML {DESKS}"


def conference_members(room: str) -> str:
    """Who is in a conference, as JSON."""
    return f"api conference {channel(room)} json_list"


def conference_mute(room: str, member: int, muted: bool) -> str:
    """Let a member be heard or not."""
    return f"api conference {channel(room)} {'mute' if muted else 'unmute'} {_member(member)}"


def conference_hold(room: str, member: int, held: bool) -> str:
    """Let a member hear music and nobody hear them, or take part again."""
    return f"api conference {channel(room)} {'hold' if held else 'unhold'} {_member(member)}"


def conference_drop(room: str, member: int) -> str:
    """Put a member out of a conference."""
    return f"api conference {channel(room)} kick {_member(member)}"


def conference_lock(room: str, locked: bool) -> str:
    """Let nobody else into a conference, or let people in again."""
    return f"api conference {channel(room)} {'lock' if locked else 'unlock'}"


def conference_end(room: str) -> str:
    """Put everybody out of a conference."""
    return f"api conference {channel(room)} kick all"


def _member(member: int) -> int:
    if not isinstance(member, int) or not 0 < member < 1_000_000:
        raise RefusedValue(f"a member of a conference cannot be {str(member)[:60]!r}")
    return member


def gateway_status(name: str) -> str:
    """How a gateway stands."""
    return f"api sofia status gateway {_match(_NAME, name, 'a gateway')}"


def status() -> str:
    """How the switch stands."""
    return "api status"


def _extension(text: str) -> str:
    return _match(_NAME, text, "an extension")


# --- outbound: applications on a leg -------------------------------------------


def execute(application: str, argument: str, event_uuid: str) -> str:
    """Run an application on the leg; its events carry ``event_uuid`` as ``Application-UUID``.

    Only for the functions below: the argument is taken as it is.
    """
    lines = ["sendmsg", "call-command: execute", f"execute-app-name: {application}"]
    if argument:
        lines.append(f"execute-app-arg: {argument}")
    return "\n".join([*lines, f"Event-UUID: {channel(event_uuid)}"])


def answer(event_uuid: str) -> str:
    """Answer the leg."""
    return execute("answer", "", event_uuid)


def hangup(event_uuid: str, cause: str) -> str:
    """Hang the leg up."""
    return execute("hangup", _match(_CAUSE, cause, "a cause"), event_uuid)


def set_variable(event_uuid: str, name: str, text: str) -> str:
    """Set a channel variable."""
    return execute("set", f"{_match(_VARIABLE, name, 'a variable')}={value(text)}", event_uuid)


def playback(event_uuid: str, files: Files, played: Sequence[Path]) -> str:
    """Play files to the end."""
    return execute("playback", files.several(played), event_uuid)


def ask(event_uuid: str, files: Files, played: Sequence[Path], keys: str, wait: float) -> str:
    """Play files and take one of ``keys`` into the variable ``dc_key``.

    Args:
        wait: seconds after the end; the switch waits one second at least.

    Raises:
        RefusedValue: a key is no telephone key, or a file is not ours.
    """
    if not keys or not set(keys) <= set(KEYS):
        raise RefusedValue(f"keys cannot be {keys[:60]!r}")
    prompt = files.several(played) if played else SILENCE.format(10)
    limit = max(1000, _milliseconds(wait))
    # In a set none of these needs escaping. "+" is a key that no telephone has:
    # with no terminator given the switch would take "#" for one.
    pattern = "".join(dict.fromkeys(keys))
    return execute(
        "play_and_get_digits", f"1 1 1 {limit} + {prompt} {SILENCE.format(10)} {ASKED} [{pattern}] {limit}", event_uuid
    )


def enter(event_uuid: str, files: Files, played: Sequence[Path], digits: int, wait: float) -> str:
    """Play files and take up to ``digits`` digits, ended by ``#`` or ``wait`` seconds, into ``dc_key``.

    Raises:
        RefusedValue: so many digits are no number that anybody keys in, or a file is not ours.
    """
    if not 0 < digits <= MOST_DIGITS:
        raise RefusedValue(f"a number cannot have {digits!r} digits")
    prompt = files.several(played) if played else SILENCE.format(10)
    limit = max(1000, _milliseconds(wait))
    return execute(
        "play_and_get_digits",
        f"1 {digits} 1 {limit} # {prompt} {SILENCE.format(10)} {ASKED} ^[0-9]+$ {limit}",
        event_uuid,
    )


def conference(event_uuid: str, room: str) -> str:
    """Take part in a conference; ends when the leg leaves it or is put out."""
    return execute("conference", f"{channel(room)}@{CONFERENCE_PROFILE}", event_uuid)


def _milliseconds(seconds: float) -> int:
    if not 0 <= seconds <= 600:
        raise RefusedValue(f"a wait cannot be {seconds!r} seconds")
    return round(seconds * 1000)


def queue(event_uuid: str, name: str) -> str:
    """Wait in a queue of mod_callcenter."""
    return execute("callcenter", _match(_NAME, name, "a queue"), event_uuid)


def exit_keys(event_uuid: str, keys: str) -> str:
    """Say which keys lead out of the queue; none: nothing but a desk, or the end of patience."""
    if not set(keys) <= {*KEYS, OUT_OF_QUEUE}:
        raise RefusedValue(f"keys cannot be {keys[:60]!r}")
    return execute("set", f"cc_exit_keys={keys}", event_uuid)


def record(event_uuid: str, files: Files, folder: Path, name: str, limit: float) -> str:
    """Record what is said, until ``limit`` seconds, a key, or ten seconds of silence."""
    seconds = _seconds(limit, "a message", 3600)
    return execute("record", f"{files.below(folder, name)} {seconds} 200 10", event_uuid)


def bridge(event_uuid: str, extension: str, domain: str, ring: int) -> str:
    """Bridge the leg to a desk telephone, which rings ``ring`` seconds."""
    desk = number(extension)
    at = _match(_DOMAIN, domain, "a SIP domain")
    return execute("bridge", f"[leg_timeout={_seconds(ring, 'ringing', 300)}]user/{desk}@{at}", event_uuid)


def bridge_out(event_uuid: str, files: Files, outside: OutsideCall) -> str:
    """Bridge the leg to an outside number; whoever picks up there must press a key first.

    Two limits: ``originate_timeout`` goes on while they listen, and would cut off who picked up late.
    """
    ring, confirm = _seconds(outside.ring, "ringing", 300), _seconds(outside.confirm, "pressing a key", 300)
    if len(outside.key) != 1 or outside.key not in KEYS:
        raise RefusedValue(f"a key cannot be {outside.key[:60]!r}")
    variables = (
        f"origination_uuid={channel(outside.channel_uuid)},originate_timeout={ring + confirm},"
        f"ignore_early_media=true,origination_caller_id_number={number(outside.caller_id)},"
        f"group_confirm_key={outside.key},group_confirm_file={files.path(outside.asks)},group_confirm_timeout={confirm}"
    )
    target = f"[leg_timeout={ring}]sofia/gateway/{_match(_NAME, outside.gateway, 'a gateway')}/{number(outside.number)}"
    return execute("bridge", f"{{{variables}}}{target}", event_uuid)
