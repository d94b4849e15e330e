"""What it costs that many watch: ``python -m tests.bench.watchers [--watchers 500] [--people 300]``.

Two broadcasts of one town, alike but for the people they call at the same pace: the first with nobody at a
screen, the second with so many boards open, each with both of its connections (the board's and
``/live``). Printed are the processor seconds of each role meanwhile, and what the watchers received.
Everything is on loopback and ends by itself.
"""

from __future__ import annotations

import argparse
import os
import selectors
import socket
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from broadcast.models import Broadcast
from broadcast.services import Broadcasts
from dutycenter.accounts.models import Account
from dutycenter.accounts.sessions import COOKIE, Sessions
from dutycenter.cli.rehearse.town import Town
from dutycenter.cli.run import web_address
from dutycenter.directory.models import Person
from dutycenter.interfaces import IClock, Wish
from dutycenter.vocabulary import Role
from dutycenter.work import Work

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds() -> Counter[str]:
    """Processor seconds of this process's descendants so far, by role."""
    parents, names, used = {}, {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid], used[pid] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
        names[pid] = command[command.index("serve") + 1] if "serve" in command else "web"
    seconds: Counter[str] = Counter()
    for pid, spent in used.items():
        above = parents[pid]
        while above not in (0, os.getpid()):
            above = parents.get(above, 0)
        if above == os.getpid():
            seconds[names[pid]] += spent
    return seconds


class Watchers:
    """Browsers that only listen."""

    def __init__(self, url: str, cookie: str, paths: list[str]) -> None:
        host, _colon, port = urlsplit(url).netloc.partition(":")
        self.selector = selectors.DefaultSelector()
        self.octets = 0
        self.answered = self.news = self.closed = 0
        self._stop = threading.Event()
        for path in paths:
            sock = socket.create_connection((host, int(port)), timeout=30)
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {COOKIE}={cookie}\r\n\r\n".encode())
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ, {"begun": False})
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        while not self._stop.is_set():
            for key, _events in self.selector.select(0.5):
                octets = key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
                self.octets += len(octets)
                self.news += octets.count(b"event: board")
                if not key.data["begun"]:
                    key.data["begun"] = True
                    self.answered += octets.startswith(b"HTTP/1.1 200")
                if not octets:
                    self.closed += 1
                    self.selector.unregister(key.fileobj)

    def leave(self) -> None:
        """Close all connections."""
        self._stop.set()
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]


def launch(work: Work) -> int:
    """A broadcast to everybody."""
    with work.write() as request:
        people = list(request.db.scalars(select(Person.id)))
        broadcasts = request.find_service(Broadcasts)
        made: int = broadcasts.draft(Wish("Bench", "请立即到岗到位。", people, channels=30, rounds=2, pause=20))
        broadcasts.launch(made)
    return made


def until_over(work: Work, broadcast_id: int, limit: float) -> float:
    """Real seconds until the broadcast has ended, or the limit."""
    began = time.monotonic()
    while time.monotonic() - began < limit:
        with work.read() as request:
            if request.db.get(Broadcast, broadcast_id).finished_at is not None:
                break
        time.sleep(0.5)
    return time.monotonic() - began


def session_of(work: Work) -> str:
    """A log-in of the wall display."""
    with work.write() as request:
        account = request.db.scalars(select(Account).where(Account.role == Role.DISPLAY)).one()
        account.must_change = False
        return Sessions(request.db, work.settings, request.find_service(IClock).now()).open(account, "bench")


def measure(town: Town, work: Work, watchers: int, limit: float) -> dict[str, Any]:
    """One broadcast, watched by so many."""
    host, port = web_address(town.ini)
    made = launch(work)
    crowd = None
    if watchers:
        paths = [f"/broadcasts/{made}/stream", "/live"] * watchers
        crowd = Watchers(f"http://{host}:{port}", session_of(work), paths)
    before = processor_seconds()
    seconds = until_over(work, made, limit)
    spent = processor_seconds() - before
    found: dict[str, Any] = {"seconds": round(seconds, 1)} | {f"cpu_{k}": round(v, 2) for k, v in sorted(spent.items())}
    if crowd is not None:
        crowd.leave()
        found |= {"connections": 2 * watchers, "answered": crowd.answered, "closed": crowd.closed}
        found |= {"board_news": crowd.news, "megabytes": round(crowd.octets / 1e6, 1)}
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--limit", type=float, default=60.0, help="real seconds for each broadcast at most")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watchers-") as folder:
        town = Town.found(Path(folder), people=given.people, speed=4, seed=1)
        with town.inhabited(without=()) as work:
            for watchers in (0, given.watchers):
                print(f"{watchers} watchers:", measure(town, work, watchers, given.limit), flush=True)
            work.registry["dutycenter.engine"].dispose()


if __name__ == "__main__":
    main()
