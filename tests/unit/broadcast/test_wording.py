"""Goals in words: the same in whichever language they were written."""

from __future__ import annotations

import pytest
from pyramid.i18n import TranslationString

from broadcast.wording import goal_words


def translate(words: TranslationString) -> str:
    return words.interpolate()


@pytest.mark.parametrize(
    ("text", "seconds", "english"),
    [
        ("", None, "everybody"),
        ("", 90, "everybody, within 1 min 30 s"),
        ("60% within 5 min", 300, "60%, within 5 min"),
        ("60% within 5 min", None, "60%, within 5 min"),
        ("80%", 300, "80%, within 5 min"),
        ("(书记 或 县长) 且 应急局x1，水利×2 5分钟内", None, "(书记 or 县长) and 应急局×1 and 水利×2, within 5 min"),
        ("书记, 10 s", None, "书记, within 10 s"),
        ('书记 "', 300, '书记 "'),
    ],
)
def test_whatever_the_language_it_was_written_in(text: str, seconds: int | None, english: str) -> None:
    assert goal_words(text, seconds, translate) == english
