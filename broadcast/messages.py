"""Is a message fit to be spoken on a telephone? Said before anything is made of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

MAX_SECONDS = 120
"""A message is heard standing in a corridor: two minutes are more than anybody keeps."""

CHARACTERS_A_SECOND = 4.5  # Mandarin as prompts are spoken
MAX_CHARACTERS = int(MAX_SECONDS * CHARACTERS_A_SECOND * 1.5)
MAX_TITLE = 120

_MARKUP = re.compile(r"</?[A-Za-z][^>]*>|&[a-z]+;|https?://\S+|\{[^{}]*\}|\$\{")
_SPOKEN = re.compile(r"[^\W_]", re.UNICODE)

Translate = Callable[[str], str]


def estimated_seconds(text: str) -> int:
    """About how long it takes to say this."""
    return round(len(re.sub(r"\s+", "", text)) / CHARACTERS_A_SECOND)


def clean_text(text: str) -> str:
    """The text with line ends and outer blanks put right; what is invisible goes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C").strip()


def message_fault(text: str, translate: Translate) -> str:
    """What is wrong with a message, in the reader's words; empty when nothing is."""
    if not text:
        return translate(_("There is no message yet. Write what is to be said."))
    if len(text) > MAX_CHARACTERS:
        return translate(
            _(
                "The message would take about ${seconds} seconds; ${most} is the most. "
                "Shorten it: say what happened, where, and what to do.",
                mapping={"seconds": estimated_seconds(text), "most": MAX_SECONDS},
            )
        )
    if not _SPOKEN.search(text):
        return translate(_("The message has no words that can be spoken."))
    markup = _MARKUP.search(text)
    if markup and markup.group().startswith("{"):
        return translate(
            _(
                "The incident does not say “${field}” yet. Write it into the message, or take ${part} out.",
                mapping={"field": markup.group()[1:-1][:40], "part": markup.group()[:42]},
            )
        )
    if markup:
        return translate(
            _(
                "“${part}” cannot be spoken on the telephone. Replace it by words.",
                mapping={"part": markup.group()[:40]},
            )
        )
    return ""


def length_fault(seconds: float, translate: Translate) -> str:
    """What is wrong with the length of a message that has been made; empty when nothing is."""
    if seconds <= MAX_SECONDS:
        return ""
    return translate(
        _(
            "The message takes ${seconds} seconds; ${most} is the most. Shorten it.",
            mapping={"seconds": round(seconds), "most": MAX_SECONDS},
        )
    )


_TO_A_PLACE = re.compile(r"到岗|到位|到场|赶到|赶赴|前往|集合|报到|go to|assemble|report (?:to|at)", re.IGNORECASE)


def calls_to_a_place(message: str) -> bool:
    """Does a message tell people to be somewhere? Then it is worth asking when they will be there."""
    return _TO_A_PLACE.search(message) is not None
