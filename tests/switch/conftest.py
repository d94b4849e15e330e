"""A real FreeSWITCH with the configuration of ``deploy/freeswitch``, on ports of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest

from dutycenter.bootstrap import settings_from
from dutycenter.interfaces import SwitchError
from dutycenter.settings import Settings
from dutycenter.switch.freeswitch import FreeSwitch
from tests.conftest import free_port

from .phones import Answers, Refuses, RingsOut, Telephone

PREPARE = Path(__file__).parents[2] / "deploy" / "freeswitch" / "prepare"
PATIENCE = 16  # seconds that the hotline's queue waits: longer than until a caller is told their place
OVERFLOW = 3  # seconds in which only the desks on duty ring
HOTLINE = "07318888"
MANNERS = {
    "13800000000": Answers(),
    "13800000001": Answers(keys=[(1.0, "1")]),
    "13800000002": Refuses(486),
    "13800000003": Refuses(404),
    "13800000004": Refuses(480),
    "13800000005": Refuses(503),
    "13800000006": RingsOut(),
    "13800000007": Answers(stay=0.05),
    "13800000008": Answers(stay=1.5),
}


def binary() -> str | None:
    """The switch's program, if this machine has one."""
    return os.environ.get("FREESWITCH") or shutil.which("freeswitch")


def claim_sound_ports() -> tuple[int, socket.socket]:
    """The first of a thousand ports for sound that no other switch of these tests uses, and the claim on them."""
    for first in range(21000, 32000, 1000):  # below what the system gives out by itself
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
        else:
            return first, claim
    raise OSError("every port for sound is taken")


class Switch:
    """FreeSWITCH as a process that can be started, stopped and killed.

    Args:
        folder: for all its files.
        machine: more settings of ``switch.ini``, or others than a test's usual ones.
    """

    def __init__(self, folder: Path, **machine: object) -> None:
        self.folder = folder
        self.trunk_port, self.desks_port = free_port(), free_port()
        self.network_port, self.away_port = free_port(), free_port()
        sound, self._claim = claim_sound_ports()
        self.ini = folder / "dutycenter.ini"
        self.ini.write_text(
            "[app:main]\nuse = egg:dutycenter\n"
            f"switch.port = {free_port()}\nivr.port = {free_port()}\nhotline.patience = {PATIENCE}\n"
            f"hotline.overflow = {OVERFLOW}\n"
            f"hotline.number = {HOTLINE}\nvoice = espeak\nlanguages = zh_CN\n"
        )
        told = {
            "listen_address": "127.0.0.1", "trunk_port": self.trunk_port, "desks_port": self.desks_port,
            "rtp_first_port": sound + 2, "rtp_last_port": sound + 998, "loglevel": "debug", "gateway_ping": 5, **machine,
        }  # fmt: skip
        described = folder / "switch.ini"
        described.write_text(
            "[switch]\n" + "".join(f"{name} = {value}\n" for name, value in told.items()) + "[desks]\n1001 =\n1002 =\n"
            f"[gateway pstn]\nproxy = 127.0.0.1:{self.network_port}\nprefixes = 138\n"
            f"[gateway away]\nproxy = 127.0.0.1:{self.away_port}\n"
        )
        self.configuration = folder / "configuration"
        subprocess.run(
            [sys.executable, "-W", "ignore", PREPARE, "-c", self.ini, "-s", described, self.configuration],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.settings: Settings = settings_from(self.ini)
        self.commands = FreeSwitch(
            self.settings.switch_host, self.settings.switch_port, self.settings.switch_password_file, keep=False
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes commands."""
        folders = []
        for name in ("log", "db", "run"):
            (self.folder / name).mkdir(exist_ok=True)
            folders += [f"-{name}", str(self.folder / name)]
        program = binary()
        assert program is not None
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                [program, "-conf", self.configuration, *folders, "-nonat", "-nf", "-nc", "-c"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        assert until(self.up, 30), f"FreeSWITCH does not come up; see {self.folder}/console.log"
        # Agents, gateways and profiles come a moment after the event socket.
        assert until(lambda: self.commands.gateway("pstn").up and self._agents(), 15)

    def up(self) -> bool:
        try:
            return self.commands.status().uptime >= 0
        except SwitchError:
            return False

    def _agents(self) -> bool:
        try:
            self.commands.agent_status("1001", "Available")
            self.commands.agent_status("1002", "Logged Out")
        except SwitchError:
            return False
        return True

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._claim.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def desk_password(self, desk: str) -> str:
        text = (self.configuration / "generated" / "desks" / f"{desk}.xml").read_text()
        found = re.search(r'name="password" value="([^"]+)"', text)
        assert found is not None
        return found[1]

    def recording(self, channel_uuid: str, suffix: str = ".wav") -> Path:
        return self.settings.recordings_dir / f"{channel_uuid}{suffix}"

    def plays(self, file: Path) -> bool:
        """Is it reading this file now?"""
        assert self._process is not None
        for opened in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                if opened.readlink() == file:
                    return True
        return False

    def empty(self) -> None:
        """Take down what a test left."""
        for channel in self.commands.channels():
            self.commands.drop(channel.channel_uuid)
        assert until(lambda: not self.commands.channels(), 10)


def until(what: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether something comes true in time; everything else goes on meanwhile."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        gevent.sleep(0.05)
    return True


@pytest.fixture(scope="session")
def freeswitch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """The running switch."""
    if binary() is None:
        pytest.skip("There is no FreeSWITCH here: put `freeswitch` in PATH, or its path in $FREESWITCH.")
    made = Switch(tmp_path_factory.mktemp("freeswitch"))
    network = Telephone(MANNERS, port=made.network_port)  # gateways are asked whether they are there
    made.start()
    network.close()
    yield made
    made.stop()


@pytest.fixture
def switch(freeswitch: Switch) -> Iterator[Switch]:
    """The running switch, without calls; started again if the test before has killed it."""
    if not freeswitch.up():
        freeswitch.start()
    yield freeswitch
    if freeswitch.up():
        freeswitch.empty()


@pytest.fixture
def network(switch: Switch) -> Iterator[Telephone]:
    """The telephone network behind the gateway ``pstn``; also who calls from it."""
    phones = Telephone(dict(MANNERS), port=switch.network_port)
    assert until(lambda: switch.commands.gateway("pstn").up, 15), "the gateway does not come up"
    yield phones
    phones.close()
