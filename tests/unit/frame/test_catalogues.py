"""Every word that people read is there in Chinese, once, and set as Chinese is."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from dutycenter.frame.i18n import catalogue_folders, packages

METHODS = [("**.py", "python"), ("**.jinja2", "jinja2")]
OPTIONS = {"**.jinja2": {"trimmed": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
CHINESE = "\u3400-\u9fff"
# A half-width mark beside a Chinese character; times and ratios have digits beside theirs.
HALF_WIDTH = re.compile(rf"[{CHINESE}][,:;?!()]|[,:;?!()][{CHINESE}]")
PLACEHOLDER = re.compile(r"\$\{\w+\}|%\(\w+\)[sd]")

Words = str | tuple[str, ...]


@cache
def used(package: Path) -> dict[Words, str]:
    """Every msgid that the package uses, and where."""
    found: dict[Words, str] = {}
    for name, line, msgid, _comments, _context in extract_from_dir(
        package, METHODS, OPTIONS, keywords=KEYWORDS, strip_comment_tags=False
    ):
        if msgid:
            found.setdefault(msgid if isinstance(msgid, str) else tuple(msgid), f"{package.name}/{name}:{line}")
    return found


@cache
def catalogues() -> dict[Path, Catalog]:
    """Every Chinese catalogue."""
    read = {}
    for folder in catalogue_folders():
        for place in folder.glob("zh_CN/LC_MESSAGES/dutycenter.po"):
            with place.open("rb") as file:
                read[place] = read_po(file, locale="zh_CN")
    return read


def messages() -> list[tuple[Path, Words, str]]:
    """Every translation: where it stands, of what, what."""
    return [
        (place, message.id if isinstance(message.id, str) else tuple(message.id), _text(message.string))
        for place, catalogue in catalogues().items()
        for message in catalogue
        if message.id
    ]


def _text(string: str | tuple[str, ...]) -> str:
    return string if isinstance(string, str) else string[0]


# Where a report is counted, Chinese writes the same number as a numeral (续报二).
ORDINAL = ("${numeral}", "${n}")


class TestCatalogues:
    @pytest.mark.parametrize("package", packages(), ids=lambda package: package.name)
    def test_they_translate_every_word(self, package: Path) -> None:
        translated = {msgid for _place, msgid, text in messages() if text}

        missing = [f"{place}: {msgid!r}" for msgid, place in used(package).items() if msgid not in translated]

        assert used(package)
        assert not missing, "\n".join(missing)

    def test_they_have_no_word_that_nobody_uses(self) -> None:
        needed = {msgid for package in packages() for msgid in used(package)}

        unused = [f"{place}: {msgid!r}" for place, msgid, _text in messages() if msgid not in needed]

        assert not unused, "\n".join(unused)

    def test_they_say_the_same_for_the_same_words(self) -> None:
        # Rooms share one domain: of two translations only one would be read, in both places.
        said: dict[Words, dict[str, Path]] = defaultdict(dict)
        for place, msgid, text in messages():
            said[msgid].setdefault(text, place)

        differing = [f"{msgid!r}: {texts}" for msgid, texts in said.items() if len(texts) > 1]

        assert not differing, "\n".join(differing)

    def test_they_keep_what_is_filled_in(self) -> None:
        changed = [
            f"{place}: {msgid!r}"
            for place, msgid, text in messages()
            if set(PLACEHOLDER.findall(text.replace(*ORDINAL)))
            != set(PLACEHOLDER.findall(msgid if isinstance(msgid, str) else msgid[-1]))
        ]

        assert not changed, "\n".join(changed)

    def test_they_set_chinese_with_full_width_marks(self) -> None:
        half = [f"{place}: {text}" for place, _msgid, text in messages() if HALF_WIDTH.search(text)]

        assert not half, "\n".join(half)
