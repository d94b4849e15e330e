"""Plans (预案): who is called, how, until what goal, and what follows if they are not reached."""

from __future__ import annotations

from pyramid.config import Configurator

from broadcast.plans import models  # noqa: F401 (its tables are referred to by the broadcasts')


def includeme(config: Configurator) -> None:
    """Nothing to register yet but the tables."""
