"""So many calls at once that hear a message and are recorded, on a real FreeSWITCH.

    python -m tests.bench.recorded [--calls 500] [--echo] [--store postgresql|sqlite]

A FreeSWITCH of its own, SIPp as the called network: everybody answers and stays, with
``--echo`` sending back what they hear. Dialer and ivr are the processes that an installation runs,
with the calls' beginnings spread over some twenty seconds. How many legs are up at once is
the switch's own count. Whether all of them heard the message is read from the recordings
themselves: each lasts as long as its leg, and each side of it has sound in the same tenths of a
second as the middle one of them all.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from greenswitch import InboundESL
from numpy.typing import NDArray
from sqlalchemy import func, select

from broadcast.models import Attempt
from broadcast.services import Broadcasts
from dutycenter.calls.models import Recording
from dutycenter.calls.sound import QUIET, WINDOW
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import Wish
from dutycenter.ledger.models import LedgerEntry
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import Disposition, NumberKind, ReachedRule
from tests.bench.dialer_rate import TICKS, Meter, Scene, chosen_store, used

STAY = 600_000  # milliseconds that whoever answered would listen: it is the conversation that ends the call
SPREAD = 20.0  # seconds over which the calls begin
MESSAGE = "柳河水位超过警戒线，低洼处已经进水，请沿河各村立即组织群众转移，到岗后按一回复。" * 5
CHANNELS = re.compile(r"^(\d+) total", re.MULTILINE)
SIDES = ("heard from them", "said to them")


@dataclass(frozen=True)
class Side:
    """One side of one recording, in tenths of a second."""

    loud: NDArray[np.bool_]

    @property
    def first(self) -> int:
        return int(self.loud.argmax())

    def spoken(self, windows: int) -> NDArray[np.bool_]:
        """What it says from its first sound on."""
        return self.loud[self.first : self.first + windows]


def sides(file: Path) -> tuple[float, list[Side]]:
    """A recording's seconds and its sides."""
    with wave.open(str(file)) as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).reshape(-1, channels)
    size = int(rate * WINDOW)
    whole = samples[: len(samples) // size * size].astype(np.float32)
    loudness = np.abs(whole).reshape(-1, size, channels).mean(axis=1)
    return len(samples) / rate, [Side(loudness[:, channel] > QUIET) for channel in range(channels)]


def call(scene: Scene, calls: int) -> tuple[int, list[int]]:
    """Call them all; the broadcast's id, and how many legs were up, ten times a second."""
    with scene.work.write() as request:
        department = Department(name="应急管理局", short_name="应急")
        request.db.add_all([
            Gateway(name="pstn", channels=calls, reserved=0, calls_per_second=calls / SPREAD, caller_id="07318888"),
            *(
                Person(name=f"人{at}", department=department, numbers=[PhoneNumber(number=f"1380000{at:03d}0", kind=NumberKind.MOBILE)])
                for at in range(calls)
            ),
        ])  # fmt: skip
        request.db.flush()
        people = list(request.db.scalars(select(Person.id)))
        service = request.find_service(Broadcasts)
        made: int = service.draft(
            Wish(
                "转移",
                MESSAGE,
                people,
                channels=calls,
                rounds=1,
                pause=5,
                ring_timeout=30,
                reached_rule=ReachedRule.HEARD,
            )
        )
        service.launch(made)
    link, up = scene.connection(), list[int]()
    while not scene.finished(made):
        up.append(_legs(link))
        time.sleep(0.1)
    scene.rest(link)
    return made, up


def _legs(link: InboundESL) -> int:
    found = CHANNELS.search(link.send("api show channels count").data)
    return int(found[1]) if found else 0


def judge(scene: Scene, made: int, calls: int) -> list[str]:
    """What the recordings tell, in words.

    Raises:
        AssertionError: nobody heard it.
    """
    with scene.work.read() as request:
        rows = request.db.execute(
            select(Recording.file_name, Attempt.answered_at, Attempt.ended_at)
            .join(Attempt, Attempt.id == Recording.attempt_id)
            .where(Attempt.broadcast_id == made, Attempt.disposition == Disposition.HEARD)
        ).all()
        attempts = request.db.scalar(select(func.count()).where(Attempt.broadcast_id == made))
        slower = request.db.scalars(
            select(LedgerEntry.at).where(LedgerEntry.action.in_(["broadcast.hindered", "broadcast.unhindered"]))
        ).all()
    assert rows, "nobody heard the message"
    heard = [sides(scene.settings.recordings_dir / name) for name, *_ in rows]
    short = [
        (ended - answered).total_seconds() - seconds
        for (_, answered, ended), (seconds, _) in zip(rows, heard, strict=True)
    ]
    said = [f"{len(rows)} of {calls} heard the message, in {attempts} calls; the pace yielded or came back {len(slower)} times",
            f"{len(rows)} recordings, {median(seconds for seconds, _ in heard):.1f} s each; "
            f"shorter than its leg by {median(short):.2f} s (median), {max(short):.2f} s (worst)"]  # fmt: skip
    for at, name in enumerate(SIDES):
        of_all = [side[at] for _, side in heard]
        if not any(side.loud.any() for side in of_all):
            said.append(f"{name}: silence")
            continue
        windows = min(len(side.loud) - side.first for side in of_all)
        words = np.array([side.spoken(windows) for side in of_all])
        usual = np.median(words, axis=0) > 0.5
        differ = (words != usual).sum(axis=1)
        said.append(f"{name}: {windows * WINDOW:.1f} s compared, {usual.sum() * WINDOW:.1f} s of them sound; "
                    f"unlike the others in {median(differ) * WINDOW:.1f} s (median), {differ.max() * WINDOW:.1f} s (worst)")  # fmt: skip
    return said


def busy() -> float:
    """Seconds that the machine's processors have worked, for whomever."""
    user, nice, system, _idle, _waiting, *interrupts = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + sum(interrupts)) / TICKS


def measure(store: str, calls: int, *, echo: bool) -> None:
    """Carry it out and print what was measured."""
    with tempfile.TemporaryDirectory(prefix="recorded-") as name:
        scene = Scene(Path(name), store or f"sqlite:///{name}/store.sqlite", STAY, echo=echo)
        scene.start()
        try:
            with scene.at_work(ivr=True) as (ivr, dialer):
                before, meter, began = [used(one.pid)[0] for one in (ivr, dialer)], Meter(1), time.monotonic()
                busy_before = busy()
                made, up = call(scene, calls)
                took, worked = time.monotonic() - began, busy() - busy_before
                spent = dict(
                    zip(
                        ("ivr", "dialer"),
                        (used(one.pid)[0] - was for one, was in zip((ivr, dialer), before, strict=True)),
                        strict=True,
                    )
                )
            others = {program: milliseconds / 1000 for program, milliseconds in meter.read().items()}
            print(
                f"{max(up)} legs at once, for {sum(1 for legs in up if legs >= calls) / len(up) * took:.1f} s of {took:.1f} s"
            )
            print("\n".join(judge(scene, made, calls)))
            spent |= others | {"all that runs here": worked}
            print("seconds of processor: " + ", ".join(f"{who} {s:.1f}" for who, s in spent.items()))
            print(scene.ends())
        except BaseException:
            print(scene.ends(), scene.logs(), sep="\n")
            raise
        finally:
            scene.stop()


def main() -> None:
    """Carry it out and print what was measured."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--calls", type=int, default=500)
    options.add_argument("--store", choices=["postgresql", "sqlite"], default="postgresql")
    options.add_argument("--echo", action="store_true")
    chosen = options.parse_args()
    with chosen_store(chosen.store) as store:
        measure(store, chosen.calls, echo=chosen.echo)


if __name__ == "__main__":
    main()
