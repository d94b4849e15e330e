"""The api commands, with the switch's own words as answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gevent.event import AsyncResult

from dutycenter.switch.rehearsal import legs
from dutycenter.switch.rehearsal.applications import split_arguments
from dutycenter.switch.rehearsal.between import broadcast, displace, hold, stop_displacing
from dutycenter.switch.rehearsal.callcenter import STATES, STATUSES
from dutycenter.switch.rehearsal.headers import HOSTNAME, VERSION
from dutycenter.switch.rehearsal.originate import USAGE, BadOriginate, originate, parse
from dutycenter.switch.rehearsal.story import Story

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.channel import Channel
    from dutycenter.switch.rehearsal.exchange import Exchange

MAX_SESSIONS, SESSIONS_PER_SECOND = 2000, 300
NO_CHANNEL = "-ERR No such channel!\n"


class Api:
    """Answers api commands.

    Args:
        exchange: the switch.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._story = Story(exchange)
        self._known: dict[str, Callable[[str], str]] = {
            "status": self._status, "show": self._show, "sofia": self._sofia, "originate": self._originate,
            "uuid_exists": self._exists, "uuid_kill": self._kill, "uuid_dump": self._dump,
            "uuid_getvar": self._getvar, "uuid_setvar": self._setvar, "uuid_phone_event": self._phone_event,
            "uuid_transfer": self._transfer, "uuid_break": self._break, "uuid_hold": self._hold,
            "uuid_recv_dtmf": self._recv_dtmf, "uuid_broadcast": self._broadcast, "uuid_displace": self._displace,
            "conference": lambda text: exchange.conferences.command(text), "callcenter_config": self._callcenter,
            "hupall": self._hupall, "strftime": self._strftime, "global_getvar": self._global, "version": self._version,
            "hostname": lambda _: HOSTNAME, "json": self._json, "reloadxml": lambda _: "+OK [Success]\n",
            "load": lambda _: "+OK Reloading XML\n-ERR [module load file routine returned an error]\n",
            "fsctl": lambda _: "+OK\n", "create_uuid": lambda _: _new_uuid(), "echo": lambda text: text,
            "rehearsal": self._story.run,
        }  # fmt: skip

    def run(self, text: str) -> str:
        """The answer to one command."""
        name, _, argument = text.strip().partition(" ")
        known = self._known.get(name)
        return known(argument.strip()) if known else f"-ERR {name} Command not found!\n"

    def run_in_background(self, text: str, done: Callable[[str], None]) -> None:
        """As ``run`` for ``bgapi``: an originate doesn't hold anything up, ``done`` hears of its end."""
        name, _, argument = text.strip().partition(" ")
        if name != "originate":
            done(self.run(text))
            return
        try:
            call = parse(argument)
        except BadOriginate as error:
            done(str(error))
            return
        originate(self._exchange, call, done)

    def _originate(self, argument: str) -> str:
        if not argument:
            return USAGE
        result: AsyncResult = AsyncResult()
        self.run_in_background(f"originate {argument}", result.set)
        return str(result.get())

    def _status(self, _: str) -> str:
        exchange = self._exchange
        gone = exchange.clock.monotonic() - exchange.began
        days, rest = divmod(int(gone), 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        micros = int((gone % 1) * 1_000_000)
        up = len(exchange.channels)
        return (
            f"UP 0 years, {days} day{_s(days)}, {hours} hour{_s(hours)}, {minutes} minute{_s(minutes)}, "
            f"{seconds} second{_s(seconds)}, {micros // 1000} millisecond{_s(micros // 1000)}, "
            f"{micros % 1000} microsecond{_s(micros % 1000)}\n"
            f"FreeSWITCH (Version {VERSION}) is ready\n"
            f"{exchange.sessions} session(s) since startup\n"
            f"{up} session(s) - peak {exchange.peak}, last 5min {exchange.peak} \n"
            f"{exchange.rate} session(s) per Sec out of max {SESSIONS_PER_SECOND}, peak {exchange.rate_peak}, "
            f"last 5min {exchange.rate_peak} \n"
            f"{MAX_SESSIONS} session(s) max\nmin idle cpu 0.00/99.03\nCurrent Stack Size/Max 240K/8192K\n"
        )

    def _show(self, argument: str) -> str:
        words = argument.lower().split()
        if not words or words[0] not in ("channels", "calls"):
            return "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]|...\n"
        channels = list(self._exchange.channels.values())
        if "count" in words:
            return f"\n{len(channels)} total.\n"
        if "json" in words:
            if not channels:
                return '{"row_count": 0}\n'
            rows = [_row(channel) for channel in channels]
            return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":"), ensure_ascii=False)
        if not channels:
            return "\n0 total.\n"
        rows = [_row(channel) for channel in channels]
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        return "\n".join(lines) + f"\n\n{len(rows)} total.\n"

    def _sofia(self, argument: str) -> str:
        words = argument.split()
        if words[:2] == ["status", "gateway"] and len(words) == 3:
            return self._exchange.gateways.status(words[2])
        return "-ERR Unknown command!\n"

    def _leg(self, uuid: str) -> Channel | None:
        """A leg that is up; one that has been hung up cannot be had any more."""
        channel = self._exchange.channels.get(uuid)
        return None if channel is None or channel.cause else channel

    def _exists(self, uuid: str) -> str:
        return "true" if self._leg(uuid) else "false"

    def _kill(self, argument: str) -> str:
        uuid, _, cause = argument.partition(" ")
        channel = self._leg(uuid)
        if channel is None:
            return NO_CHANNEL
        channel.hangup(cause.strip() or "NORMAL_CLEARING")
        return "+OK\n"

    def _hupall(self, argument: str) -> str:
        channels = list(self._exchange.channels.values())
        for channel in channels:
            channel.hangup(argument.split()[0] if argument else "MANAGER_REQUEST")
        return "+OK hangup all channels\n"

    def _dump(self, argument: str) -> str:
        channel = self._leg(argument.split()[0] if argument else "")
        if channel is None:
            return NO_CHANNEL
        return self._exchange.bus.head("CHANNEL_DATA", "uuid_dump") + channel.headers() + "\n"

    def _getvar(self, argument: str) -> str:
        uuid, _, name = argument.partition(" ")
        channel = self._leg(uuid)
        if channel is None:
            return NO_CHANNEL
        return channel.variables[name.strip()] or "_undef_"

    def _setvar(self, argument: str) -> str:
        parts = argument.split(" ", 2)
        channel = self._leg(parts[0])
        if channel is None:
            return NO_CHANNEL
        if len(parts) < 2:
            return "-ERR No variable specified\n"
        channel.variables.set(parts[1], parts[2] if len(parts) > 2 else None)
        return "+OK\n"

    def _phone_event(self, argument: str) -> str:
        uuid, _, event = argument.partition(" ")
        channel = self._leg(uuid)
        if channel is None or not event.strip():
            return "-ERR No such channel!\n" if event.strip() else "-USAGE: <uuid> talk|hold|hangup\n"
        if event.strip() == "talk":
            channel.picked_up = True
            channel.wake()
        elif event.strip() == "hangup":
            channel.hangup("NORMAL_CLEARING", "recv_bye")
        return "+OK Success\n"

    def _transfer(self, argument: str) -> str:
        words = argument.split()
        if len(words) < 2:
            return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
        channel = self._leg(words[0])
        if channel is None:
            return NO_CHANNEL
        target = words[1:]
        if target[0] in ("-bleg", "-both"):
            other = channel.partner
            if target[0] == "-both" and other is not None:
                legs.transfer(other, *target[1:4])
            elif other is not None:
                channel = other
            target = target[1:]
        legs.transfer(channel, *target[:3])
        return "+OK\n"

    def _hold(self, argument: str) -> str:
        words = argument.split()
        channel = self._leg(words[-1] if words else "")
        if channel is None:
            return "-ERR Operation failed\n"
        hold(channel, held=words[0] != "off")
        return "+OK Success\n"

    def _recv_dtmf(self, argument: str) -> str:
        uuid, _, keys = argument.partition(" ")
        channel = self._leg(uuid)
        if channel is None:
            return "-ERR Cannot locate session!\n"
        channel.keys.extend(keys.strip())
        channel.wake()
        return f"+OK {uuid} received DTMF {keys.strip()}.\n"

    def _broadcast(self, argument: str) -> str:
        words = argument.split()
        channel = self._leg(words[0] if words else "")
        if channel is None or len(words) < 2:
            return "-ERR invalid uuid\n"
        both = len(words) > 2 and words[2] == "both" and channel.partner is not None
        for one in (channel, channel.partner) if both else (channel,):
            if one is not None:
                self._exchange.spawn(broadcast, one, words[1])
        return "+OK Message sent\n"

    def _displace(self, argument: str) -> str:
        words = argument.split()
        if len(words) < 3 or words[1] not in ("start", "stop"):
            return "-USAGE: <uuid> [start|stop] <path> [<limit>] [mux]\n"
        channel = self._leg(words[0])
        if channel is None:
            return "-ERR Cannot locate session!\n"
        act, verb = (displace, "displace") if words[1] == "start" else (stop_displacing, "stop displace")
        return "+OK Success\n" if act(channel, words[2]) else f"-ERR Cannot {verb} session!\n"

    def _break(self, argument: str) -> str:
        channel = self._leg(argument.split()[0] if argument else "")
        if channel is None:
            return NO_CHANNEL
        if channel.partner is None:  # of legs that talk it ends what they are told, not the talk
            channel.broken = True
            channel.wake()
        return "+OK\n"

    def _callcenter(self, argument: str) -> str:
        words = split_arguments(argument)
        center = self._exchange.callcenter
        match words:
            case ["agent", "set", "status", name, status]:
                if name not in center.agents:
                    return "-ERR Agent not found!\n"
                if status not in STATUSES:
                    return "-ERR Invalid Agent Status!\n"
                center.set_status(name, status)
                return "+OK\n"
            case ["agent", "set", "state", name, state]:
                if name not in center.agents:
                    return "-ERR Agent not found!\n"
                if state not in STATES:
                    return "-ERR Invalid Agent State!\n"
                center.set_state(center.agents[name], state)
                return "+OK\n"
            case ["tier", "set", "level", queue, name, level]:
                return center.set_level(queue, name, level)
            case ["agent", "get", "status" | "state" | "contact" as key, name]:
                agent = center.agents.get(name)
                return str(getattr(agent, key)) if agent else "-ERR Agent not found!\n"
            case ["agent", "list", *_]:
                rows = [
                    f"{a.name}|single_box||callback|{a.contact}|{a.status}|{a.state}" for a in center.agents.values()
                ]
                return "\n".join(["name|instance_id|uuid|type|contact|status|state", *rows, "+OK\n"])
            case ["queue", *rest]:
                return self._queue(rest)
        return "-ERR Invalid!\n"

    def _queue(self, words: list[str]) -> str:
        center = self._exchange.callcenter
        match words:
            case ["count", "members", name, *_]:
                return f"{sum(m.queue == name for m in center.members)}\n"
            case ["list", "members", name, *_]:
                rows = [
                    f"{name}|{m.uuid}|{m.channel.uuid}|{m.channel.orig_number}|{m.state}|{center.score(m)}"
                    for m in center.members
                    if m.queue == name
                ]
                return "\n".join(["queue|uuid|session_uuid|cid_number|state|score", *rows, "+OK\n"])
            case ["list"]:
                return f"name|strategy\n{center.queue}|longest-idle-agent\n+OK\n"
        return "-ERR Invalid!\n"

    def _strftime(self, argument: str) -> str:
        now = self._exchange.clock.now().astimezone(UTC)
        return now.strftime(argument or "%Y-%m-%d %H:%M:%S")

    def _global(self, name: str) -> str:
        return {"hostname": HOSTNAME, "recordings_dir": str(self._exchange.town.recordings)}.get(name, "")

    def _version(self, _: str) -> str:
        return f"FreeSWITCH Version {VERSION.replace('-release', '-release', 1)}\n"

    def _json(self, argument: str) -> str:
        try:
            command = json.loads(argument)
        except ValueError:
            return '{"status":"error","message":"Parse command error"}'
        if not isinstance(command, dict) or command.get("command") != "status":
            return json.dumps({**(command if isinstance(command, dict) else {}), "status": "error",
                               "message": "Command not found"}, separators=(",", ":"))  # fmt: skip
        exchange = self._exchange
        gone = exchange.clock.monotonic() - exchange.began
        up = {"years": 0, "days": int(gone // 86400), "hours": int(gone // 3600 % 24), "minutes": int(gone // 60 % 60),
              "seconds": int(gone % 60), "milliseconds": int(gone * 1000 % 1000), "microseconds": int(gone * 1e6 % 1000)}  # fmt: skip
        response = {
            "systemStatus": "ready", "uptime": up, "version": VERSION,
            "sessions": {
                "count": {"total": exchange.sessions, "active": len(exchange.channels), "peak": exchange.peak,
                          "peak5Min": exchange.peak, "limit": MAX_SESSIONS},
                "rate": {"current": exchange.rate, "max": SESSIONS_PER_SECOND, "peak": exchange.rate_peak,
                         "peak5Min": exchange.rate_peak},
            },
            "idleCPU": {"used": 0, "allowed": 99.033333333333331}, "stackSizeKB": {"current": 240, "max": 8192},
        }  # fmt: skip
        answer = {"command": "status", "data": str(command.get("data", "")), "status": "success", "response": response}
        return json.dumps(answer, separators=(",", ":")) + "\n"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _new_uuid() -> str:
    import uuid

    return str(uuid.uuid4())


def _row(channel: Channel) -> dict[str, str]:
    created = channel.times["Channel-Created"] // 1_000_000
    coded = channel.media
    return {
        "uuid": channel.uuid, "direction": channel.direction,
        "created": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%d %H:%M:%S"), "created_epoch": str(created),
        "name": channel.name, "state": channel.state, "cid_name": channel.caller_name, "cid_num": channel.caller_number,
        "ip_addr": "127.0.0.1" if channel.direction == "inbound" else "", "dest": channel.number,
        "application": channel.application, "application_data": channel.application_data, "dialplan": channel.dialplan,
        "context": channel.context, "read_codec": "PCMA" if coded else "", "read_rate": "8000" if coded else "",
        "read_bit_rate": "64000" if coded else "", "write_codec": "PCMA" if coded else "",
        "write_rate": "8000" if coded else "", "write_bit_rate": "64000" if coded else "", "secure": "",
        "hostname": HOSTNAME, "presence_id": "", "presence_data": "", "accountcode": "", "callstate": channel.callstate,
        "callee_name": channel.callee_name, "callee_num": channel.callee_number,
        "callee_direction": "RECV" if channel.direction == "outbound" else "", "call_uuid": channel.call_uuid,
        "sent_callee_name": "", "sent_callee_num": "", "initial_cid_name": channel.orig_name,
        "initial_cid_num": channel.orig_number, "initial_ip_addr": "", "initial_dest": channel.ani_number,
        "initial_dialplan": "", "initial_context": "public" if channel.direction == "inbound" else "default",
    }  # fmt: skip
