"""What earlier calls say about a number: counted from the attempts, kept by hour band, forgotten with age."""

from __future__ import annotations

from pyramid.config import Configurator

from broadcast.history import jobs


def includeme(config: Configurator) -> None:
    config.add_job(jobs.count, name="history.count", seconds=3)
    config.add_job(jobs.fit, name="history.fit", seconds=60)
