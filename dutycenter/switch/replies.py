"""What the switch's replies say. Text in, values out."""

from __future__ import annotations

import json
import re
from typing import Any

from dutycenter.interfaces import Channel, GatewayStatus, InRoom, SwitchError, SwitchStatus

_UPTIME = re.compile(r"UP (\d+) years?, (\d+) days?, (\d+) hours?, (\d+) minutes?, (\d+) seconds?, (\d+) milliseconds?")
_IN_SECONDS = (365 * 86400, 86400, 3600, 60, 1, 0.001)
_VERSION = re.compile(r"FreeSWITCH \(Version ([^)\s]+)")
_SESSIONS = re.compile(r"^(\d+) session\(s\) - peak", re.MULTILINE)
_RATE = re.compile(r"session\(s\) per Sec out of max (\d+)")
_MOST = re.compile(r"^(\d+) session\(s\) max", re.MULTILINE)


def refused(text: str) -> bool:
    """Is this reply a refusal?"""
    return text.startswith(("-ERR", "-USAGE"))


def channels(text: str) -> list[Channel]:
    """``show channels as json``.

    Raises:
        SwitchError: it is not that.
    """
    try:
        rows = json.loads(text, strict=False).get("rows", [])
        return [_channel(row) for row in rows]
    except (ValueError, AttributeError, TypeError) as error:
        raise SwitchError(f"the switch lists its channels unreadably: {error}") from None


def _channel(row: dict[str, Any]) -> Channel:
    return Channel(
        channel_uuid=str(row.get("uuid", "")),
        direction=str(row.get("direction", "")),
        state=str(row.get("state", "")),
        callstate=str(row.get("callstate", "")),
        destination=str(row.get("dest", "")),
        caller_number=str(row.get("cid_num", "")),
        application=str(row.get("application", "")),
        call_uuid=str(row.get("call_uuid", "")),
    )


def in_room(text: str) -> list[InRoom]:
    """``conference ROOM json_list``.

    Raises:
        SwitchError: it is not that.
    """
    try:
        rooms = json.loads(text, strict=False)
        return [_in_room(row) for room in rooms for row in room.get("members", []) if row.get("type") == "caller"]
    except (ValueError, AttributeError, TypeError) as error:
        raise SwitchError(f"the switch lists a conference unreadably: {error}") from None


def _in_room(row: dict[str, Any]) -> InRoom:
    flags = row.get("flags", {})
    return InRoom(
        member=int(row.get("id", 0)),
        channel_uuid=str(row.get("uuid", "")),
        number=str(row.get("caller_id_number", "")),
        muted=not flags.get("can_speak", True),
        talking=bool(flags.get("talking", False)),
    )


WAITING = ("Waiting", "Trying")  # members whom no agent has yet


def place(text: str, channel_uuid: str) -> int | None:
    """``callcenter_config queue list members NAME``: which place this channel has, from 1; None: none."""
    head, *rows = text.splitlines() or [""]
    names = head.split("|")
    members = [dict(zip(names, row.split("|"), strict=False)) for row in rows if "|" in row]
    waiting = [one for one in members if one.get("state", "Waiting") in WAITING]
    waiting.sort(key=lambda one: -_whole(one.get("score", "")))
    places = (at for at, one in enumerate(waiting, 1) if one.get("session_uuid") == channel_uuid)
    return next(places, None)


def gateway(name: str, text: str) -> GatewayStatus:
    """``sofia status gateway NAME``."""
    told = dict(_pair(line) for line in text.splitlines() if "\t" in line)
    known = told.get("Name") == name
    return GatewayStatus(
        name=name,
        known=known,
        up=known and told.get("Status", "").startswith("UP") and told.get("State", "") in ("NOREG", "REGED"),
        calls_out=_whole(told.get("CallsOUT", "")),
        failed_calls_out=_whole(told.get("FailedCallsOUT", "")),
    )


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition("\t")
    return name.strip(), value.strip()


def status(text: str) -> SwitchStatus:
    """``status``.

    Raises:
        SwitchError: it is not that.
    """
    uptime, version = _UPTIME.search(text), _VERSION.search(text)
    if not uptime or not version:
        raise SwitchError(f"the switch tells its status unreadably: {text[:80]!r}")
    return SwitchStatus(
        version=version[1],
        sessions=_whole(_first(_SESSIONS, text)),
        sessions_max=_whole(_first(_MOST, text)),
        sessions_per_second=_whole(_first(_RATE, text)),
        uptime=sum(int(count) * unit for count, unit in zip(uptime.groups(), _IN_SECONDS, strict=True)),
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
