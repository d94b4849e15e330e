"""How long the dialer's hub stands still while a broadcast of 20,000 people is taken up and called.

    PYTHONPATH=. python tests/bench/hub.py [PEOPLE]

Prints the set-up beside the hub (its length, and the longest time in which the hub
could not do anything else) and the processor time of each step of the chooser.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import random  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402

import gevent  # noqa: E402

from broadcast.aside import aside  # noqa: E402
from broadcast.chooser import Called, Choice, Chooser, Dialled  # noqa: E402
from broadcast.history.chances import Chances  # noqa: E402
from broadcast.lines import Line, Lines  # noqa: E402
from dutycenter.vocabulary import Disposition, NumberKind  # noqa: E402

KINDS = (NumberKind.MOBILE, NumberKind.OFFICE, NumberKind.HOME)
ENDS = (Disposition.ACKNOWLEDGED, Disposition.NO_ANSWER, Disposition.BUSY, Disposition.SWITCHED_OFF)
CHANNELS, RATE, STEPS = 240, 30.0, 8000


def town(people: int) -> list[Called]:
    """People with three numbers each, one in fifty important."""
    return [
        Called(i, 50 if i % 50 == 0 else 1, [Dialled(3 * i + k, f"138{i:07d}{k}", KINDS[k]) for k in range(3)])
        for i in range(people)
    ]


def watched(build: Sequence[Called]) -> tuple[Chooser, float, float]:
    """The chooser, how long it took, and the longest pause of the hub meanwhile."""
    lines = Lines()
    lines.all = [Line("pstn", CHANNELS, RATE, (), "", 0.0)]
    gaps = [0.0]
    going = True

    def tick() -> None:
        last = time.perf_counter()
        while going:
            gevent.sleep(0.0005)
            now = time.perf_counter()
            gaps.append(now - last - 0.0005)
            last = now

    ticking = gevent.spawn(tick)
    gevent.sleep(0.01)
    began = time.perf_counter()
    chooser = aside(
        lambda: Chooser(build, lines, rounds=3, pause=60, ring_timeout=30, message=20.0, chances=Chances(2))
    )
    took = time.perf_counter() - began
    going = False
    ticking.join()
    return chooser, took, max(gaps)


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
    chooser, took, gap = watched(town(people))
    print(f"{people} people: set-up {took:.2f} s beside the hub, which stood still for {1000 * gap:.1f} ms at most")
    for name, times in called(chooser).items():
        times.sort()
        median, late, most = (1e6 * times[int(q * (len(times) - 1))] for q in (0.5, 0.999, 1.0))
        print(f"{name:6} {median:8.1f} us median {late:8.1f} us 99.9 % {most:8.1f} us most")


if __name__ == "__main__":
    main()
