"""A rehearsal switch for tests: real sockets on a free port, a town of a test's own making.

    from tests.rehearsal_fixtures import rehearsal_town, rehearse_in

``rehearse_in`` starts one on ``Settings``; the product's own code finds it there.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from dutycenter.clock import FastClock
from dutycenter.settings import Settings
from dutycenter.switch.freeswitch import ensure_password, read_password
from dutycenter.switch.rehearsal import People, RehearsalSwitch, Town


def rehearsal_town(folder: Path, **wishes: Any) -> Town:
    """A town below a folder: nobody speaks with espeak, the port is a free one, unless wished otherwise."""
    usual = Town(recordings=folder / "recordings", var=folder, password="secret", port=0, synthesize=False)
    return replace(usual, **wishes)


@contextmanager
def rehearse_in(
    settings: Settings, speed: float = 30.0, people: dict[str, str] | None = None, **wishes: Any
) -> Iterator[tuple[RehearsalSwitch, Settings]]:
    """A running switch, and the settings with its port and clock in them.

    Args:
        settings: folders, hotline, ivr's address.
        speed: product seconds in a real one.
        people: characters by number.
        wishes: anything else of ``Town``.
    """
    epoch = datetime.now(UTC)
    ensure_password(settings.switch_password_file)
    town = rehearsal_town(
        settings.var,
        recordings=settings.recordings_dir,
        password=read_password(settings.switch_password_file),
        ivr=f"{settings.ivr_host}:{settings.ivr_port}",
        hotline=settings.hotline_number,
        queue=settings.hotline_queue,
        patience=settings.hotline_patience,
        domain=settings.switch_domain,
        people=People(settings.rehearsal_seed, assigned=dict(people or {})),
        **wishes,
    )
    with RehearsalSwitch(town, FastClock(speed, epoch)) as switch:
        yield switch, replace(settings, switch_port=switch.port, clock_speed=speed, clock_epoch=epoch)


class RawSocket:
    """A plain client of the event socket, for tests of the switch's own words.

    Args:
        sock: connected.
    """

    opened: ClassVar[list[RawSocket]] = []

    def __init__(self, sock: socket.socket) -> None:
        RawSocket.opened.append(self)
        sock.settimeout(15)
        self.sock = sock
        self._file = sock.makefile("rb")

    @classmethod
    def inbound(cls, port: int, password: str = "secret") -> RawSocket:
        """Connected and logged in."""
        client = cls(socket.create_connection(("127.0.0.1", port)))
        assert client.frame()[0]["Content-Type"] == "auth/request"
        assert client.ask(f"auth {password}")[0]["Reply-Text"] == "+OK accepted"
        return client

    def send(self, command: str) -> None:
        """Send a command."""
        self.sock.sendall(command.encode() + b"\n\n")

    def ask(self, command: str) -> tuple[dict[str, str], bytes]:
        """Send a command and read one frame."""
        self.send(command)
        return self.frame()

    def api(self, command: str) -> str:
        """The text of an api reply."""
        headers, body = self.ask(f"api {command}")
        assert headers["Content-Type"] == "api/response"
        return body.decode()

    def frame(self) -> tuple[dict[str, str], bytes]:
        """The next frame: headers as they are, body.

        Raises:
            EOFError: the other side has closed.
        """
        headers: dict[str, str] = {}
        while line := self._file.readline().decode():
            if line == "\n":
                if headers:
                    break
                continue
            name, _, value = line.rstrip("\n").partition(": ")
            headers[name] = value
        else:
            raise EOFError
        return headers, self._file.read(int(headers.get("Content-Length", 0)))

    def raw_frame(self) -> bytes:
        """The next block of header lines, undecoded: a reply to ``connect`` is an event without a frame."""
        lines = []
        while (line := self._file.readline()) not in (b"\n", b""):
            lines.append(line)
        return b"".join(lines)

    @classmethod
    def close_all(cls) -> None:
        """Close whatever a test has opened."""
        while cls.opened:
            cls.opened.pop().close()

    def close(self) -> None:
        """Close."""
        self._file.close()
        self.sock.close()
