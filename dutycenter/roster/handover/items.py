"""What is open, as the rooms tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyramid.request import Request


@dataclass(frozen=True)
class OpenItem:
    """Something that the next officer must know of.

    Args:
        subject: what it is about, ``kind:id``, as in the ledger.
        text: what is open, in the reader's language.
        path: where it is shown; empty for a mere note.
    """

    subject: str
    text: str
    path: str = ""


Provider = Callable[[Request], Sequence[OpenItem]]


def open_items(request: Request) -> list[OpenItem]:
    """Everything that the rooms have open now."""
    providers: list[Provider] = request.registry["dutycenter.open_items"]
    return [item for provider in providers for item in provider(request)]
