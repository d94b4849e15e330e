"""Whether the dialer keeps a line's pace, step by step, on a real FreeSWITCH.

    python -m tests.bench.pace [--steps 10 30 60 120 200] [--seconds 20] [--store postgresql|sqlite]

FreeSWITCH, SIPp as the called network, and the dialer as an installation runs it; who answers meets somebody who only
listens, and is recorded. At each step the gateway takes so many calls a second and as many people are called as that makes in
so many seconds. SIPp writes down when each INVITE came. The dialer's own pace stays a little below the line's, so that its
small burst is within it too; a step is sustained when 99 % of the calls come within 100 ms of their place in an even row of
the pace that was made, no attempt ended in congestion, none was called twice or not at all, and the dialer wrote 99 % of the
ends within 200 ms of the switch's word.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from sqlalchemy import func, select

from broadcast.models import Attempt
from broadcast.services import Broadcasts
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import Wish
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import Disposition, NumberKind
from tests.bench.dialer_rate import Scene, chosen_store, used

STAY = 2000  # milliseconds
LATE, SLOW = 0.1, 200.0  # seconds from its place, milliseconds until written
INVITE = re.compile(r"INVITE (\d+) (\S+)\s(\S+)")


def step(scene: Scene, rate: int, seconds: int, pid: int) -> bool:
    """Call at one pace; was it sustained?"""
    count = rate * seconds
    numbers = [f"138{rate:03}{at:05}" for at in range(count)]
    with scene.work.write() as request:
        db = request.db
        db.scalars(select(Gateway)).one().calls_per_second = rate
        department = db.scalars(select(Department)).one()
        people = [
            Person(name=f"人{at}", department=department, numbers=[PhoneNumber(number=n, kind=NumberKind.MOBILE)])
            for at, n in enumerate(numbers)
        ]
        db.add_all(people)
        db.flush()
        service = request.find_service(Broadcasts)
        ids = [person.id for person in people]
        made: int = service.draft(Wish("步进", "请立即到岗", ids, channels=500, rounds=1, pause=5, ring_timeout=30))
        service.launch(made)
    before = used(pid)[0]
    while not scene.finished(made):
        time.sleep(0.2)
    spent = used(pid)[0] - before
    came = _invites(scene, set(numbers))
    late = _lateness(came, _rate(came))
    lags = scene.lags(made)
    once = len(came) == count == len({number for number, _ in came})
    refused = _refused(scene, made)
    on_time, written = np.mean(late <= LATE), quantiles(lags, n=100)[98]
    good = bool(on_time >= 0.99 and once and not refused and written < SLOW)
    print(
        f"{rate:4d}/s  {count} calls, {_rate(came):6.1f}/s made; within 100 ms of their place {on_time:7.2%}, median "
        f"{median(late) * 1000:4.0f} ms, worst {max(late) * 1000:4.0f} ms; written after {median(lags):4.0f} ms, 99 % "
        f"{written:4.0f} ms; {spent / count * 1000:.2f} ms a call; refused {refused}; {'sustained' if good else 'NOT sustained'}",
        flush=True,
    )
    return good


def _refused(scene: Scene, made: int) -> int:
    with scene.work.read() as request:
        return (
            request.db.scalar(
                select(func.count()).where(
                    Attempt.broadcast_id == made,
                    Attempt.disposition.in_((Disposition.CONGESTION, Disposition.GATEWAY_DOWN, Disposition.LOST)),
                )
            )
            or 0
        )


def _invites(scene: Scene, numbers: set[str]) -> list[tuple[str, float]]:
    text = scene.log.read_text()
    found = [
        (number, datetime.fromisoformat(f"{day} {hour}").timestamp()) for number, day, hour in INVITE.findall(text)
    ]
    return sorted(((number, at) for number, at in found if number in numbers), key=lambda one: one[1])


def _lateness(came: Sequence[tuple[str, float]], rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Seconds by which each is off its place in a row of this pace, which begins where that is least."""
    off = np.array([at for _, at in came]) - np.arange(len(came)) / rate
    return np.abs(off - np.median(off))


def _rate(came: Sequence[tuple[str, float]]) -> float:
    return (len(came) - 1) / (came[-1][1] - came[0][1])


def measure(store: str, steps: Sequence[int], seconds: int) -> bool:
    """Every step; were all sustained?"""
    with tempfile.TemporaryDirectory(prefix="pace-") as name:
        scene = Scene(Path(name), store or f"sqlite:///{name}/store.sqlite", STAY)
        with scene.work.write() as request:
            request.db.add(Department(name="应急管理局", short_name="应急"))
            request.db.add(Gateway(name="pstn", channels=3000, reserved=0, calls_per_second=10, caller_id="07318888"))
        scene.start()
        try:
            with scene.at_work(ivr=False) as (_, dialer):
                sustained = [step(scene, rate, seconds, dialer.pid) for rate in steps]
                return all(sustained)
        finally:
            scene.stop()


def main() -> None:
    """Carry it out and print what was measured."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--steps", type=int, nargs="+", default=[10, 30, 60, 120, 200])
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--store", choices=["postgresql", "sqlite"], default="postgresql")
    chosen = options.parse_args()
    with chosen_store(chosen.store) as store:
        good = measure(store, chosen.steps, chosen.seconds)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
