"""What is open, as the rooms tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyramid.i18n import TranslationString
from pyramid.request import Request

from dutycenter.kept_words import said


@dataclass(frozen=True)
class OpenItem:
    """Something that the next officer must know of.

    Args:
        subject: what it is about, ``kind:id``, as in the ledger.
        text: what is open, in the reader's language.
        path: where it is shown; empty for a mere note.
        words: what ``text`` is a translation of; None where a person wrote it.
    """

    subject: str
    text: str
    path: str = ""
    words: TranslationString | None = None


Provider = Callable[[Request], Sequence[OpenItem]]


def open_item(request: Request, subject: str, words: TranslationString, path: str) -> OpenItem:
    """What a room has open, in the reader's language, and so that the next one reads it in theirs."""
    return OpenItem(subject, said(words, request.localizer.translate), path, words)


def open_items(request: Request) -> list[OpenItem]:
    """Everything that the rooms have open now."""
    providers: list[Provider] = request.registry["dutycenter.open_items"]
    return [item for provider in providers for item in provider(request)]
