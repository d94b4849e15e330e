"""A real Kannel on free ports of loopback: bearerbox, smsbox, and the network behind its fake SMSC.

The fake SMSC speaks lines: ``sender receiver text|ucs-2|udh words``, percent-encoded on the way out.
``Network`` is the telephones at its other end.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx

from tests.conftest import free_port

PATIENCE = 20.0
CONFIG = """
group = core
admin-port = {admin}
admin-interface = "127.0.0.1"
admin-password = test
smsbox-port = {box}
smsbox-interface = "127.0.0.1"
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = FAKE
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
sendsms-interface = "127.0.0.1"
mo-recode = true
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
post-url = "{reply_url}?from=%p&id=%I&coding=%c&charset=%C"
"""


class Network:
    """The telephones behind the fake SMSC."""

    def __init__(self, port: int) -> None:
        self.sock = _until(lambda: socket.create_connection(("127.0.0.1", port)), "the fake SMSC does not listen")
        self.sock.settimeout(PATIENCE)
        self.lines = self.sock.makefile("rb")

    def receive(self) -> tuple[str, str, bytes]:
        """The next message: to whom, in which form, its octets without headers."""
        _sender, receiver, form, *rest = self.lines.readline().decode().split()
        return receiver, form, unquote_to_bytes(rest[-1].replace("+", " "))

    def write(self, number: str, words: str, to: str = "07318888") -> None:
        """Somebody sends a text; the fake SMSC takes UTF-8."""
        self.sock.sendall(f"{number} {to} text {words}\n".encode())

    def close(self) -> None:
        """Hang up."""
        self.lines.close()
        self.sock.close()


class KannelBox:
    """The running gateway.

    Attributes:
        url: of ``sendsms``.
        network: the telephones.
    """

    def __init__(self, url: str, network: Network) -> None:
        self.url = url
        self.network = network


@contextmanager
def kannel(folder: Path, *, user: str, password: str, reply_url: str) -> Iterator[KannelBox]:
    """Kannel with one fake SMSC, until the block ends."""
    if shutil.which("bearerbox", path="/usr/sbin:/usr/bin") is None:
        raise AssertionError("Kannel is not installed: apt-get install kannel")
    ports = {name: free_port() for name in ("admin", "box", "smsc", "send")}
    config = folder / "kannel.conf"
    config.write_text(CONFIG.format(user=user, password=password, reply_url=reply_url, **ports), encoding="utf-8")
    started: list[subprocess.Popen[bytes]] = []

    def start(program: str, listens: int) -> None:
        log = (folder / f"{program}.log").open("wb")
        with log:
            process = subprocess.Popen([f"/usr/sbin/{program}", config], stdout=log, stderr=log, cwd=folder)
        started.append(process)
        _until(lambda: socket.create_connection(("127.0.0.1", listens)).close() or True, f"{program} does not listen")

    network = None
    try:
        start("bearerbox", ports["box"])
        network = Network(ports["smsc"])
        start("smsbox", ports["send"])
        _until(
            lambda: (
                "smsbox" in httpx.get(f"http://127.0.0.1:{ports['admin']}/status.txt", trust_env=False).text or None
            ),
            "smsbox has not joined",
        )
        yield KannelBox(f"http://127.0.0.1:{ports['send']}/cgi-bin/sendsms", network)
    finally:
        if network is not None:
            network.close()
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(attempt: object, complaint: str) -> object:
    """What ``attempt`` gives once it gives anything."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            found = attempt()
            if found:
                return found
        except (OSError, httpx.HTTPError):
            pass
        assert time.monotonic() < ends, complaint
        time.sleep(0.05)
