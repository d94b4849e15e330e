"""What one may type to find a choice: its name, its pinyin and initials, its code, what callers call it."""

from __future__ import annotations

from collections.abc import Iterable

from pyramid.registry import Registry

from dutycenter.directory.names import pinyin_of
from dutycenter.frame.i18n import translator
from dutycenter.incidents.classes import SAID, SUBTYPE_LABELS

SPOKEN = "zh_CN"  # the language of the keypad's pinyin, whatever the reader's screen is in


def keys_of(code: str, names: Iterable[str]) -> str:
    """Everything that finds the choice, in lower case, a blank between.

    Args:
        code: as the store holds it.
        names: what it is called, Chinese or other.
    """
    found = [code]
    for name in names:
        found.append(name)
        if not name.isascii():
            found.extend(pinyin_of(name))
    return " ".join(dict.fromkeys(" ".join(found).lower().split()))


def subtype_keys(registry: Registry) -> dict[str, str]:
    """``keys_of`` every sub-type, by code."""
    in_chinese = translator(registry, SPOKEN)
    return {
        code: keys_of(code, [in_chinese(label), str(label), *SAID.get(code, ())])
        for code, label in SUBTYPE_LABELS.items()
    }
