"""Names as they are typed on a Latin keyboard: pinyin and initials."""

from __future__ import annotations

# Characters that are read otherwise as a surname (《通用规范汉字字典》).
SURNAMES: dict[str, tuple[str, ...]] = {
    "单": ("shan",), "曾": ("zeng",), "仇": ("qiu",), "解": ("xie",), "区": ("ou",), "查": ("zha",), "任": ("ren",),
    "盖": ("ge",), "朴": ("piao",), "乐": ("yue",), "覃": ("qin",), "员": ("yun",), "缪": ("miao",), "秘": ("bi",),
    "冼": ("xian",), "翟": ("zhai",), "种": ("chong",), "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"),
}  # fmt: skip


def pinyin_of(name: str) -> tuple[str, str]:
    """``("zhangwei", "zw")`` for 张伟; Latin names are taken word by word."""
    plain = ["".join(c for c in syllable.lower() if c.isalnum()) for syllable in _syllables(name)]
    return "".join(plain)[:128], "".join(part[0] for part in plain if part)[:16]


def _syllables(name: str) -> list[str]:
    if name.isascii():
        return name.split()
    name = "".join(name.split())
    for surname in (name[:2], name[:1]):
        if surname in SURNAMES and len(name) > len(surname):
            return [*SURNAMES[surname], *_read(name[len(surname) :])]
    return _read(name)


def _read(characters: str) -> list[str]:
    from pypinyin import lazy_pinyin  # its dictionary takes most of a second, and most processes never read a name

    return list(lazy_pinyin(characters))
