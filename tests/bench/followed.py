"""What was forecast while broadcasts ran, beside what happened.

    python -m tests.bench.followed [--people 506] [--channels 60] [--broadcasts 5] [--speed 6]

A rehearsed town with its processes; one broadcast after another to all of its people,
so that the later ones know the numbers. Every ten of the town's seconds the question of
the live board is asked and its answer kept; printed is each answer's distance from
the truth, by the share of people who had acknowledged when it was given.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from zoneinfo import ZoneInfo

from sqlalchemy import select

from broadcast.forecasts.answers import Answering
from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.cli.rehearse.town import Town
from dutycenter.directory.models import Person
from dutycenter.interfaces import Wish
from dutycenter.work import Work

EVERY = 10.0  # seconds of the town between two questions
MESSAGE = "柳河水位超过警戒线,市防汛指挥部启动三级应急响应。请您立即到岗。"
SHARES = {"t50": 0.5, "t80": 0.8}


@dataclass(frozen=True)
class Asked:
    """One answer: when it was given, how many had acknowledged, what was said of each share."""

    at: float
    acknowledged: int
    said: dict[str, tuple[float | None, float | None, float | None]]
    reached: float


@dataclass(frozen=True)
class Followed:
    """One broadcast: the answers, and when each who acknowledged did so."""

    people: int
    answers: list[Asked]
    times: list[float]

    def truth(self, share: float) -> float | None:
        """When that share had acknowledged; None: never."""
        place = -int(-share * self.people // 1) - 1
        return self.times[place] if place < len(self.times) else None

    def misses(self) -> Iterable[tuple[str, float, float | None, tuple[float | None, ...], float]]:
        """Name of the share, share acknowledged when asked, truth, what was said, when."""
        for asked in self.answers:
            for name, share in SHARES.items():
                truth = self.truth(share)
                if truth is None or truth > asked.at:
                    yield name, asked.acknowledged / self.people, truth, asked.said[name], asked.at


def follow(work: Work, channels: int) -> Followed:
    """Carry one broadcast to its end and ask all the while."""
    clock = work.registry["dutycenter.clock"]
    answering = Answering(work.registry["dutycenter.engine"], ZoneInfo("Asia/Shanghai"))
    with work.write() as request:
        people = list(request.db.scalars(select(Person.id).where(Person.numbers.any())))
        service = request.find_service(Broadcasts)
        made: int = service.draft(
            Wish("防汛响应", MESSAGE, people, channels=channels, rounds=3, pause=60, ring_timeout=30)
        )
        service.launch(made)
    answers = []
    while True:
        clock.sleep(EVERY)
        with work.read() as request:
            broadcast = request.db.get_one(Broadcast, made)
            if broadcast.finished_at is not None:
                recipients = request.db.scalars(
                    select(Recipient).where(Recipient.broadcast_id == made, Recipient.numbers.any())
                ).all()
                times = sorted(
                    (r.acknowledged_at - broadcast.launched_at).total_seconds() for r in recipients if r.acknowledged_at
                )
                return Followed(len(recipients), answers, times)
        told = answering.answer({"kind": "live", "broadcast": made, "now": clock.now().isoformat()})
        if told.get("lines"):
            said = {name: tuple(told[name]) for name in SHARES}
            answers.append(Asked(told["now"], told["acknowledged"], said, told["reached"]))


def table(all_of_them: list[Followed]) -> str:
    """Errors by how far the broadcast was."""
    lines = ["said at       of   asked   median error   |error|/left   truth within the 80 % interval"]
    found = defaultdict(list)
    for one in all_of_them:
        for name, done, truth, said, at in one.misses():
            found[name, min(3, int(done * 4))].append((truth, said, at))
    for (name, quarter), rows in sorted(found.items()):
        both = [(t, s, at) for t, s, at in rows if t is not None and s[0] is not None]
        inside = mean(
            (
                s[1] is not None
                and s[1] <= (t if t is not None else float("inf"))
                and (s[2] is None or (t is not None and t <= s[2]))
            )
            for t, s, _ in rows
        )
        error = f"{median(s[0] - t for t, s, _ in both):+8.1f} s" if both else "   never"
        relative = f"{median(abs(s[0] - t) / max(EVERY, t - at) for t, s, at in both):8.2f}" if both else "     –"
        lines.append(
            f"{quarter * 25:3d}–{quarter * 25 + 25:3d} %   {name:>5}   {len(rows):5d}   {error:>12}   {relative:>12}   {inside:6.0%}"
        )
    return "\n".join(lines)


def main() -> None:
    """Carry it out and print it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--people", type=int, default=506)
    options.add_argument("--channels", type=int, default=60)
    options.add_argument("--broadcasts", type=int, default=5)
    options.add_argument("--speed", type=float, default=6.0)
    chosen = options.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="followed-") as name:
        town = Town.found(Path(name), people=chosen.people, speed=chosen.speed, seed=1)
        with town.inhabited() as work:
            for turn in range(chosen.broadcasts):
                one = follow(work, chosen.channels)
                found.append(one)
                reached = len(one.times) / one.people
                first = one.answers[0]
                print(
                    f"broadcast {turn + 1}: {one.people} people, {reached:.1%} acknowledged, 50 % after "
                    f"{one.truth(0.5)} s, 80 % after {one.truth(0.8)} s; said after {first.at:.0f} s: "
                    f"50 % {first.said['t50']}, 80 % {first.said['t80']}, reached {first.reached:.1%}",
                    flush=True,
                )
                for asked in one.answers[:: max(1, len(one.answers) // 12)]:
                    print(f"    {asked.at:6.0f} s  {asked.acknowledged:4d} acknowledged   50 % {asked.said['t50']}   "
                          f"80 % {asked.said['t80']}   reached at last {asked.reached:.1%}", flush=True)  # fmt: skip
            work.registry["dutycenter.engine"].dispose()
    print(table(found))


if __name__ == "__main__":
    main()
