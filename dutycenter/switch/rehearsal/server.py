"""The inbound event socket: a password, then commands and events."""

from __future__ import annotations

import hmac
import logging

from gevent import socket
from gevent.server import StreamServer

from dutycenter.switch.rehearsal.commands import Commands
from dutycenter.switch.rehearsal.connection import Connection
from dutycenter.switch.rehearsal.exchange import Exchange
from dutycenter.switch.rehearsal.wire import AUTH_REQUEST, BadFrame, Requests, reply, rude_rejection

log = logging.getLogger(__name__)

GOODBYE_SECONDS = 5.0  # real ones


class EventSocket:
    """Listens where the product looks for its switch.

    Args:
        exchange: the switch.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        town = exchange.town
        self._server = StreamServer((town.host, town.port), self._serve)
        self._connections: set[Connection] = set()

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._server.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def stop(self) -> None:
        """Close everything."""
        self._server.stop(timeout=1)
        for connection in list(self._connections):
            connection.abort()

    def _serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock)
        self._connections.add(connection)
        try:
            self._converse(connection)
        except (BadFrame, ValueError) as error:
            log.warning("A connection from %s is closed, it sent what is no command: %s", address[0], error)
        finally:
            self._connections.discard(connection)
            self._exchange.bus.detach(connection)
            connection.finish()
            connection.join(GOODBYE_SECONDS)  # the server closes the socket when this returns

    def _converse(self, connection: Connection) -> None:
        requests = Requests(connection.sock)
        connection.send(AUTH_REQUEST)
        if not self._authenticated(requests, connection):
            return
        self._exchange.bus.attach(connection)
        commands = Commands(self._exchange, self._exchange.api, connection)
        while (request := requests.read()) is not None:
            if request.command.startswith(("exit", "...")):
                connection.send(reply("+OK bye"))
                connection.send(rude_rejection())
                return
            commands.answer(request)

    def _authenticated(self, requests: Requests, connection: Connection) -> bool:
        while (request := requests.read()) is not None:
            verb, _, password = request.command.partition(" ")
            if verb != "auth":
                connection.send(reply("-ERR command not found"))
                continue
            if hmac.compare_digest(password.encode(), self._exchange.town.password.encode()):
                connection.send(reply("+OK accepted"))
                return True
            connection.send(reply("-ERR invalid"))
            connection.send(rude_rejection())
            return False
        return False
