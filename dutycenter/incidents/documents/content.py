"""What a written report consists of: its fields, their limits, its name, its hash. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pyramid.i18n import TranslationString, TranslationStringFactory

from dutycenter.frame.labels import label
from dutycenter.frame.numerals import numeral
from dutycenter.incidents.elements import without_controls
from dutycenter.ledger.canonical import canonical
from dutycenter.vocabulary import SituationKind

_ = TranslationStringFactory("dutycenter")

LIMITS: Mapping[str, int] = {"title": 255, "addressee": 255, "body": 20_000, "signer": 64, "contact": 128}
LABELS: Mapping[str, str] = {
    "title": _("Title"), "addressee": _("Addressee"), "body": _("Text"), "signer": _("Signed by"),
    "contact": _("Contact and number"),
}  # fmt: skip
_HEADING = re.compile(r"(?:[一二三四五六七八九十]{1,3}、|[0-9]{1,2}[..]?  ?)(?P<title>[^\n。;.;]{1,40})")


class TextFault(ValueError):
    """A text cannot be kept. ``args[0]`` is a translation string for the reader."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


@dataclass(frozen=True)
class Passage:
    """A part of the text below one heading; empty where the text begins without one."""

    title: str
    paragraphs: tuple[str, ...]


def cleaned(typed: Mapping[str, str]) -> dict[str, str]:
    """The fields among what was typed, without control and direction characters.

    Raises:
        TextFault: one is longer than the store holds.
    """
    found = {}
    for name, limit in LIMITS.items():
        if name not in typed:
            continue
        text = without_controls(typed[name]).strip()
        if name != "body":
            text = " ".join(text.split())
        if len(text) > limit:
            raise TextFault(_("A field has ${length} characters; ${limit} are the most.",
                              mapping={"length": len(text), "limit": limit}))  # fmt: skip
        found[name] = text
    return found


def passages(body: str) -> list[Passage]:
    """The text by its headings: lines such as ``一、基本情况`` or ``1. Facts``."""
    found: list[tuple[str, list[str]]] = []
    for line in (line.strip() for line in body.split("\n")):
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            found.append((heading["title"].strip(), []))
        elif line:
            if not found:
                found.append(("", []))
            found[-1][1].append(line)
    return [Passage(title, tuple(paragraphs)) for title, paragraphs in found]


def name_words(kind: SituationKind, ordinal: int | None) -> TranslationString:
    """What people call it: 初报, 续报二, 终报; the catalogue chooses how its language counts."""
    if ordinal is None or (kind is not SituationKind.FOLLOW_UP and ordinal == 1):
        return label(kind)
    values = {"n": str(ordinal), "numeral": numeral(ordinal)}
    if kind is SituationKind.FINAL:
        return _("Final report ${n}", mapping=values)
    return _("Follow-up report ${n}", mapping=values)


def hashes(content: Mapping[str, object]) -> tuple[str, str]:
    """SHA-256 and SM3 of a report's content, written down in the ledger's canonical way."""
    data = canonical(content).encode()
    return hashlib.sha256(data).hexdigest(), hashlib.new("sm3", data).hexdigest()
