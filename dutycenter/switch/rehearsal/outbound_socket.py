"""The application ``socket``: an answered leg connects to the ivr and does what it says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gevent import socket

from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.commands import UNKNOWN, Commands
from dutycenter.switch.rehearsal.connection import Connection
from dutycenter.switch.rehearsal.variables import Held
from dutycenter.switch.rehearsal.wire import BadFrame, Request, Requests, disconnect_notice, linger_notice, reply

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

log = logging.getLogger(__name__)

FOREVER = 86400.0
CONNECT_SECONDS = 5.0  # real ones
PARK_SECONDS = 2.0  # at most, until the first order


class Sockets:
    """Connects legs to the ivr."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def talk(self, channel: Channel, data: str) -> None:
        """Run the application; it ends when the other side closes, or the leg does something else."""
        words = data.split()
        host, _, port = words[0].rpartition(":") if words else ("", "", "")
        channel.variables.set("socket_host", host)
        try:
            sock = socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            log.warning("The ivr cannot be reached at %s, the dialplan goes on without it: %s", data, error)
            self._exchange.journal.write("socket_refused", channel.uuid, to=data)
            return
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        controlled = Controlled(self._exchange, channel, sock, "async" in words, "full" in words)
        controlled.run()


class Controlled:
    """A leg and the connection that controls it."""

    def __init__(self, exchange: Exchange, channel: Channel, sock: socket.socket, async_: bool, full: bool) -> None:
        self._exchange, self._channel = exchange, channel
        self._async, self._full = async_, full
        self._connection = Connection(sock)
        self._commands = Commands(exchange, exchange.api, self._connection)
        self._linger: int | None = None
        self._held = Held()
        self._closed = self._resume = False

    def run(self) -> None:
        """Until the other side closes; raises what takes the leg elsewhere."""
        channel, connection = self._channel, self._connection
        self._exchange.bus.attach(connection)
        self._exchange.spawn(self._read)
        channel.watchers.append(self._hung_up)
        try:
            if self._async:
                self._park()
            channel.wait(FOREVER, self._over)
        finally:
            if self._linger is None or self._closed:
                self._goodbye()
            if self._async:
                channel.emit("CHANNEL_UNPARK")

    def _park(self) -> None:
        """The leg is parked once the other side has begun to give orders, or a moment later."""
        channel = self._channel
        channel.locked = True
        try:
            channel.wait(PARK_SECONDS, lambda: bool(channel.messages) or self._closed)
        finally:
            channel.locked = False
        channel.emit("CHANNEL_PARK")

    def _over(self) -> bool:
        """The other side has closed; an asynchronous leg stays parked then, unless it is to resume."""
        if self._closed and self._async:
            return self._resume or self._channel.variables["socket_resume"].lower() == "true"
        return self._closed

    def _read(self) -> None:
        """Take commands until the connection ends."""
        requests = Requests(self._connection.sock)
        try:
            while (request := requests.read()) is not None:
                if request.command.startswith(("exit", "...")):
                    self._connection.send(reply("+OK bye"))
                    break
                self._answer(request)
        except BadFrame as error:
            log.warning("The ivr sent what is no command: %s", error)
        self._closed = True
        self._goodbye()
        self._channel.wake()

    def _answer(self, request: Request) -> None:
        channel, connection = self._channel, self._connection
        verb, _, rest = request.command.partition(" ")
        if verb == "connect":
            connection.send(self._data().encode("utf-8", "surrogateescape"))
        elif verb == "myevents":
            self._commands.my_events(channel.uuid)
        elif verb == "getvar":
            connection.send(reply(channel.variables[rest.strip()]))
        elif verb == "resume":
            self._resume = True
            connection.send(reply("+OK"))
        elif verb == "divert_events":
            connection.send(reply("+OK events diverted" if rest.strip() == "on" else "+OK events not diverted"))
        elif verb == "sendmsg" and rest.strip() in ("", channel.uuid):
            if channel.cause:
                return
            connection.send(reply("+OK"))
            channel.messages.append(request)
            channel.wake()
        elif not self._full:
            connection.send(UNKNOWN)
        elif verb == "linger":
            seconds = rest.strip()
            self._linger = int(seconds) if seconds.isdigit() else -1
            connection.send(reply(f"+OK will linger {seconds} seconds" if seconds.isdigit() else "+OK will linger"))
        elif verb == "nolinger":
            self._linger = None
            connection.send(reply("+OK will not linger"))
        else:
            self._commands.answer(request)

    def _data(self) -> str:
        """The reply to ``connect``: everything that is known of the leg."""
        channel = self._channel
        profile = "".join(f"Channel-{name}: {encoded}\n" for name, encoded in channel.encoded_profile())
        mode = "async" if self._async else "static"
        control = "full" if self._full else "single-channel"
        return (
            self._exchange.bus.head("CHANNEL_DATA")
            + profile
            + channel.headers()
            + f"Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: {mode}\nControl: {control}\n\n"
        )

    def _hung_up(self) -> None:
        if self._linger is None or self._closed:
            return
        channel = self._channel
        self._connection.send(linger_notice(channel.uuid, channel.name, max(0, self._linger)))
        seconds = self._linger if self._linger >= 0 else 600
        # Who lingers still reads the channel: it is not destroyed before.
        channel.held.append(self._held)
        self._exchange.spawn_later(self._exchange.clock.real(seconds), self._goodbye)

    def _goodbye(self) -> None:
        self._held.release()
        if self._exchange.bus.detach(self._connection):
            self._connection.send(disconnect_notice(self._channel.uuid))
            self._connection.finish()
