"""Periodic jobs, registered where the feature lives and run by the clerk.

``config.add_job(run, name="ledger.seal", seconds=2)`` or ``cron="5 0 1 * *"``
(minute hour day month weekday, in the duty room's zone). ``run(work)`` opens
its own units of work, finds what is left to do in the store and does it once,
however often and late it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.registry import Registry

from dutycenter.work import Work


@dataclass(frozen=True)
class Job:
    """One job: ``seconds`` between runs (the product's), or a ``cron`` line."""

    name: str
    run: Callable[[Work], None]
    seconds: float | None = None
    cron: str | None = None


def jobs_of(registry: Registry) -> list[Job]:
    """All registered jobs, by name."""
    found: dict[str, Job] = registry["dutycenter.jobs"]
    return [found[name] for name in sorted(found)]


def _add_job(
    config: Configurator,
    run: Callable[[Work], None],
    name: str,
    seconds: float | None = None,
    cron: str | None = None,
) -> None:
    if (seconds is None) == (cron is None):
        raise ValueError(f"job {name}: give either seconds or cron")
    jobs: dict[str, Job] = config.registry["dutycenter.jobs"]
    if name in jobs:
        raise ValueError(f"job {name} is registered twice")
    jobs[name] = Job(name, run, seconds, cron)


def includeme(config: Configurator) -> None:
    config.registry["dutycenter.jobs"] = {}
    config.add_directive("add_job", _add_job)
