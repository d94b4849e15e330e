"""An installation on the rehearsal switch, with the product's own processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from dutycenter.bootstrap import open_work
from dutycenter.db.base import Base
from dutycenter.work import Work
from tests.conftest import free_port

PATIENCE = 240  # real seconds for a whole broadcast on a busy machine


class House:
    """One installation in a folder, with its processes.

    Args:
        speed: of its clock.
        more: further settings.
    """

    def __init__(self, folder: Path, speed: float, **more: str) -> None:
        self.folder = folder
        self.ini = folder / "rehearsal.ini"
        told = {
            "rehearsal": "true", "voice": "silent", "switch.port": free_port(), "ivr.port": free_port(),
            "clock.speed": speed, "clock.epoch": datetime.now(UTC).isoformat(), **more,
        }  # fmt: skip
        self.ini.write_text(
            "[app:main]\nuse = egg:dutycenter\n" + "".join(f"{name} = {value}\n" for name, value in told.items()),
            encoding="utf-8",
        )
        self.work: Work = open_work(self.ini, "test")
        Base.metadata.create_all(self.work.registry["dutycenter.engine"])
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, role: str, name: str = "") -> None:
        """Start a process of this role; of a second one a name must be given."""
        with (self.folder / f"{name or role}.log").open("ab") as log:
            self.running[name or role] = subprocess.Popen(
                [sys.executable, "-m", "dutycenter", "-c", str(self.ini), "serve", role],
                cwd=self.folder, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip

    def kill(self, role: str) -> None:
        self.running[role].send_signal(signal.SIGKILL)
        self.running[role].wait()

    def close(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.work.registry["dutycenter.engine"].dispose()

    def journal(self) -> list[dict[str, str]]:
        lines = (self.folder / "var" / "rehearsal.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def until(self, what: Callable[[Work], object]) -> None:
        """Wait until something is so in the store."""
        end = time.monotonic() + PATIENCE
        while not self._is(what):
            assert time.monotonic() < end, self.logs()
            time.sleep(0.1)

    def _is(self, what: Callable[[Work], object]) -> object:
        try:
            return what(self.work)
        except DBAPIError:
            return False  # the store has been killed, and connections to it with it

    def logs(self) -> str:
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-1500:]}" for f in self.folder.glob("*.log"))
