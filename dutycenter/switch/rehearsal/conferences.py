"""mod_conference: rooms that legs are in, who is muted or put out, and the events that tell of it.

What is said in a room is mixed into its recording; the simulated people don't hear each other.
"""

from __future__ import annotations

import json
import uuid as uuids
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal.audio import hold_music
from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.describing import describe
from dutycenter.switch.rehearsal.recording import SAID, Recording
from dutycenter.switch.rehearsal.wire import line

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

MAINTENANCE = "conference::maintenance"
PROFILE = "duty"
MOST = 60
FOREVER = 86400.0


@dataclass
class Member:
    """One leg in a room."""

    id: int
    channel: Channel
    joined: float
    muted: bool = False
    put_out: bool = False
    stop_music: Callable[[], None] | None = None  # while held


@dataclass
class Room:
    """A conference while somebody is in it."""

    name: str
    recording: Recording
    began: float
    uuid: str = field(default_factory=lambda: str(uuids.uuid4()))
    members: list[Member] = field(default_factory=list)
    locked: bool = False


class Conferences:
    """The application ``conference`` and the api command of that name.

    Args:
        exchange: the switch they are in.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._rooms: dict[str, Room] = {}
        self._last_member = 0

    # --- the leg's side -----------------------------------------------------

    def join(self, channel: Channel, data: str) -> str | None:
        """Be in the room until put out, hung up or sent elsewhere."""
        name = data.rpartition("@")[0] or data
        room = self._rooms.get(name)
        enforced = channel.variables["conference_enforce_security"].lower()
        strict = enforced == "true" if enforced else channel.direction == "inbound"
        if room is not None and ((room.locked and strict) or len(room.members) >= MOST):
            return None
        room = room or self._open(name)
        self._last_member += 1
        member = Member(self._last_member, channel, self._exchange.clock.monotonic())
        room.members.append(member)
        channel.variables.set("conference_name", name)
        channel.variables.set("conference_member_id", str(member.id))
        self._tell(room, "add-member", member)
        if len(room.members) == 1:
            self._begin_recording(room)
        channel.recordings.append(room.recording)
        if channel.phone is not None:
            channel.phone.bridged()
        try:
            channel.wait(FOREVER, lambda: member.put_out)
        finally:
            self._leave(room, member)
        return None

    def _open(self, name: str) -> Room:
        path = self._exchange.town.recordings / f"{name}.conference.wav"
        now = self._exchange.clock.monotonic()
        room = self._rooms[name] = Room(name, Recording(Path(path), False, now, sides=(SAID,)), now)
        self._tell(room, "conference-create")
        return room

    def _begin_recording(self, room: Room) -> None:
        self._last_member += 1  # the recording is a member of its own to the switch
        room.recording.began = self._exchange.clock.monotonic()
        room.recording.open()
        self._exchange.journal.write("record_start", room.name, file=str(room.recording.path))
        self._tell(room, "start-recording", more=[("Path", str(room.recording.path))])

    def _leave(self, room: Room, member: Member) -> None:
        if room.recording in member.channel.recordings:
            member.channel.recordings.remove(room.recording)
        room.members.remove(member)
        self._tell(room, "del-member", member)
        if room.members:
            return
        del self._rooms[room.name]
        frames = self._exchange.aside(room.recording.write, self._exchange.clock.monotonic())
        path = str(room.recording.path)
        self._exchange.journal.write("record_stop", room.name, file=path, seconds=round(frames / 8000, 3))
        self._tell(room, "stop-recording", more=[
            ("Path", path), ("Other-Recordings", "false"), ("Samples-Out", str(frames)), ("Samplerate", "8000"),
            ("Milliseconds-Elapsed", str(frames // 8)), ("Record-File-Size", str(44 + 2 * frames)),
        ])  # fmt: skip
        self._tell(room, "conference-destroy")

    # --- the api ------------------------------------------------------------

    def command(self, argument: str) -> str:
        """``conference ROOM json_list|mute|unmute|kick|lock|unlock``."""
        name, _, rest = argument.partition(" ")
        room = self._rooms.get(name)
        if room is None:
            return f"-ERR Conference {name} not found\n"
        verb, _, who = rest.strip().partition(" ")
        if verb == "json_list":
            return json.dumps([self._listed(room)], indent="\t")
        if verb in ("lock", "unlock"):
            room.locked = verb == "lock"
            self._tell(room, verb)
            return f"+OK {name} {verb}ed\n"
        if verb not in ("mute", "unmute", "kick", "hold", "unhold"):
            return f"-ERR Conference command '{verb}' not found.\n"
        chosen = [m for m in reversed(room.members) if who == "all" or str(m.id) == who]
        if not chosen and who != "all":
            return f"-ERR Non-Existant ID {who}\n"
        return "".join(self._done(room, member, verb) for member in chosen)

    def _done(self, room: Room, member: Member, verb: str) -> str:
        if verb == "kick":
            self._tell(room, "kick-member", member)
            member.put_out = True
            member.channel.wake()
            return f"+OK kicked {member.id}\n"
        if verb in ("hold", "unhold"):
            if member.stop_music is not None:
                member.stop_music()
            member.stop_music = member.channel.hear(hold_music(), repeat=True) if verb == "hold" else None
            member.channel.hears = "local_stream://moh" if verb == "hold" else ""
            self._tell(room, f"{verb}-member", member)
            return f"+OK {verb} {member.id}\n"
        member.muted = verb == "mute"
        self._tell(room, f"{verb}-member", member)
        return f"+OK {verb} {member.id}\n"

    def _listed(self, room: Room) -> dict[str, object]:
        now = self._exchange.clock.monotonic()
        members = [
            {
                "type": "caller", "id": member.id,
                "flags": {"can_hear": True, "can_speak": not member.muted, "talking": not member.muted,
                          "is_moderator": False},
                "uuid": member.channel.uuid, "caller_id_name": member.channel.caller_name,
                "caller_id_number": member.channel.caller_number, "join_time": int(now - member.joined),
            }
            for member in reversed(room.members)
        ]  # fmt: skip
        recording = {"type": "recording_node", "record_path": str(room.recording.path), "join_time": int(room.began)}
        return {
            "conference_name": room.name, "member_count": len(room.members), "ghost_count": 0, "rate": 8000,
            "run_time": int(now - room.began), "conference_uuid": room.uuid, "locked": room.locked,
            "running": True, "recording": True, "max_members": MOST, "variables": {}, "members": [*members, recording],
        }  # fmt: skip

    # --- events -------------------------------------------------------------

    def _tell(
        self, room: Room, action: str, member: Member | None = None, more: Sequence[tuple[str, str]] = ()
    ) -> None:
        head = [
            ("Conference-Name", room.name), ("Conference-Domain", self._exchange.town.domain),
            ("Conference-Size", str(len(room.members))), ("Conference-Ghosts", "0"),
            ("Conference-Profile-Name", PROFILE), ("Conference-Unique-ID", room.uuid),
        ]  # fmt: skip
        tail = [("Action", action), *more]

        def render() -> str:
            told = "".join(line(*pair) for pair in head)
            if member is not None:
                about = [
                    ("Video", "false"), ("Hear", "true"), ("See", "true"), ("Speak", str(not member.muted).lower()),
                    ("Talking", "false"), ("Mute-Detect", "false"), ("Hold", "false"), ("Member-ID", str(member.id)),
                    ("Member-Type", "member"), ("Member-Ghost", "false"), ("Energy-Level", "100"),
                    ("Current-Energy", "0"),
                ]  # fmt: skip
                told += line("Floor", "false") + describe(member.channel) + "".join(line(*pair) for pair in about)
            return told + "".join(line(*pair) for pair in tail)

        uuid = member.channel.uuid if member is not None else ""
        self._exchange.bus.publish("CUSTOM", render, channel_uuid=uuid, subclass=MAINTENANCE, origin=action)
