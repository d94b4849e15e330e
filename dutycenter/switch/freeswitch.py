"""``ISwitch`` on FreeSWITCH's event socket."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from gevent import get_hub, sleep
from gevent.lock import RLock
from gevent.monkey import is_module_patched

from dutycenter.interfaces import (
    Channel,
    GatewayStatus,
    InRoom,
    Originate,
    RefusedValue,
    SwitchAway,
    SwitchError,
    SwitchStatus,
    Told,
)
from dutycenter.switch import commands, replies
from dutycenter.switch.link import InboundLink

DESK_RING = 30  # seconds
SETTLES = 0.5  # real seconds until a leg's thread is sure to have seen what it was told
BRIDGE_TRIES = 6
_NO_ROOM = "not found"  # -ERR Conference … not found

T = TypeVar("T")


def read_password(file: Path) -> str:
    """The event socket password.

    Raises:
        SwitchAway: the file cannot be read.
    """
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SwitchAway(f"the event socket password cannot be read: {error}") from None


def ensure_password(file: Path) -> None:
    """Make a password if there is none yet; the first of several processes does it."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    made.touch(mode=0o600)
    made.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
    try:
        file.hardlink_to(made)
    except FileExistsError:
        pass
    finally:
        made.unlink()


class FreeSwitch:
    """Commands to one switch.

    In a gevent process the connection is kept and shared by all greenlets; in
    one with threads each command makes its own, so that any thread may call.

    Args:
        host: of the event socket.
        port: of the event socket.
        password_file: read at every connect, so that a new one is taken up.
        domain: SIP domain of the desk telephones.
        keep: keep the connection; by default when the process is gevent's.
    """

    def __init__(
        self, host: str, port: int, password_file: Path, *, domain: str = "duty.local", keep: bool | None = None
    ) -> None:
        self._host = host
        self._domain = domain
        self._port = port
        self._password_file = password_file
        self._keep = is_module_patched("socket") if keep is None else keep
        self._hub = get_hub() if self._keep else None
        self._link: InboundLink | None = None
        self._connecting = RLock()

    def originate(self, leg: Originate) -> None:
        self._ask(commands.originate(leg))

    def originate_all(self, legs: Sequence[Originate], told: Told) -> None:
        built = []
        for leg in legs:
            try:
                built.append((commands.originate(leg), partial(told, leg)))
            except RefusedValue as error:
                told(leg, error)
        if not built:
            return
        try:
            self._on_link(lambda link: link.tell_all(built))
        except SwitchAway as away:
            for _, tell in built:
                tell(away)

    def drop(self, channel_uuid: str, cause: str = "NORMAL_CLEARING") -> bool:
        return self._known(commands.kill(channel_uuid, cause))

    def exists(self, channel_uuid: str) -> bool:
        return self._ask(commands.exists(channel_uuid)) == "true"

    def channels(self) -> list[Channel]:
        return replies.channels(self._ask(commands.show_channels()))

    def talk(self, channel_uuid: str) -> None:
        self._ask(commands.talk(channel_uuid))

    def transfer(self, channel_uuid: str, extension: str) -> None:
        self._ask(commands.transfer(channel_uuid, extension))

    def transfer_both(self, channel_uuid: str, extension: str) -> None:
        # Each leg is carried by a thread of its own. One that is told something (the words of welcome) or is not in
        # the bridge yet sees the order later than the other, takes the other for gone and hangs it up.
        for leg in (channel_uuid, self._bridged_with(channel_uuid)):
            self._ask(commands.break_off(leg))
        sleep(SETTLES)
        self._ask(commands.transfer_both(channel_uuid, extension))

    def hold(self, channel_uuid: str, held: bool) -> None:
        self._ask(commands.hold(channel_uuid, held))

    def press(self, channel_uuid: str, key: str) -> None:
        self._ask(commands.press(channel_uuid, key))

    def tier_level(self, queue: str, agent: str, level: int) -> None:
        self._ask(commands.tier_level(queue, agent, level))

    def agent_status(self, agent: str, status: str) -> None:
        self._ask(commands.agent_status(agent, status))

    def conference(self, room: str) -> list[InRoom]:
        try:
            return replies.in_room(self._ask(commands.conference_members(room)))
        except SwitchAway:
            raise
        except SwitchError as error:
            if _NO_ROOM in str(error):
                return []
            raise

    def conference_mute(self, room: str, member: int, muted: bool) -> None:
        self._ask(commands.conference_mute(room, member, muted))

    def conference_hold(self, room: str, member: int, held: bool) -> None:
        self._ask(commands.conference_hold(room, member, held))

    def conference_drop(self, room: str, member: int) -> None:
        self._ask(commands.conference_drop(room, member))

    def conference_lock(self, room: str, locked: bool) -> None:
        self._to_room(commands.conference_lock(room, locked))

    def conference_end(self, room: str) -> None:
        self._to_room(commands.conference_end(room))

    def call_desk(self, channel_uuid: str, desk: str, extension: str, caller_id: str) -> None:
        self._ask(commands.call_desk(channel_uuid, desk, self._domain, extension, caller_id, DESK_RING))

    def dial(self, channel_uuid: str, desk: str, number: str, caller_id: str) -> None:
        self._ask(commands.dial(channel_uuid, desk, self._domain, number, caller_id, DESK_RING))

    def gateway(self, name: str) -> GatewayStatus:
        return replies.gateway(name, self._ask(commands.gateway_status(name)))

    def status(self) -> SwitchStatus:
        return replies.status(self._ask(commands.status()))

    def close(self) -> None:
        """Close a kept connection."""
        if self._link is not None:
            self._link.end("closed")
            self._link = None

    def _bridged_with(self, channel_uuid: str) -> str:
        """The other leg; waits a moment for one that is about to be bridged.

        Raises:
            SwitchError: there is none.
        """
        for _ in range(BRIDGE_TRIES):
            partner = self._ask(commands.partner(channel_uuid))
            if partner not in ("", "_undef_"):
                return partner
            sleep(SETTLES)
        raise SwitchError("the leg is bridged with nobody")

    def _to_room(self, command: str) -> None:
        try:
            self._ask(command)
        except SwitchAway:
            raise
        except SwitchError as error:
            if _NO_ROOM not in str(error):
                raise

    def _known(self, command: str) -> bool:
        try:
            self._ask(command)
        except SwitchAway:
            raise
        except SwitchError as error:
            if "No such channel" in str(error):
                return False
            raise
        return True

    def _ask(self, command: str) -> str:
        return self._on_link(lambda link: link.ask(command))

    def _on_link(self, do: Callable[[InboundLink], T]) -> T:
        if self._keep and get_hub() is self._hub:
            return do(self._kept())
        link = self._connected()
        try:
            found = do(link)
            link.rest()
            return found
        finally:
            link.end("closed")

    def _kept(self) -> InboundLink:
        with self._connecting:
            if self._link is None or not self._link.connected:
                self._link = self._connected()
            return self._link

    def _connected(self) -> InboundLink:
        link = InboundLink(self._host, self._port, read_password(self._password_file))
        link.connect()
        return link
