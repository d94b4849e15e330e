"""``/find``: one box that finds anything.

A room registers how its things are found::

    config.add_finder(find_people)

    def find_people(request, text, limit) -> list[Found]: ...

The text is what somebody typed, stripped and not empty. Finders only read, and
answer nothing for what the reader may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyramid.config import Configurator
from pyramid.request import Request

from dutycenter.interfaces import Found

MAX_TEXT = 100
EACH = 8


Finder = Callable[[Request, str, int], Sequence[Found]]


def add_finder(config: Configurator, finder: Finder) -> None:
    """Directive ``config.add_finder``."""
    config.registry["dutycenter.finders"].append(config.maybe_dotted(finder))


def find(request: Request, text: str) -> list[Found]:
    """Everything that the registered finders know of the text."""
    wanted = text.strip()[:MAX_TEXT]
    if not wanted:
        return []
    finders: list[Finder] = request.registry["dutycenter.finders"]
    return [found for finder in finders for found in finder(request, wanted, EACH)]
