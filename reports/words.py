"""How papers say things, in the language that was chosen for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from babel.support import Translations
from pyramid.i18n import TranslationString

from dutycenter.frame.i18n import DOMAIN, catalogue_folders, compile_catalogues
from dutycenter.frame.labels import label
from dutycenter.frame.numerals import numeral
from reports.paper import Cell, Rows
from reports.period import Month, Period, Quarter, Range, Year

NOTHING = "—"
LANGUAGES = ("zh_CN", "en")
_UNITS = ("B", "KB", "MB", "GB")


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == "en":  # the msgids themselves
        return NullTranslations()
    compile_catalogues()
    merged = Translations()
    for folder in catalogue_folders():
        found = Translations.load(str(folder), [language], DOMAIN)
        if isinstance(found, Translations):
            merged.merge(found)
    return merged


class Words:
    """A language and a zone.

    Args:
        language: one of ``LANGUAGES``.
        zone: the duty room's.
    """

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self.chinese = language.startswith("zh")

    def gettext(self, msgid: str, **values: object) -> str:
        """The words for a msgid, with what is to be filled in."""
        text = _catalogue(self.language).gettext(msgid)
        return text % values if values else text.replace("%%", "%")

    def label(self, member: StrEnum) -> str:
        """A vocabulary value's words."""
        return self.gettext(str(label(member)))

    def said(self, words: TranslationString) -> str:
        """What a page would say, in the paper's language."""
        return str(words.interpolate(_catalogue(self.language).gettext(str(words))))

    # --- putting together -------------------------------------------------------

    def join(self, sentences: Iterable[str]) -> str:
        """Sentences one after another; empty ones are left out."""
        return ("" if self.chinese else " ").join(text for text in sentences if text)

    def clauses(self, parts: Iterable[str]) -> str:
        """Parts of one sentence."""
        return ("，" if self.chinese else ", ").join(part for part in parts if part)

    def listed(self, names: Iterable[str]) -> str:
        """Things of one kind."""
        return ("、" if self.chinese else ", ").join(names)

    def colon(self, name: str, value: str) -> str:
        return f"{name}：{value}" if self.chinese else f"{name}: {value}"

    # --- numbers ------------------------------------------------------------------

    @staticmethod
    def number(count: int) -> str:
        """Thousands set apart: 12,345."""
        return f"{count:,}"

    @staticmethod
    def share(part: int, whole: int) -> str:
        """A share in percent with one decimal; a dash of nothing."""
        return f"{100 * part / whole:.1f}%" if whole else NOTHING

    def duration(self, seconds: int | None) -> str:
        """12秒, 1分05秒, 2小时03分; 12 s, 1 min 05 s, 2 h 03 min."""
        if seconds is None:
            return NOTHING
        minutes, rest = divmod(seconds, 60)
        if minutes == 0:
            return f"{rest}秒" if self.chinese else f"{rest} s"
        hours, minutes = divmod(minutes, 60)
        if hours == 0:
            return f"{minutes}分{rest:02d}秒" if self.chinese else f"{minutes} min {rest:02d} s"
        return f"{hours:,}小时{minutes:02d}分" if self.chinese else f"{hours:,} h {minutes:02d} min"

    @staticmethod
    def size(count: int) -> str:
        """Bytes as people read them."""
        amount = float(count)
        for unit in _UNITS:
            if amount < 1000:
                return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
            amount /= 1000
        return f"{amount:.1f} TB"

    # --- cells --------------------------------------------------------------------

    def count(self, number: int, rows: Rows | None = None) -> Cell:
        """A number of things; nothing is counted behind a zero."""
        return Cell(self.number(number), number, "count", rows if number else None)

    def part(self, part: int, whole: int) -> Cell:
        return Cell(self.share(part, whole), part / whole if whole else None, "share")

    def wait(self, seconds: int | None) -> Cell:
        return Cell(self.duration(seconds), seconds, "seconds")

    # --- time -----------------------------------------------------------------------

    def day(self, day: date) -> str:
        """Within a year: 10月1日, 1 Oct."""
        return f"{day.month}月{day.day}日" if self.chinese else f"{day.day} {day:%b}"

    def full_day(self, day: date) -> str:
        return f"{day.year}年{day.month}月{day.day}日" if self.chinese else f"{day.day} {day:%B} {day.year}"

    def month(self, month: Month) -> str:
        return f"{month.year}年{month.month}月" if self.chinese else f"{month.first:%B} {month.year}"

    def period(self, period: Period) -> str:
        """2026年10月, 2026年第四季度, 2026年, 2026年10月1日至15日."""
        if isinstance(period, Month):
            return self.month(period)
        if isinstance(period, Quarter):
            zh = f"{period.year}年第{numeral(period.quarter)}季度"
            return zh if self.chinese else f"Quarter {period.quarter} of {period.year}"
        if isinstance(period, Year):
            return f"{period.year}年" if self.chinese else f"{period.year}"
        assert isinstance(period, Range)
        return self.between(period.first, period.last)

    def between(self, first: date, last: date) -> str:
        if first == last:
            return self.full_day(first)
        dash = "至" if self.chinese else " to "
        return f"{self.full_day(first)}{dash}{self.full_day(last)}"

    def moment(self, at: datetime) -> str:
        """To the minute, in the duty room's zone."""
        local = at.astimezone(self.zone)
        return f"{self.full_day(local.date())}{'' if self.chinese else ', '}{local:%H:%M}"

    def short_moment(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())}{'' if self.chinese else ' '}{local:%H:%M}"

    def clock(self, at: datetime | None) -> str:
        """To the second; a dash for what didn't happen."""
        if at is None:
            return NOTHING
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())}{'' if self.chinese else ' '}{local:%H:%M:%S}"
