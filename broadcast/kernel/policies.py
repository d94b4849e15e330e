"""What people use today, simulated on the same drawn outcomes.

Each function takes one instance and gives when everybody acknowledged and how
many calls that took. They are re-implementations of the published rules, kept
charitable where a rule is silent: nobody is called again after acknowledging
(several of these products do call again), and no product pays for its own delays
in polling, database or connection set-up. docs/scheduling.md names the sources.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import from_dtype, njit, types

from broadcast.kernel.layout import F8, FOREVER, I8, MICRO, WORLD, Float64s, Int64s
from broadcast.kernel.rule_tables import worlds
from broadcast.kernel.simulate import draw, mix, sift_down, sift_up
from broadcast.kernel.tables import Tables

BUSY, NO_ANSWER, CONGESTION = 6, 7, 11
PAUSE = 180.0  # seconds before a number is called again, where a product has no rule
WORLD_T = types.Array(from_dtype(WORLD), 1, "C")
_I8, _U8, _F8 = types.int64, types.uint64, types.float64


@dataclass(frozen=True)
class Outcome:
    """``when`` (people,) in seconds, infinite for those not reached; ``calls`` started."""

    when: Float64s
    calls: int


@njit(forceinline=True)
def _try(world, chance, seed, arm, attempt):
    """Code and microseconds of attempt ``attempt`` (0-based) on a number."""
    now = chance[arm] * world.factor[NO_ANSWER] ** attempt
    return draw(world, now, mix(seed, arm, attempt))


@njit(
    types.int64(WORLD_T, F8, I8, I8, _I8, _I8, _F8, _I8, _I8, _I8, _I8, _I8, _U8),
    cache=True,
)
def _passes(  # noqa: C901
    world, chance, first, done, tries, channels, interval, gap, period, dial, talk, pause, seed
):
    """Rounds over the list: attempt r of number k of everybody, then the next k.

    ``interval``: microseconds between calls. ``period`` > 0: a batch of
    ``channels`` calls begins every ``period``, whatever is still running; else the
    next call begins as soon as a line is free. ``gap``: between two rounds.
    ``dial`` and ``talk`` are added to each call and to each that is acknowledged;
    ``pause``: before the same number is called again. All in microseconds.
    """
    ready = np.zeros(chance.size, np.int64)
    free = np.zeros(channels, np.int64)
    people = first.size - 1
    calls, next_call, now = 0, 0.0, 0
    most = 0
    for i in range(people):
        most = max(most, first[i + 1] - first[i])
    for attempt in range(tries):
        for k in range(most):
            place = 0
            if period > 0:
                # The list is started again when its numbers have rested.
                for i in range(people):
                    if first[i] + k < first[i + 1] and done[i] > now:
                        now = max(now, ready[first[i] + k])
            latest = now
            begin = now
            for i in range(people):
                arm = first[i] + k
                if arm >= first[i + 1] or done[i] <= begin:
                    continue
                if period > 0:
                    begin = max(now, now + place // channels * period)
                    begin = max(begin, np.int64(next_call))
                else:
                    begin = max(now, free[0], np.int64(next_call), ready[arm])
                if done[i] <= begin:
                    continue
                place += 1
                next_call = max(next_call, np.float64(begin)) + interval
                code, held = _try(world[0], chance, seed, arm, attempt)
                held += dial
                calls += 1
                end = begin + held
                if code == 0:
                    done[i] = min(done[i], end)
                    end += talk
                ready[arm] = end + pause
                latest = max(latest, end)
                if period == 0:
                    sift_down(free, channels, end)
            if period > 0:
                latest = max(latest, now + (place + channels - 1) // channels * period)
            if period > 0 or gap > 0:
                now = max(latest, now) + gap
    return calls


def _chance(tables: Tables) -> Float64s:
    return np.asarray(tables.p, np.float64)


@njit(types.int64(WORLD_T, F8, I8, I8, _I8, _F8, _I8, _I8, _U8), cache=True)
def _fixed_rate(world, chance, first, done, channels, interval, retries, wait, seed):
    """A call every ``interval`` over all (person, number) rows, blind to the lines.

    A call that finds no line counts as an attempt. A failed one is repeated after
    ``wait`` on the same number, outside the pacing, ``retries`` times.
    """
    rows = chance.size
    owner = np.zeros(rows, np.int64)
    for i in range(first.size - 1):
        owner[first[i] : first[i + 1]] = i
    heap = np.zeros(rows + 1, np.int64)  # repeats: time << 22 | row
    busy = np.zeros(channels + 1, np.int64)  # ends of running calls
    used = np.zeros(rows, np.int64)  # rounds of the rule
    drawn = np.zeros(rows, np.int64)  # calls that reached the network
    n, running, calls, at = 0, 0, 0, 0
    clock = 0.0
    while at < rows or n > 0:
        repeat = n > 0 and (at >= rows or (heap[0] >> 22) <= np.int64(clock))
        if repeat:
            row, now = heap[0] & ((1 << 22) - 1), heap[0] >> 22
            n -= 1
            if n > 0:
                sift_down(heap, n, heap[n])
        else:
            row, now = at, np.int64(clock)
            at += 1
        i = owner[row]
        if done[i] <= now:
            continue
        if not repeat:
            clock += interval
        while running > 0 and busy[0] <= now:
            running -= 1
            if running > 0:
                sift_down(busy, running, busy[running])
        used[row] += 1
        end, code = now, np.int64(CONGESTION)
        if running < channels:
            code, held = _try(world[0], chance, seed, row, drawn[row])
            drawn[row] += 1
            calls += 1
            end = now + held
            sift_up(busy, running, end)
            running += 1
        if code == 0:
            done[i] = min(done[i], end)
        elif used[row] <= retries:
            sift_up(heap, n, (end + wait) << 22 | row)
            n += 1
    return calls


@njit(types.int64(WORLD_T, F8, I8, I8, _I8, _I8, _I8, _I8, _I8, _U8), cache=True)
def _escalate(world, chance, first, done, channels, interval, step, rounds, again, seed):
    """One message queue for everybody: contact k of round r is due at a fixed delay.

    At most one call per ``interval`` for the whole house; a busy number is tried
    again after ``again``, three times; no answer ends the message.
    """
    people = first.size - 1
    busy = np.zeros(channels + 1, np.int64)
    most = 0
    for i in range(people):
        most = max(most, first[i + 1] - first[i])
    drawn = np.zeros(chance.size, np.int64)
    heap = np.zeros(chance.size * rounds + 1, np.int64)  # repeats after busy
    left = np.zeros(chance.size, np.int64)
    n, running, calls = 0, 0, 0
    clock = 0
    position, total = 0, people * most * rounds
    while position < total or n > 0:
        turn, i = position // people, position % people
        due = turn // most * most * step + turn % most * step
        if position < total and not (n > 0 and (heap[0] >> 22) <= max(clock, due)):
            arm = first[i] + turn % most
            position += 1
            if arm >= first[i + 1]:
                continue
            now = max(clock, due)
            left[arm] = 3
        else:
            arm, now = heap[0] & ((1 << 22) - 1), max(clock, heap[0] >> 22)
            n -= 1
            if n > 0:
                sift_down(heap, n, heap[n])
            i = np.searchsorted(first, arm, side="right") - 1
        if done[i] <= now:
            continue
        while running > 0 and (busy[0] <= now or running == channels):
            now = max(now, busy[0])
            running -= 1
            if running > 0:
                sift_down(busy, running, busy[running])
        clock = now + interval
        code, held = _try(world[0], chance, seed, arm, drawn[arm])
        drawn[arm] += 1
        calls += 1
        sift_up(busy, running, now + held)
        running += 1
        if code == 0:
            done[i] = min(done[i], now + held)
        elif code == BUSY and left[arm] > 0:
            left[arm] -= 1
            sift_up(heap, n, (now + held + again) << 22 | arm)
            n += 1
    return calls


def _start(tables: Tables) -> tuple[np.ndarray, Float64s, Int64s, Int64s, int, float]:
    first = np.asarray(tables.first, np.int64)
    done = np.full(len(first) - 1, FOREVER, np.int64)
    channels = sum(g.usable for g in tables.gateways)
    rate = sum(g.rate for g in tables.gateways)
    return worlds(tables.rules), _chance(tables), first, done, channels, MICRO / rate


def _outcome(done: Int64s, calls: int) -> Outcome:
    when = np.where(done < FOREVER, done / MICRO, np.inf)
    return Outcome(when, int(calls))


def _run_passes(
    tables: Tables,
    seed: int,
    *,
    channels: int | None = None,
    gap: float = 0.0,
    period: float = 0.0,
    dial: float = 0.0,
    talk: float = 0.0,
    pause: float = 0.0,
) -> Outcome:
    world, chance, first, done, lines, interval = _start(tables)
    tries = 4 if tables.tries is None else int(tables.tries.max(initial=1))
    calls = _passes(
        world, chance, first, done, tries, channels or lines, interval, int(gap * MICRO),
        int(period * MICRO), int(dial * MICRO), int(talk * MICRO), int(pause * MICRO),
        np.uint64(seed),
    )  # fmt: skip
    return _outcome(done, calls)


def batches(tables: Tables, seed: int, timeout: float = 30.0) -> Outcome:
    """FusionPBX call broadcast: as many calls as lines, every ``timeout`` seconds.

    It calls one list once; here it is started again for each further number and
    try of those who have not acknowledged, once those numbers have rested.
    """
    return _run_passes(tables, seed, period=timeout, pause=PAUSE)


def cycles(tables: Tables, seed: int, gap: float = 60.0) -> Outcome:
    """Everbridge: all contacts on their first path, then the second, in cycles.

    Lines are always used while a path is called; ``gap`` seconds between paths.
    """
    return _run_passes(tables, seed, gap=gap, pause=PAUSE)


def by_hand(tables: Tables, seed: int) -> Outcome:
    """One officer with a telephone: 15 s to look up and dial, 33 s more to talk.

    A call that is acknowledged so takes some 45 s from answer to pen down; those
    not reached are called again in further rounds.
    """
    return _run_passes(tables, seed, channels=1, dial=15.0, talk=33.0, pause=PAUSE)


def fixed_rate(tables: Tables, seed: int, per_minute: float = 10.0) -> Outcome:
    """Newfies-Dialer: ``per_minute`` calls, 3 retries after 300 s, lines not looked at.

    Its default is 10 a minute.
    """
    world, chance, first, done, channels, _ = _start(tables)
    calls = _fixed_rate(
        world, chance, first, done, channels, 60.0 * MICRO / per_minute, 3, 300 * MICRO,
        np.uint64(seed),
    )  # fmt: skip
    return _outcome(done, calls)


def tuned_rate(tables: Tables, seeds: list[int]) -> float:
    """The calls per minute at which :func:`fixed_rate` has its best mean T95.

    Over the draws of ``seeds``; a rate at which one of them reaches less than 95.5 %
    is no choice (the next draw might miss 95 %), unless there is no other.
    """
    channels = sum(g.usable for g in tables.gateways)
    most = 60.0 * sum(g.rate for g in tables.gateways)
    rates = np.geomspace(60.0 * channels / 90.0, min(most, 60.0 * channels / 8.0), 25)
    whens = [[fixed_rate(tables, s, float(f)).when for s in seeds] for f in rates]
    safe = np.array([min(np.isfinite(w).mean() for w in each) >= 0.955 for each in whens])
    mean = np.array([np.mean([t95_of(w) for w in each]) for each in whens])
    mean[~safe] = np.inf
    if not np.isfinite(mean).any():
        return float(rates[0])
    return float(rates[int(np.argmin(mean))])


def goalert(tables: Tables, seed: int, rounds: int = 4) -> Outcome:
    """GoAlert: contacts after 0, 2, 4 minutes, repeated; one voice call a second."""
    world, chance, first, done, channels, _ = _start(tables)
    calls = _escalate(
        world, chance, first, done, channels, MICRO, 120 * MICRO, rounds, 15 * MICRO,
        np.uint64(seed),
    )  # fmt: skip
    return _outcome(done, calls)


def t95_of(when: Float64s, share: float = 0.95) -> float:
    """When ``share`` of all people had acknowledged; infinite if never."""
    if not when.size:
        return 0.0
    return float(np.sort(when)[int(np.ceil(share * when.size)) - 1])
