"""How late the dialer's hub is while a broadcast of 20,000 people is taken up and called.

    PYTHONPATH=. python tests/bench/hub.py [PEOPLE]

Prints how late the hub reads events that come every half millisecond from another
process, idle and beside some set-ups, and the processor time of each step of the
chooser. A machine that has other things to do is late by itself, so the set-up that
was disturbed least tells for how long a set-up keeps the hub waiting.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import random  # noqa: E402
import struct  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from subprocess import PIPE, Popen  # noqa: E402

import gevent  # noqa: E402

from broadcast.aside import aside  # noqa: E402
from broadcast.chooser import Called, Choice, Chooser, Dialled  # noqa: E402
from broadcast.history.chances import Chances  # noqa: E402
from broadcast.kernel import warm  # noqa: E402
from broadcast.lines import Line, Lines  # noqa: E402
from dutycenter.vocabulary import Disposition, NumberKind  # noqa: E402

KINDS = (NumberKind.MOBILE, NumberKind.OFFICE, NumberKind.HOME)
ENDS = (Disposition.ACKNOWLEDGED, Disposition.NO_ANSWER, Disposition.BUSY, Disposition.SWITCHED_OFF)
CHANNELS, RATE, STEPS = 240, 30.0, 8000
SET_UPS = 9


def town(people: int) -> list[Called]:
    """People with three numbers each, one in fifty important."""
    return [
        Called(i, 50 if i % 50 == 0 else 1, [Dialled(3 * i + k, f"138{i:07d}{k}", KINDS[k]) for k in range(3)])
        for i in range(people)
    ]


PULSE = """
import os, struct, time
while True:
    os.write(1, struct.pack("d", time.perf_counter()))
    time.sleep(0.0005)
"""


class Pulse:
    """Events from another process, and how late (seconds) the hub of this one read each."""

    def __init__(self) -> None:
        self.late: list[float] = []

    def __enter__(self) -> Pulse:
        self._process = Popen([sys.executable, "-c", PULSE], stdout=PIPE, bufsize=0)
        self._reading = gevent.spawn(self._read)
        gevent.sleep(0.2)
        self.late = []
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reading.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while len(sent := self._process.stdout.read(8)) == 8:
            self.late.append(time.perf_counter() - struct.unpack("d", sent)[0])


def quantiles(seconds: Sequence[float], unit: float) -> tuple[float, float, float]:
    """Median, 99.9 % and most, in ``unit`` to the second."""
    ordered = sorted(seconds)
    median, late, most = (unit * ordered[int(q * (len(ordered) - 1))] for q in (0.5, 0.999, 1.0))
    return median, late, most


def set_up(build: Sequence[Called]) -> Chooser:
    """The chooser, made again and again beside a hub that reads events."""
    lines = Lines()
    lines.all = [Line("pstn", CHANNELS, RATE, (), "", 0.0)]
    aside(warm)  # as the dialer does when it begins
    with Pulse() as pulse:
        gevent.sleep(1.0)
    print("hub idle: late {:.2f} ms median, {:.2f} ms 99.9 %, {:.2f} ms most".format(*quantiles(pulse.late, 1e3)))
    runs, made = [], []  # kept, as Python takes so many objects away in one breath
    for _ in range(SET_UPS):
        with Pulse() as pulse:
            began = time.perf_counter()
            chooser = aside(
                lambda: Chooser(build, lines, rounds=3, pause=60, ring_timeout=30, message=20.0, chances=Chances(2))
            )
            took = time.perf_counter() - began
            median, _, most = quantiles(pulse.late, 1e3)
            made.append(chooser)
        runs.append((most, median, took))
    runs.sort()
    print(f"hub beside the set-up of {len(build)} people, of {SET_UPS} times:")
    for name, (most, median, took) in (("least", runs[0]), ("middle", runs[SET_UPS // 2]), ("most", runs[-1])):
        print(f"  {name:6} disturbed: late {median:.2f} ms median, {most:.2f} ms most, in {took:.2f} s")
    return chooser


def called(chooser: Chooser) -> dict[str, list[float]]:
    """Processor seconds of each step of a broadcast."""
    chooser.allow([(CHANNELS, RATE)])
    rng = random.Random(1)
    up: list[Choice] = []
    took: dict[str, list[float]] = {"next": [], "ended": [], "why": []}
    now = 0.0

    def timed(name: str, act: object, *arguments: object) -> object:
        began = time.thread_time()
        found = act(*arguments)  # type: ignore[operator]
        took[name].append(time.thread_time() - began)
        return found

    for step in range(STEPS):
        now += 1.2 / RATE
        choice = timed("next", chooser.next, now)
        if isinstance(choice, Choice):
            up.append(choice)
        if len(up) > 0.9 * CHANNELS:
            timed("ended", chooser.ended, up.pop(0).number_id, rng.choice(ENDS), now)
        if step % 50 == 0:
            timed("why", chooser.why, 0, now)
    return took


def main() -> None:
    """Measure and print."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    chooser = set_up(town(people))
    for name, times in called(chooser).items():
        median, late, most = quantiles(times, 1e6)
        print(f"{name:6} {median:8.1f} us median {late:8.1f} us 99.9 % {most:8.1f} us most")


if __name__ == "__main__":
    main()
