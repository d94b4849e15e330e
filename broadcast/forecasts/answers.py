"""Answers from the store: forecasts before launch and while it runs, why somebody waits, what is known of a number.

Everything is worked out from rows by the code that decides in the dialer; nothing is kept between two questions.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from broadcast import store
from broadcast.assembly import chooser_if_launched, chooser_of
from broadcast.chooser import Called, Chooser, Dialled
from broadcast.forecasts.idle import Up, idle_before, idle_of_calls, last_newcomer
from broadcast.forecasts.numbers import known_of_numbers
from broadcast.forecasts.words import likely
from broadcast.goal_grammar import GoalError, read_goal
from broadcast.goals import Member, member_of_candidate, member_of_recipient, resolver
from broadcast.history.alike import alike
from broadcast.kernel import Estimate, Forecast, Goal, forecast
from broadcast.kernel.doubt import Seconds
from broadcast.kernel.goal import arrange
from broadcast.lines import Lines, gateway_lines
from broadcast.models import Broadcast, Recipient
from broadcast.people import candidates, lines_of
from dutycenter.db import open_session
from dutycenter.vocabulary import RecipientRole

MOST_RUNS, PEOPLE_RUNS = 400, 400_000  # fewer runs for many people: a forecast takes about a second at most
POINTS = 80  # of the curve
UNLIKELY = 5  # names
MARKED = 0.05  # of the time, from which another way to call is worth a word
UNCHANGED = 0.01  # of the people reached in the end
DOUBTFUL = 0.15  # chance of not being reached from which somebody is named


@dataclass(frozen=True)
class Pace:
    """How a broadcast would call."""

    channels: int
    rounds: int
    pause: int
    ring_timeout: int


@dataclass(frozen=True)
class Named:
    """Somebody in a forecast."""

    name: str
    department: str
    person_id: int | None
    open: bool = True  # whether it is still to be seen


class Answering:
    """Answers questions, each in a transaction that only reads."""

    def __init__(self, engine: Engine, zone: ZoneInfo) -> None:
        self.engine = engine
        self.zone = zone

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one question; ``kind`` says which."""
        kinds = {"launch": self.launch, "live": self.live, "why": self.why, "numbers": self.numbers}
        now = datetime.fromisoformat(question["now"])
        with open_session(self.engine, writes=False) as db:
            return kinds[question["kind"]](db, question, now)

    # --- before launch -----------------------------------------------------------

    def launch(self, db: Session, question: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """A broadcast as the form describes it, launched now."""
        turns = {int(person): turn for person, turn in question["turns"].items()}
        found = candidates(db, question["people"], now, lines_of(db, set(question["kept_free"]), self.zone))
        able = [candidate for candidate in found if candidate.callable]
        lines = gateway_lines(db)
        pace = Pace(*(int(question[name]) for name in ("channels", "rounds", "pause", "ring_timeout")))
        used = lines.at_once(pace.channels)
        if not able or not used:
            return {"people": len(able), "lines": 0}
        called = [
            Called(
                c.person.id,
                c.person.weight,
                [Dialled(n.id, n.number, n.kind) for n in c.numbers],
                tier=turns.get(c.person.id, (0, 1, 0.0))[0],
                legs=turns.get(c.person.id, (0, 1, 0.0))[1],
                since=turns.get(c.person.id, (0, 1, 0.0))[2],
            )
            for c in able
        ]

        def at(pace: Pace) -> Chooser:
            return chooser_if_launched(
                db, called, lines, pace,
                message=float(question["message_seconds"]), likeliest_first=bool(question["likeliest_first"]),
                rehearsed=bool(question["rehearsed"]), now=now, zone=self.zone,
            )  # fmt: skip

        goal = _goal(question["goal"], [member_of_candidate(i, c) for i, c in enumerate(able)])
        limit = math.inf if question["goal_seconds"] is None else float(question["goal_seconds"])
        rehearsed = bool(question["rehearsed"])
        chooser = at(pace)
        shown, idle = alike(db, rehearsed, now, self.zone), idle_before(db, rehearsed, used)
        doubt = chooser.doubt(shown, idle, 0.0)
        told = _told(
            forecast(chooser.snapshot(0.0), _runs(len(called)), goal=goal, deadline=limit, doubt=doubt),
            [Named(c.person.name, c.person.department.name, c.person.id) for c in able],
            goal,
            limit,
        )
        calls = int(question["calls"])
        more = replace(pace, channels=lines.at_once(2 * pace.channels, calls))
        if more.channels > used:
            other = forecast(at(more).snapshot(0.0), _runs(len(called)) // 2, doubt=doubt)
            told["more"] = {"lines": more.channels} | _shares(other)
        rung = replace(pace, ring_timeout=chooser.best_ring()) if len(called) > used else pace
        if rung != pace:
            otherwise = at(rung)
            other = forecast(otherwise.snapshot(0.0), _runs(len(called)), doubt=otherwise.doubt(shown, idle, 0.0))
            if _sooner(_shares(other), told) and float(other.reached.mean()) > told["reached"] - UNCHANGED:
                told["ring"] = {"seconds": rung.ring_timeout} | _shares(other)
        return told | {"lines": lines.at_once(pace.channels, calls), "now": 0.0}

    # --- while it runs ------------------------------------------------------------

    def live(self, db: Session, question: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """A running broadcast from where it stands: of those who can be called, how many by when."""
        broadcast = db.get_one(Broadcast, int(question["broadcast"]))
        recipients = db.scalars(
            select(Recipient)
            .where(Recipient.broadcast_id == broadcast.id, Recipient.numbers.any(), Recipient.dropped_at.is_(None))
            .order_by(Recipient.id)
        ).all()
        chooser, lines, seconds = self._running(db, broadcast, now, {r.id for r in recipients})
        used = lines.at_once(broadcast.channels)
        doubt = chooser.doubt(
            alike(db, broadcast.rehearsed, now, self.zone),
            _idle(chooser, used, seconds, idle_before(db, broadcast.rehearsed, used, broadcast.id)),
            seconds,
        )
        # Superiors, who are told of others, take lines but are not of those who are to be reached.
        counted = [r.role is not RecipientRole.SUPERIOR for r in recipients]
        goal = None
        if broadcast.goal or broadcast.goal_seconds is not None:
            goal = _goal(broadcast.goal, [member_of_recipient(r, i) for i, r in enumerate(recipients) if counted[i]])
        limit = math.inf if broadcast.goal_seconds is None else float(broadcast.goal_seconds)
        found = forecast(
            chooser.snapshot(seconds),
            _runs(len(recipients)),
            goal=goal,
            deadline=limit,
            counted=np.array(counted, bool),
            doubt=doubt,
        )
        told = _told(
            found,
            [Named(r.name, r.department, r.person_id, r.outcome is None) for r in recipients],
            goal,
            limit,
            counted,
        )
        assert broadcast.launched_at is not None
        since = sorted(
            (r.acknowledged_at - broadcast.launched_at).total_seconds()
            for r in compress(recipients, counted)
            if r.acknowledged_at
        )
        told["curve"] = _with_past(told["curve"], since, seconds, sum(counted))
        told["acknowledged"] = len(since)
        return told | {"lines": used, "now": seconds}

    # --- why not yet -----------------------------------------------------------------

    def why(self, db: Session, question: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Why a recipient was called, or not yet."""
        broadcast = db.get_one(Broadcast, int(question["broadcast"]))
        chooser, lines, seconds = self._running(db, broadcast, now)
        found = chooser.why(int(question["recipient"]), seconds)
        numbers = db.get_one(Recipient, int(question["recipient"])).numbers
        return {
            "ground": found.ground.value,
            "until": found.until,
            "now": seconds,
            "calls": found.calls,
            "next": found.next_number,
            "ahead": found.ahead,
            "overdue": found.overdue,
            "weight": found.weight,
            "tier": found.tier,
            "channel_price": found.channel_price,
            "token_price": found.token_price,
            "lines": lines.at_once(broadcast.channels),
            "busy": len(chooser.snapshot(seconds).legs),
            "numbers": [
                {
                    "number": number.number,
                    "kind": number.kind.value,
                    "chance": view.p,
                    "hold": view.hold,
                    "index": view.index,
                    "state": view.state.name.lower(),
                    "tries": view.tries,
                    "max_tries": view.max_tries,
                    "ready_at": view.ready_at,
                    "last": None if view.last is None else view.last.name.lower(),
                }
                for number, view in zip(numbers, found.numbers, strict=True)
            ],
        }

    def numbers(self, db: Session, question: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """What is known of numbers, by hour band."""
        return known_of_numbers(db, question["numbers"], rehearsed=bool(question["rehearsed"]), now=now, zone=self.zone)

    def _running(
        self, db: Session, broadcast: Broadcast, now: datetime, only: Collection[int] | None = None
    ) -> tuple[Chooser, Lines, float]:
        assert broadcast.launched_at is not None
        lines = gateway_lines(db, store.busy_elsewhere(db, broadcast.id))
        chooser = chooser_of(db, broadcast, lines, now, self.zone, only)
        chooser.allow(lines.first(broadcast.channels))
        return chooser, lines, max(0.0, (now - broadcast.launched_at).total_seconds())


def _idle(chooser: Chooser, lines: int, now: float, usual: Seconds) -> Seconds:
    """What the broadcast's own calls show of idle lines, until somebody had to be waited for."""
    calls = [Up(one.id, tried.started, tried.ended) for one in chooser.called for tried in one.tried]
    waiting = any(not one.tried and not one.closed and not one.acknowledged for one in chooser.called)
    return idle_of_calls(calls, lines, now if waiting else last_newcomer(calls), usual)


def _runs(people: int) -> int:
    return max(40, min(MOST_RUNS, PEOPLE_RUNS // max(1, people)))


def _goal(text: str, members: Sequence[Member]) -> Goal | None:
    try:
        return arrange(read_goal(text.strip() or "100%", resolver(members)))
    except GoalError:
        return None  # said beside the field


def _told(
    found: Forecast, people: Sequence[Named], goal: Goal | None, limit: float, counted: Sequence[bool] | None = None
) -> dict[str, Any]:
    counted = [True] * len(people) if counted is None else counted
    every = max(1, len(found.times) // POINTS)
    curve = zip(found.times, found.share, found.share_low, found.share_high, strict=True)
    doubtful = [
        (people[i], chance) for i, chance in found.least_likely(len(people)) if chance > DOUBTFUL and counted[i]
    ]
    unlikely = [(named, chance) for named, chance in doubtful if named.open][:UNLIKELY]
    told: dict[str, Any] = _shares(found) | {
        "people": sum(counted),
        "runs": found.runs,
        "reached": float(found.reached[np.array(counted, bool)].mean()) if any(counted) else 0.0,
        "curve": [[round(float(x), 4) for x in point] for point in list(curve)[::every]],
        "unlikely": [
            {"name": n.name, "department": n.department, "person": n.person_id, "chance": round(chance, 3)}
            for n, chance in unlikely
        ],
        "goal": None,
    }
    if goal is not None and found.goal is not None and found.goal_chance is not None:
        bound = min(limit, goal.within)
        told["goal"] = {
            "chance": found.goal_chance,
            "time": _estimate(found.goal),
            "within": None if math.isinf(bound) else bound,
        }
    return told


def _sooner(other: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Is the first share that can be foretold reached markedly sooner?"""
    found = likely(told)
    if found is None:
        return False
    share, estimate = found
    sooner, median = other[f"t{share}"][0], estimate[0]
    return sooner is not None and median is not None and sooner < (1.0 - MARKED) * median


def _shares(found: Forecast) -> dict[str, Any]:
    return {"t50": _estimate(found.t50), "t80": _estimate(found.t80), "t95": _estimate(found.t95)}


def _with_past(curve: list[list[float]], since: Sequence[float], now: float, people: int) -> list[list[float]]:
    """The curve with what has happened in the place of what was expected of it."""
    past = [[at, *[bisect_right(since, at) / max(1, people)] * 3] for at in (*since, now)]
    return [[0.0, 0.0, 0.0, 0.0], *past, *(point for point in curve if point[0] > now)]


def _estimate(found: Estimate) -> list[float | None]:
    """Median, low and high in seconds; None: never."""
    return [None if math.isinf(x) else round(x, 1) for x in (found.median, found.low, found.high)]
