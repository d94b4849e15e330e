"""People who are called: departments, posts, numbers, deputies."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    del config
