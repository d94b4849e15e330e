"""How a text is split and counted as it is billed: 3GPP TS 23.038 (alphabets) and 23.040 (concatenation).

One character outside the GSM default alphabet – any Chinese one – makes the whole
text UCS-2: 70 units alone, 67 in each part of several, because 6 octets of each
part say how they belong together. In the GSM alphabet it is 160 and 153 septets,
and the characters of its extension table take two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
BEYOND_BMP = 0xFFFF


class Alphabet(StrEnum):
    """In which alphabet a text goes over the air."""

    GSM = "gsm-7"
    UCS2 = "ucs-2"


@dataclass(frozen=True)
class Count:
    """A text as it is billed.

    Args:
        characters: as people count them.
        parts: messages that are billed.
        left: units that still fit without one more part.
    """

    alphabet: Alphabet
    characters: int
    parts: int
    left: int


def alphabet_of(text: str) -> Alphabet:
    """The alphabet that the text needs."""
    return Alphabet.GSM if all(c in BASIC or c in EXTENDED for c in text) else Alphabet.UCS2


def split(text: str) -> list[str]:
    """The parts in which the text goes out; none is empty, and no character is torn apart."""
    if not text:
        return []
    size, alone, together = _measure(text)
    if sum(map(size, text)) <= alone:
        return [text]
    parts, used = [""], 0
    for character in text:
        if used + size(character) > together:
            parts.append("")
            used = 0
        parts[-1] += character
        used += size(character)
    return parts


def count(text: str) -> Count:
    """How many characters and parts the text has."""
    size, alone, together = _measure(text)
    parts = split(text)
    room = alone if len(parts) < 2 else together
    used = sum(map(size, parts[-1])) if parts else 0
    return Count(alphabet_of(text), len(text), len(parts), room - used)


def _measure(text: str) -> tuple[Callable[[str], int], int, int]:
    if alphabet_of(text) is Alphabet.GSM:
        return (lambda c: 2 if c in EXTENDED else 1), 160, 153
    return (lambda c: 2 if ord(c) > BEYOND_BMP else 1), 70, 67
