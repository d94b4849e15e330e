"""Words that are kept until somebody reads them, in whichever language."""

from __future__ import annotations

from typing import Any

from pyramid.i18n import TranslationString

DOMAIN = "dutycenter"


def keep(words: TranslationString) -> list[Any]:
    """Words as a column keeps them."""
    return [str(words), words.mapping or {}]


def kept(told: list[Any]) -> TranslationString:
    """The words again, to be translated."""
    return TranslationString(told[0], domain=DOMAIN, mapping=told[1] or None)
