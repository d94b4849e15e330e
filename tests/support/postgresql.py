"""A PostgreSQL server of one's own, which can be killed as a power cut would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PG_BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class PostgreSql:
    """Made when this is; ``close`` takes everything away.

    Args:
        port: that it listens on, on loopback.
        durable: a commit is on the disk when it returns, as in an installation.
    """

    def __init__(self, port: int, *, durable: bool = False) -> None:
        # Not below pytest's own folder: every other session that starts locks the postgres account out of that.
        self._home = Path(tempfile.mkdtemp(prefix="dutycenter-postgresql-"))
        self._data = self._home / "data"
        # The server refuses to run as root: give it to the account that Debian's package made.
        self._as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as_owner:
            shutil.chown(self._home, "postgres")
        self._options = (
            f"-c listen_addresses=127.0.0.1 -p {port} -c fsync={'on' if durable else 'off'} "
            "-c unix_socket_directories= -c max_connections=200"
        )
        self.url = f"postgresql://tester@127.0.0.1:{port}/postgres"
        self._run("initdb", "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._run("pg_ctl", "-w", "-o", self._options, "-l", str(self._home / "log"), "start")

    def kill(self) -> None:
        """Kill the postmaster; its children end by themselves, for nobody leads them."""
        leader = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        os.kill(leader, signal.SIGKILL)
        while any(Path(f"/proc/{child}").exists() for child in children):
            time.sleep(0.05)  # it does not start while one of them holds the memory

    def close(self) -> None:
        """Stop it and remove its files."""
        self._run("pg_ctl", "-m", "immediate", "stop", check=False)
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        subprocess.run(
            [*self._as_owner, PG_BIN[0] / program, "-D", self._data, *arguments],
            check=check, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
