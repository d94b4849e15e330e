"""The read-only end of the river: queries, charts, documents."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    del config
