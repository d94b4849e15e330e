"""Words that are kept until somebody reads them, in whichever language; words within words too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.i18n import TranslationString

DOMAIN = "dutycenter"
MSGIDS = "en"  # the language that needs no catalogue


def keep(words: TranslationString) -> list[Any]:
    """Words as a column keeps them."""
    values = words.mapping or {}
    return [str(words), {name: keep(value) if _is_words(value) else value for name, value in values.items()}]


def kept(told: list[Any]) -> TranslationString:
    """The words again, to be translated."""
    values = {name: kept(value) if isinstance(value, list) else value for name, value in told[1].items()}
    return TranslationString(told[0], domain=DOMAIN, mapping=values or None)


def said(words: TranslationString, translate: Callable[[TranslationString], str]) -> str:
    """The words in a reader's language, with the words within them."""
    values = {
        name: said(value, translate) if _is_words(value) else value for name, value in (words.mapping or {}).items()
    }
    return translate(TranslationString(str(words), domain=DOMAIN, mapping=values or None))


def is_known(words: TranslationString, translate: Callable[[TranslationString], str]) -> bool:
    """Whether the reader's catalogue has these words; what another release kept may be gone from it."""
    return translate(TranslationString(str(words), domain=DOMAIN)) != str(words)


def read(told: list[Any] | None, text: str, translate: Callable[[TranslationString], str], language: str) -> str:
    """Kept words in the reader's language.

    Args:
        text: what is read where a person wrote it, or nobody knows the words any more.
    """
    if not told:
        return text
    words = kept(told)
    return said(words, translate) if language == MSGIDS or is_known(words, translate) else text


def _is_words(value: object) -> bool:
    return isinstance(value, TranslationString)
