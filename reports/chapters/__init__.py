"""The chapters of the month, each made from facts alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reports.facts import Activity, Facts
from reports.figures import Baselines, Change
from reports.paper import Maker, Table
from reports.words import month_name, number, share


@dataclass(frozen=True)
class Telling:
    """What every chapter is given."""

    facts: Facts
    zone: ZoneInfo
    baselines: Baselines
    maker: Maker

    @property
    def now(self) -> Activity:
        return self.facts.now

    @property
    def alone(self) -> bool:
        """There is no earlier month to compare with."""
        return not (self.baselines.before or self.baselines.year_before)

    def before(self, count: Callable[[Activity], int]) -> Change:
        """Against the month before (环比)."""
        return Change(count(self.facts.now), count(self.facts.before), self.baselines.before)

    def year(self, count: Callable[[Activity], int]) -> Change:
        """Against the same month of the year before (同比)."""
        return Change(count(self.facts.now), count(self.facts.year_before), self.baselines.year_before)

    def change(self, count: Callable[[Activity], int], unit: str) -> str:
        """Both comparisons as half a sentence."""
        if self.alone:
            return "环比、同比无可比数据"
        return f"{self.before(count).words('环比', unit)}，{self.year(count).words('同比', unit)}"

    def compared(
        self,
        title: str,
        first: str,
        rows: Sequence[tuple[str, Callable[[Activity], int]]],
        total: tuple[str, Callable[[Activity], int]],
        *,
        queries: Sequence[str],
        counting: str,
    ) -> Table:
        """A table of this month, the month before and the same month last year, with the changes and a sum."""
        month = self.facts.month
        head = (first, "本月", "占比") if self.alone else (first, "本月", "占比", "上月", "环比", "上年同月", "同比")
        whole = total[1](self.facts.now)
        lines = []
        for name, count in (*rows, total):
            before, year = self.before(count), self.year(count)
            line = [name, number(before.now), share(before.now, whole)]
            if not self.alone:
                line += [number(before.base) if before.known else "—", before.cell]
                line += [number(year.base) if year.known else "—", year.cell]
            lines.append(line)
        against = "" if self.alone else f"上月为{month_name(month.before)}，上年同月为{month_name(month.year_before)}。"
        return self.maker.table(title, head, lines, queries=queries, counting=counting + against, total=True)
