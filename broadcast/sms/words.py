"""What a text message says, and what a text that comes back means."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from dutycenter.vocabulary import SmsMeaning

EXERCISE = "【演练】"
LONGEST_REPLY = 1000

# As people answer a notice by hand. Only a whole text counts: "收到,但来不了" is for people to read.
_ACKNOWLEDGES = frozenset({"1", "收到", "已收到", "1收到", "收到1", "确认"})
_DECLINES = frozenset({"4", "不能到", "4不能到"})
_ARRIVED = frozenset({"已到", "到了", "已到达", "到位", "已到位", "报到"})
_ARRIVES = re.compile(
    r"\W*(?:(?:1|收到)[\s\W]+)?(?P<minutes>[0-9]{1,4})\s*(?:分钟|分|min|minutes)\s*[后内]?\s*[能可]?(?:到|到达|到位)?\W*"
)
_MARKS = re.compile(r"[\s\W_]+", re.UNICODE)


def compose(message: str, ending: str, *, exercise: bool) -> str:
    """The text of a notice; an exercise says so before anything else.

    Args:
        message: as it is spoken.
        ending: who writes and how to answer.
    """
    text = "\n".join(part for part in (message.strip(), ending.strip()) if part)
    return EXERCISE + text if exercise else text


@dataclass(frozen=True)
class Arrival:
    """Somebody writes when they will be there, or, without ``minutes``, that they are."""

    minutes: int | None = None


def arrival_of(text: str) -> Arrival | None:
    """What a reply says of the arrival: 「20分钟到」, 「1,20分钟」, 「已到」."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _MARKS.sub("", plain) in _ARRIVED:
        return Arrival()
    found = _ARRIVES.fullmatch(plain)
    return None if found is None else Arrival(int(found["minutes"]))


def meaning_of(text: str) -> SmsMeaning:
    """What a reply says: full-width digits, blanks and marks around it make no difference. Who comes has accepted."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    if bare in _ACKNOWLEDGES or arrival_of(text) is not None:
        return SmsMeaning.ACKNOWLEDGE
    return SmsMeaning.DECLINE if bare in _DECLINES else SmsMeaning.OTHER


def clean_reply(text: str) -> str:
    """A foreign text as it may be kept and shown: without what is invisible, and not endless."""
    kept = (c if c == "\n" or unicodedata.category(c)[0] != "C" else " " for c in text[: 2 * LONGEST_REPLY])
    return "".join(kept).strip()[:LONGEST_REPLY]
