"""What a forecast says, in sentences to be translated. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

SHARES = (95, 80, 50)  # per cent

Translate = Callable[[str], str]


def clock(seconds: float) -> str:
    """``2:10``, or ``1:02:10``."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def spoken(seconds: float, translate: Translate) -> str:
    """A time as it is said."""
    whole = max(1, round(seconds))
    if whole < 60:
        return translate(_("${s} s", mapping={"s": whole}))
    if whole < 3600 and whole % 60:
        return translate(_("${m} min ${s} s", mapping={"m": whole // 60, "s": whole % 60}))
    return translate(_("${m} min", mapping={"m": whole // 60}))


def interval(estimate: Sequence[float | None], translate: Translate) -> str:
    """The 80 % interval of a time; an open end is said."""
    low, high = estimate[1], estimate[2]
    assert low is not None
    if high is None:
        return translate(_("80% interval from ${low}, possibly never", mapping={"low": clock(low)}))
    return translate(_("80% interval ${low}–${high}", mapping={"low": clock(low), "high": clock(high)}))


def likely(told: Mapping[str, Any]) -> tuple[int, Sequence[float | None]] | None:
    """The largest share that is reached in the middle of cases, in per cent, and when; None: not even half."""
    return next(((share, told[f"t{share}"]) for share in SHARES if told[f"t{share}"][0] is not None), None)


def launch_sentence(told: Mapping[str, Any], translate: Translate) -> str:
    """When 95 % will have acknowledged, on so many lines and on more; where that is not to be had, what is."""
    found = likely(told)
    if found is None:
        return _in_the_end(told, translate)
    share, estimate = found
    mapping = {
        "share": share,
        "time": spoken(estimate[0] or 0.0, translate),
        "interval": interval(estimate, translate),
        "lines": told["lines"],
    }
    said = translate(_("${share}% acknowledged in ${time} (${interval}), ${lines} at once", mapping=mapping))
    more = told.get("more")
    if more and more[f"t{share}"][0] is not None:
        mapping = {"lines": more["lines"], "time": clock(more[f"t{share}"][0])}
        said += translate(_("; with ${lines}: ${time}", mapping=mapping))
    ring = told.get("ring")
    if ring and ring[f"t{share}"][0] is not None:
        mapping = {"seconds": ring["seconds"], "time": clock(ring[f"t{share}"][0])}
        said += translate(_("; ringing for ${seconds} s: ${time}", mapping=mapping))
    return said if share == SHARES[0] else said + " · " + _in_the_end(told, translate)


def live_sentence(told: Mapping[str, Any], translate: Translate) -> str:
    """When 95 % will have acknowledged, by the clock that began at the launch."""
    reached = next((share for share in SHARES if told["acknowledged"] >= math.ceil(share / 100 * told["people"])), 0)
    found = likely(told)
    if reached == SHARES[0]:
        return translate(_("95% have acknowledged"))
    if found is None or found[0] <= reached:
        return _in_the_end(told, translate)
    share, estimate = found
    mapping = {"share": share, "time": clock(estimate[0] or 0.0), "interval": interval(estimate, translate)}
    said = translate(_("${share}% expected at ${time} (${interval})", mapping=mapping))
    return said if share == SHARES[0] else said + " · " + _in_the_end(told, translate)


def _in_the_end(told: Mapping[str, Any], translate: Translate) -> str:
    mapping = {"share": round(100 * told["reached"]), "people": told["people"]}
    return translate(_("about ${share}% of ${people} will acknowledge in the end", mapping=mapping))


def goal_sentence(goal: Mapping[str, Any] | None, translate: Translate) -> str:
    """How likely the goal is met, and when; empty without one."""
    if goal is None:
        return ""
    chance = percent(goal["chance"])
    median = goal["time"][0]
    if goal["within"] is not None:
        return translate(
            _(
                "The goal is met within ${within} with a probability of ${chance}",
                mapping={"within": spoken(goal["within"], translate), "chance": chance},
            )
        )
    if median is None:
        return translate(_("The goal is met with a probability of ${chance}", mapping={"chance": chance}))
    return translate(
        _(
            "The goal is met with a probability of ${chance}, most likely at ${time}",
            mapping={"chance": chance, "time": clock(median)},
        )
    )


def percent(chance: float) -> str:
    """A probability; nothing is certain that was only simulated."""
    if chance >= 0.995:
        return "> 99%"
    if chance <= 0.005:
        return "< 1%"
    return f"{round(100 * chance)}%"
