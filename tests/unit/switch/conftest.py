"""A scripted other side of the event socket, on a real TCP connection."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.queue import Queue
from gevent.server import StreamServer

PASSWORD = "secret-1"
Handler = Callable[["Peer", str], None]


class Peer:
    """One connection to the scripted switch."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.commands: list[str] = []
        self._file = sock.makefile("rb")

    def write(self, text: str | bytes) -> None:
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def reply(self, text: str = "+OK") -> None:
        self.write(f"Content-Type: command/reply\nReply-Text: {text}\n\n")

    def api(self, text: str) -> None:
        self.write(f"Content-Type: api/response\nContent-Length: {len(text.encode())}\n\n{text}")

    def event(self, text: str) -> None:
        block = text.strip("\n") + "\n\n"
        self.write(f"Content-Length: {len(block.encode())}\nContent-Type: text/event-plain\n\n{block}")

    def read(self) -> str:
        """The next command; empty when the other side has closed."""
        lines = []
        while line := self._file.readline().decode():
            if line == "\n":
                break
            lines.append(line.rstrip("\n"))
        command = "\n".join(lines)
        if command:
            self.commands.append(command)
        return command

    def cut(self) -> None:
        """Break the connection."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        with suppress(RuntimeError):  # somebody still reads; the cut has told them
            self._file.close()
        self.sock.close()


class ScriptedSwitch:
    """Listens as the event socket does; what it answers is up to the test.

    ``answer(peer, command)`` is called for each command after log-in.
    """

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.arrived: Queue[Peer] = Queue()
        self.answer: Handler = lambda peer, command: peer.reply()
        self.greeting = "Content-Type: auth/request\n\n"
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.port = int(self._server.server_port)

    def _serve(self, sock: Any, address: Any) -> None:
        peer = Peer(sock)
        try:
            peer.write(self.greeting)
            command = peer.read()
            if command == f"auth {PASSWORD}":
                peer.reply("+OK accepted")
            else:
                peer.reply("-ERR invalid")
                return
            self.peers.append(peer)
            self.arrived.put(peer)
            while command := peer.read():
                self.answer(peer, command)
        except OSError:
            return
        finally:
            peer.close()

    def hang(self) -> None:
        """Take commands and never answer."""
        self.answer = lambda peer, command: Event().wait(60) and None

    def close(self) -> None:
        for peer in self.peers:
            peer.cut()
        self._server.stop(timeout=0)


@pytest.fixture
def scripted() -> Iterator[ScriptedSwitch]:
    made = ScriptedSwitch()
    yield made
    made.close()
    gevent.sleep(0)
