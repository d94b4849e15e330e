"""Text as it is to be spoken: what a synthesiser would read wrong is written out.

Markup is never read aloud; telephone numbers are read digit by digit (with
幺 for 1, as on the telephone), years too; percentages, times and decimals are
said as people say them.
"""

from __future__ import annotations

import re
import unicodedata

from pypinyin import Style, lazy_pinyin

DIGITS_ZH = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
TELEPHONE_ZH = {**DIGITS_ZH, "1": "幺"}
MARKS = {"；": ";", "：": ":", "，": ",", "、": ",", "（": ",", "）": ",", "—": ","}

_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>|https?://\S+|[\[\]{}<>|\\*_#`~^=\"“”《》【】「」『』]")
# Seven digits and more, with a zero in front, a public service's number, or after 拨打 or 电话.
_TELEPHONE = re.compile(r"(?<!\d)(?:\d[\d-]{5,}\d|0\d+|(?:12|95|96)\d{3}|(?<=拨打)\d+|(?<=电话)\d+)(?!\d)")
_PAIR = re.compile(r"(?<![\d.])2(?=\s?(?:[个名位次路辆台处起间户艘架条天人]|小时|公里))")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text without control characters, markup and superfluous space."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    text = "".join(chr(ord(c) - 0xFEE0) if "０" <= c <= "９" else c for c in text)
    return _SPACE.sub(" ", _MARKUP.sub(" ", text)).strip()


def chinese(text: str) -> str:
    """Clean Chinese text with its figures written out as they are said."""
    text = re.sub(r"(?<![\d.])(\d{4})(?=\s*年)", lambda m: _spell(m[1], DIGITS_ZH), text)
    text = re.sub(r"(?<!\d)(\d{1,2})[::](\d{2})(?!\d)", _time, text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s*[%%]", r"百分之\1", text)
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{m[1]}点{_spell(m[2], DIGITS_ZH)}", text)
    text = _TELEPHONE.sub(lambda m: _spell(m[0], TELEPHONE_ZH), text)
    text = _PAIR.sub("两", text)
    return re.sub(r"\d+", lambda m: _number(int(m[0])), text)


def pinyin(text: str) -> str:
    """Chinese text as pinyin with tone numbers, polyphones by their phrase.

    espeak-ng's own reading of characters knows no phrases (it says 市长 as
    *shi chang*), and on some builds spells half of them as Latin letters.
    """
    marked = "".join(MARKS.get(c, c) for c in text)
    syllables = lazy_pinyin(marked, style=Style.TONE3, neutral_tone_with_five=True)
    return re.sub(r"\s+([.,;:!?。！？])", r"\1", " ".join(syllables))


def paced(text: str) -> str:
    """Text with a breath after each sentence: espeak-ng pauses longest between paragraphs.

    A full stop before a small letter is no end of a sentence to it at all.
    """
    return re.sub(r"([。！？]|[.!?](?=\s|$))\s*", r"\1\n\n", text).strip()


def _spell(digits: str, words: dict[str, str]) -> str:
    return "".join(words.get(c, "") for c in digits)


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if minute == 0:
        return f"{hour}点整"
    return f"{hour}点{'零' if minute < 10 else ''}{minute}分"


def _number(value: int) -> str:
    """A whole number below a million in Chinese words."""
    if value >= 10000:
        rest = value % 10000
        gap = "零" if 0 < rest < 1000 else ""
        return _number(value // 10000) + "万" + gap + (_number(rest) if rest else "")
    words, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            words += ("零" if zero else "") + DIGITS_ZH[str(digit)] + name
            zero = False
        elif words:
            zero = True
    return (words or "零").removeprefix("一") if words.startswith("一十") else words or "零"
