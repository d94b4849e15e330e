"""How many calls a second the dialer makes, beside a bare loop of ``bgapi originate`` on the same switch.

    python -m tests.bench.dialer_rate [--calls 3000] [--store postgresql|sqlite] [--rounds 3]
        [--stay 1000] [--ivr]

A FreeSWITCH of its own, SIPp as the called network (``callees.xml``), and the
dialer as the process that an installation runs, every attempt and every event
committed. Bare loop and dialer call the same numbers by turns; the switch's own
count of sessions is the judge. What one call costs the dialer is the processor
time of its process over the run. Who answers meets somebody who only listens
(``listeners.py``) and hangs up after so many milliseconds, in both turns; with
``--ivr`` the ivr of an installation is there, and the dialer's calls hear the
message. Every answered leg is recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from greenswitch import InboundESL
from sqlalchemy import func, select

from broadcast.models import Attempt, Broadcast
from broadcast.services import Broadcasts
from dutycenter.bootstrap import open_work
from dutycenter.db.base import Base
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import Wish
from dutycenter.ledger.models import LedgerEntry
from dutycenter.switch.freeswitch import read_password
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import NumberKind
from dutycenter.work import Work
from tests.conftest import private_postgresql
from tests.switch.conftest import Switch, until

RING, STAY = 300, 1000  # milliseconds
SESSIONS = re.compile(r"^(\d+) session\(s\) since startup", re.MULTILINE)
UP = re.compile(r"^(\d+) session\(s\) - peak", re.MULTILINE)
SHARERS = ("freeswitch", "sipp", "postgres")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figures:
    """One run."""

    rate: float  # calls a second, from the first to the last
    cpu: float  # milliseconds of the caller's processor time for a call
    others: dict[str, float]  # the same of the switch, the callees and the store
    resident: int  # kilobytes at the end

    def __str__(self) -> str:
        others = "  ".join(f"{name} {spent:.2f}" for name, spent in self.others.items())
        return f"{self.rate:6.1f} calls/s   ms a call: own {self.cpu:.2f}  {others}   {self.resident} kB"


class Scene:
    """The switch, its callees and the ways to call them.

    Args:
        stay: milliseconds after which whoever answered hangs up.
        echo: callees send back what they hear, so that a leg has sound both ways.
    """

    def __init__(self, folder: Path, store: str, stay: int = STAY, *, echo: bool = False) -> None:
        self.folder, self.stay = folder, stay
        self.log = folder / "invites.log"  # SIPp's: when each call came
        self.media = ["-rtp_echo"] if echo else []
        self.switch = Switch(
            folder, loglevel="err", gateway_ping=3600, sessions_per_second=2000, max_sessions=6000,
            rtp_first_port=20000, rtp_last_port=44000,
        )  # fmt: skip
        with self.switch.ini.open("a") as ini:
            ini.write(f"sqlalchemy.url = {store}\n")
        self.settings = self.switch.settings
        self.work: Work = open_work(self.switch.ini, "bench")
        Base.metadata.create_all(self.work.registry["dutycenter.engine"])
        self.callees: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        scenario = self.folder / "callees.xml"
        text = Path(__file__).with_name("callees.xml").read_text()
        scenario.write_text(text.replace("[ring]", str(RING)).replace("[stay]", str(self.stay)))
        self.callees = subprocess.Popen(
            ["sipp", "-sf", scenario, "-i", "127.0.0.1", "-p", str(self.switch.network_port),
             "-mp", "50000", "-nostdin", "-aa", "-trace_logs", "-log_file", self.log, *self.media],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.switch.start()

    def stop(self) -> None:
        if self.callees is not None:
            self.callees.kill()
            self.callees.wait()
        self.switch.stop()
        self.work.registry["dutycenter.engine"].dispose()

    @contextmanager
    def at_work(self, *, ivr: bool) -> Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
        """Who takes answered legs, the ivr or somebody who only listens, and the dialer, both ready."""
        serve = [str(Path(sys.executable).with_name("dutycenter")), "-c", str(self.switch.ini), "serve"]
        listen = [sys.executable, "-m", "tests.bench.listeners", self.settings.ivr_host, str(self.settings.ivr_port)]
        with (
            running([*serve, "ivr"] if ivr else listen, self.folder / "taker.log") as taker,
            running([*serve, "dialer"], self.folder / "dialer.log") as dialer,
        ):
            assert until(lambda: "Waiting for legs" in (self.folder / "taker.log").read_text(), 240)
            assert until(lambda: "Connected" in (self.folder / "dialer.log").read_text(), 240)
            yield taker, dialer

    def logs(self) -> str:
        """The last that those at work wrote."""
        return "\n".join((self.folder / f"{who}.log").read_text()[-3000:] for who in ("taker", "dialer"))

    # --- the switch's own count --------------------------------------------------------

    def connection(self) -> InboundESL:
        link = InboundESL(self.settings.switch_host, self.settings.switch_port, self._password())
        link.connect()
        return link

    def watch(self, link: InboundESL, before: int, calls: int) -> float:
        """Wait until so many sessions more have begun; calls a second from the first to the last."""
        first = seen = before
        began = ended = time.monotonic()
        while seen < before + calls:
            now, count = time.monotonic(), self.sessions(link)
            if count > seen:
                if seen == before:
                    began, first = now, count
                seen, ended = count, now
            assert now - ended < 60, f"only {seen - before} of {calls} calls begin"
            time.sleep(0.02)
        return (seen - first) / (ended - began)

    def sessions(self, link: InboundESL, which: re.Pattern[str] = SESSIONS) -> int:
        """How many sessions have begun since the switch did, or are ``UP``."""
        found = which.search(link.send("api status").data)
        assert found is not None
        return int(found[1])

    def _password(self) -> str:
        return read_password(self.settings.switch_password_file)

    # --- who calls -----------------------------------------------------------------------

    def bare(self, numbers: list[str]) -> Figures:
        """``bgapi originate`` one after another, nothing written, nothing followed."""
        file = self.folder / "numbers"
        file.write_text("\n".join(numbers))
        link = self.connection()
        command = [sys.executable, "-m", "tests.bench.bare_loop", self.settings.switch_host,
                   str(self.settings.switch_port), self._password(), str(file)]  # fmt: skip
        before, meter = self.sessions(link), Meter(len(numbers))
        with running(command, self.folder / "bare.log") as process:
            rate = self.watch(link, before, len(numbers))
            figures = Figures(rate, used(process.pid)[0] / len(numbers) * 1000, meter.read(), used(process.pid)[1])
        self.rest(link)
        return figures

    def ours(self, dialer: subprocess.Popen[bytes], numbers: list[str], store: Work) -> Figures:
        """A broadcast to these numbers, one call each."""
        link = self.connection()
        begun = self.sessions(link)
        with store.write() as request:
            request.db.add_all(
                Person(name=f"人{at}", department_id=1, numbers=[PhoneNumber(number=n, kind=NumberKind.MOBILE)])
                for at, n in enumerate(numbers)
            )
            request.db.flush()
            people = list(request.db.scalars(select(Person.id).order_by(Person.id.desc()).limit(len(numbers))))
            service = request.find_service(Broadcasts)
            made = service.draft(Wish("测速", "请立即到岗", people, channels=500, rounds=1, pause=5, ring_timeout=30))
            service.launch(made)
        before, meter = used(dialer.pid)[0], Meter(len(numbers))
        rate = self.watch(link, begun, len(numbers))
        while not self.finished(made):
            time.sleep(0.2)
        spent, resident = used(dialer.pid)
        print(f"    {self.ends()}\n    from the switch's word to the row: {self.lag(made)}")
        self.rest(link)
        return Figures(rate, (spent - before) / len(numbers) * 1000, meter.read(), resident)

    def ends(self) -> str:
        """How the attempts ended, of all runs."""
        with self.work.read() as request:
            found = request.db.execute(
                select(Attempt.disposition, Attempt.hangup_cause, func.count()).group_by(
                    Attempt.disposition, Attempt.hangup_cause
                )
            )
            return ", ".join(f"{what or 'open'} ({cause}) {count}" for what, cause, count in found)

    def lag(self, broadcast_id: int) -> str:
        """The middle and the slow end of ``lags``."""
        at = quantiles(self.lags(broadcast_id), n=100)
        return f"median {at[49]:.0f} ms, 99 % {at[98]:.0f} ms"

    def lags(self, broadcast_id: int) -> list[float]:
        """Milliseconds between the end of each call that nobody answered, as the switch says it, and its entry."""
        with self.work.read() as request:
            db = request.db
            ended = {
                attempt.id: attempt.ended_at
                for attempt in db.scalars(
                    select(Attempt).where(Attempt.broadcast_id == broadcast_id, Attempt.answered_at.is_(None))
                )
            }
            entries = db.scalars(
                select(LedgerEntry).where(
                    LedgerEntry.action == "broadcast.attempt_ended",
                    LedgerEntry.subject == f"broadcast:{broadcast_id}",
                )
            )
            told = {json.loads(entry.data)["attempt"]: entry.at for entry in entries}
        return [(told[attempt] - at).total_seconds() * 1000 for attempt, at in ended.items() if at and attempt in told]

    def finished(self, broadcast_id: int) -> bool:
        """Has this broadcast ended?"""
        with self.work.read() as request:
            return request.db.get_one(Broadcast, broadcast_id).finished_at is not None

    def rest(self, link: InboundESL) -> None:
        """Until every leg is down."""
        while self.sessions(link, UP):
            time.sleep(0.1)
        link.stop()


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, ended with the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chosen_store(kind: str) -> Iterator[str]:
    """Address of a store to measure on: a PostgreSQL of its own, or empty for an SQLite in the scene's folder."""
    if kind == "sqlite":
        yield ""
        return
    with private_postgresql(durable=True) as server:
        yield server.replace("postgresql://", "postgresql+psycopg://")


class Meter:
    """Processor time of the others that share the machine, since this was made.

    Args:
        calls: over which it is shared out.
    """

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._before = self._now()

    def read(self) -> dict[str, float]:
        """Milliseconds for a call, by program. Of processes that have ended meanwhile nothing is known."""
        return {name: (spent - self._before[name]) / self._calls * 1000 for name, spent in self._now().items()}

    def _now(self) -> Counter[str]:
        spent: Counter[str] = Counter()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
                if name in SHARERS:
                    spent[name] += sum(map(int, rest.split()[11:13])) / TICKS
        return spent


def used(pid: int) -> tuple[float, int]:
    """Seconds of processor time that a process has used, and its resident kilobytes."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return (int(fields[11]) + int(fields[12])) / TICKS, int(resident[1]) if resident else 0


def compare(store: str, calls: int, rounds: int, stay: int, *, ivr: bool) -> list[tuple[Figures, Figures]]:
    """Bare loop and dialer by turns; whoever answers meets the ivr, or somebody who only listens."""
    found = []
    with tempfile.TemporaryDirectory(prefix="dialer-rate-") as name:
        scene = Scene(Path(name), store or f"sqlite:///{name}/store.sqlite", stay)
        with scene.work.write() as request:
            request.db.add(Department(name="应急管理局", short_name="应急"))
            request.db.add(Gateway(name="pstn", channels=3000, reserved=0, calls_per_second=1000, caller_id="07318888"))
        scene.start()
        try:
            with scene.at_work(ivr=ivr) as (_, dialer):
                for turn in range(rounds):
                    numbers = [f"138{turn:02}{at:06}" for at in range(calls)]
                    bare = scene.bare(numbers)
                    print(f"bare loop   {bare}")
                    ours = scene.ours(dialer, numbers, scene.work)
                    print(f"dialer      {ours}")
                    found.append((bare, ours))
        except BaseException:
            print(scene.ends(), scene.logs(), sep="\n")
            raise
        finally:
            scene.stop()
    return found


def main() -> None:
    """Run it and print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--calls", type=int, default=3000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--store", choices=["postgresql", "sqlite"], default="postgresql")
    options.add_argument("--stay", type=int, default=STAY)
    options.add_argument("--ivr", action="store_true")
    chosen = options.parse_args()
    with chosen_store(chosen.store) as store:
        found = compare(store, chosen.calls, chosen.rounds, chosen.stay, ivr=chosen.ivr)
    bare, ours = median(b.rate for b, _ in found), median(o.rate for _, o in found)
    print(f"median: bare loop {bare:.1f}/s, dialer {ours:.1f}/s, ratio {ours / bare:.2f}, "
          f"{median(o.cpu for _, o in found):.2f} ms of processor a call ({chosen.store})")  # fmt: skip


if __name__ == "__main__":
    main()
