"""One event socket connection: greenswitch, fenced.

Of greenswitch stay the connection, its log-in and its order of replies. Changed
is what would lose calls: every command has a time limit, a dying connection
fails the commands that wait, frames are read by ``frames`` (which cannot be
made to see forged headers), nothing queues without bound.

Limits here are real seconds: they are the machine's, not the duty room's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.lock import RLock
from greenswitch.esl import ESLProtocol, InboundESL, NotConnectedError, OutboundSession

from dutycenter.interfaces import SwitchAway, SwitchError
from dutycenter.switch import commands
from dutycenter.switch.frames import Frame, FrameError, FrameReader
from dutycenter.switch.replies import refused

log = logging.getLogger(__name__)

LIMIT = 5.0  # real seconds for a command
CONNECT_LIMIT = 5.0  # real seconds for connecting and logging in
MOST_WAITING = 2000  # commands
_CHUNK = 65536


@dataclass(frozen=True)
class Reply:
    """What the switch said to a command: ``data`` is the text, of an api reply its body."""

    headers: Mapping[str, str]
    data: str


class _Told:
    """Stands where an ``AsyncResult`` would, for a command whose sender does not wait."""

    def __init__(self, told: Callable[[SwitchError | None], None]) -> None:
        self._told = told
        self.ready = False

    def set(self, reply: Reply) -> None:
        self.ready = True
        text = reply.data.strip()
        self._told(SwitchError(text) if refused(text) else None)

    def set_exception(self, error: SwitchError) -> None:
        self.ready = True
        self._told(error)


class Fence(ESLProtocol):
    """What both kinds of connection have in common; a mixin before a greenswitch class."""

    def _build_fence(self, on_event: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._frames = FrameReader()
        self._on_event = on_event
        self._on_end = on_end
        self._sending = RLock()
        self.ended_because = ""

    # greenswitch's hooks, replaced

    def start_event_handlers(self) -> None:
        self._receive_events_greenlet = gevent.spawn(self.receive_events)

    def receive_events(self) -> None:
        why = "the switch closed the connection"
        try:
            while data := self.sock.recv(_CHUNK):
                for frame in self._frames.feed(data):
                    self._take(frame)
                gevent.sleep(0)  # a busy switch must not starve the others of this process
        except (OSError, FrameError) as error:
            why = f"the connection to the switch broke: {error}"
        finally:
            self.end(why)

    def send(self, data: str, limit: float = LIMIT) -> Reply:
        """Send a command and wait for its reply.

        Raises:
            SwitchAway: not connected, or no reply within ``limit``; the
                connection is then closed, since later replies could not be told apart.
        """
        if not self.connected:
            raise SwitchAway(self.ended_because or "not connected to the switch")
        if len(self._commands_sent) >= MOST_WAITING:
            raise SwitchAway(f"{MOST_WAITING} commands wait for the switch already")
        waiting: AsyncResult[Reply] = AsyncResult()
        name = " ".join(data.split(None, 2)[:2]) if data.startswith(("api", "bgapi")) else data.split(None, 1)[0]
        try:
            with gevent.Timeout(limit, SwitchAway(f"no reply to {name} within {limit:g} s")):
                with self._sending:
                    self._commands_sent.append(waiting)
                    self.sock.sendall(data.encode() + b"\n\n")
                reply: Reply = waiting.get()
                return reply
        except SwitchAway as away:
            self.end(str(away))
            raise
        except OSError as error:
            self.end(f"the connection to the switch broke: {error}")
            raise SwitchAway(self.ended_because) from None

    def tell_all(
        self, commands: Sequence[tuple[str, Callable[[SwitchError | None], None]]], limit: float = LIMIT
    ) -> None:
        """Send commands and wait for no reply: each comes later, to the function beside its command.

        All go out at once, so what is known when this is called holds for each of them. The functions get what
        ``ask`` would have raised, or None; they are called once each and must not wait.
        """
        if not self.connected:
            for _, told in commands:
                told(SwitchAway(self.ended_because or "not connected to the switch"))
            return
        waiting = [_Told(told) for _, told in commands]
        try:
            late = SwitchAway(f"{len(commands)} commands not taken within {limit:g} s")
            with gevent.Timeout(limit, late), self._sending:
                self._commands_sent.extend(waiting)
                self.sock.sendall(b"".join(command.encode() + b"\n\n" for command, _ in commands))
        except SwitchAway as away:
            self.end(str(away))
        except OSError as error:
            self.end(f"the connection to the switch broke: {error}")
        gevent.spawn_later(limit, self._expect, waiting, limit)

    def _expect(self, waiting: Sequence[_Told], limit: float) -> None:
        if not all(one.ready for one in waiting):
            self.end(f"no replies to {len(waiting)} commands within {limit:g} s")
        for one in waiting:
            if not one.ready:  # it was sent while the connection was being closed
                one.set_exception(SwitchAway(self.ended_because))

    def rest(self, limit: float = LIMIT) -> None:
        """Wait until nothing that was told waits for its reply."""
        with gevent.Timeout(limit, False):
            while self._commands_sent and self.connected:
                gevent.sleep(0.005)

    def ask(self, data: str, limit: float = LIMIT) -> str:
        """Send a command; the reply's text.

        Raises:
            SwitchError: the switch refuses, in its own words.
            SwitchAway: as ``send``.
        """
        text = self.send(data, limit).data.strip()
        if refused(text):
            raise SwitchError(text)
        return text

    def stop(self) -> None:
        self.end("closed")

    def end(self, why: str) -> None:
        """Close the connection and fail what waits. Idempotent."""
        if self.ended_because:
            return
        self.ended_because = why
        self.connected = False
        self._run = False
        while self._commands_sent:
            self._commands_sent.pop().set_exception(SwitchAway(why))
        self._auth_request_event.set()
        for closing in (self.sock, getattr(self, "sock_file", None)):
            if closing is not None:
                closing.close()
        reader = self._receive_events_greenlet
        if reader is not None and reader is not gevent.getcurrent():
            reader.kill(block=False)  # it may wait where no closed socket wakes it
        self._on_end()

    # what came

    def _take(self, frame: Frame) -> None:
        kind = frame.kind
        if kind == "text/event-plain":
            self._on_event(frame.body)
        elif kind in ("command/reply", "api/response"):
            self._reply(frame, frame.text if kind == "api/response" else frame.header("Reply-Text"))
        elif kind == "auth/request":
            self._auth_request_event.set()
        elif kind == "text/rude-rejection":
            self.end("the switch does not admit this address: see its event socket ACL")
        elif kind == "text/disconnect-notice" and frame.header("Content-Disposition") != "linger":
            self.end("the switch ended the connection")

    def _reply(self, frame: Frame, text: str) -> None:
        if not self._commands_sent:
            log.warning("The switch replied to nothing that was asked: %.80s", text)
            return
        waiting: AsyncResult[Reply] | _Told = self._commands_sent.pop(0)
        waiting.set(Reply(frame.headers, text))


class InboundLink(Fence, InboundESL):
    """A connection that we make to the switch.

    Args:
        host: of the event socket.
        port: of the event socket.
        password: of the event socket.
        on_event: is given each event's block, in order; nothing more is read until it returns.
        on_end: is called once when the connection is closed.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        on_event: Callable[[bytes], None] = lambda block: None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._build_fence(on_event, on_end)
        super().__init__(host, port, password, timeout=CONNECT_LIMIT)
        self.sock: Any = None

    def connect(self, limit: float = CONNECT_LIMIT) -> None:
        """Connect and log in.

        Raises:
            SwitchAway: nobody listens, or no answer in time.
            SwitchError: the password is not accepted.
        """
        where = f"{self.host}:{self.port}"
        try:
            with gevent.Timeout(limit, SwitchAway(f"the switch at {where} does not answer")):
                super().connect()
        except (OSError, NotConnectedError) as error:
            self.end(f"the switch at {where} cannot be reached: {error}")
            raise SwitchAway(self.ended_because) from None
        except BaseException as error:
            self.end(str(error) or type(error).__name__)
            raise

    def authenticate(self) -> None:
        if self.ask(commands.auth(self.password)) != "+OK accepted":
            raise SwitchError("the switch does not accept the event socket password")


class OutboundLink(Fence, OutboundSession):
    """A connection that the switch made to us, for one leg.

    Args:
        address: of the switch.
        sock: the accepted connection.
        on_event: is given each event's block; must not wait.
        on_end: is called once when the connection is closed.
    """

    def __init__(self, address: Any, sock: Any, on_event: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._build_fence(on_event, on_end)
        super().__init__(address, sock)
