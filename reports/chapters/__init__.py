"""The chapters of a periodic report, each made from facts alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dutycenter.vocabulary import ReportKind
from reports.facts import Activity, Facts, Seconds
from reports.figures import Baselines, Change, longest, percentile
from reports.paper import Cell, Maker, Rows, Table
from reports.period import Period
from reports.terms import Terms, terms
from reports.words import NOTHING, Words

Count = Callable[[Activity], int]


@dataclass(frozen=True)
class Base:
    """An earlier period to compare with."""

    period: Period
    activity: Activity
    name: str  # 上月
    rate: str  # 环比, the head of a column
    on: str  # 环比, in a sentence
    known: bool


@dataclass(frozen=True)
class Counted:
    """A row of a table: its name, how to count it, and which rows it counts."""

    name: str
    count: Count
    filters: Mapping[str, str]


class Telling:
    """What every chapter is given."""

    def __init__(self, facts: Facts, words: Words, maker: Maker) -> None:
        self.facts = facts
        self.words = words
        self.maker = maker
        self.gettext = words.gettext
        self.baselines = Baselines.of(facts, words.zone)

    @cached_property
    def terms(self) -> Terms:
        return terms(self.facts.period.kind, self.words)

    @property
    def period(self) -> Period:
        return self.facts.period

    @property
    def now(self) -> Activity:
        return self.facts.now

    @cached_property
    def bases(self) -> Sequence[Base]:
        """The period before, and the same one last year where that is another."""
        f, b, words = self.facts, self.baselines, self.terms
        before = Base(f.period.before, f.before, words.before, words.before_rate, words.on_before, b.before)
        if f.period.kind is ReportKind.YEAR:
            return [before]
        year = Base(f.period.year_before, f.year_before, words.year, words.year_rate, words.on_year, b.year_before)
        return [before, year]

    @property
    def before(self) -> Base:
        return self.bases[0]

    @property
    def alone(self) -> bool:
        """There is no earlier period to compare with."""
        return not any(base.known for base in self.bases)

    def against(self, base: Base, count: Count) -> Change:
        """This period's count against an earlier one's."""
        return Change(count(self.facts.now), count(base.activity), base.known)

    def change(self, count: Count) -> str:
        """All comparisons as half a sentence."""
        if self.alone:
            return self.gettext("no earlier figures to compare with")
        return self.words.clauses(self.change_words(self.against(base, count), base) for base in self.bases)

    def change_words(self, change: Change, base: Base) -> str:
        """One comparison: 环比增长12.5%."""
        _ = self.gettext
        if not change.known:
            return _("nothing known of %(base)s", base=base.name)
        if change.now == change.base:
            return _("the same as %(base)s", base=base.name)
        if change.percent is None:
            return _("none in %(base)s", base=base.name)
        amount = self._amount(change.percent)
        if change.now > change.base:
            return _("up %(percent)s%% %(on)s", percent=amount, on=base.on)
        return _("down %(percent)s%% %(on)s", percent=amount, on=base.on)

    def change_cell(self, change: Change) -> Cell:
        """One comparison in a table: +12.5%, −3.0%, 持平, and 新增 over zero."""
        if not change.known:
            return Cell(NOTHING)
        if change.now == change.base:
            return Cell(self.gettext("same"), 0.0, "share")
        if change.percent is None:
            return Cell(self.gettext("new"))
        sign = "+" if change.now > change.base else "−"
        return Cell(f"{sign}{self._amount(change.percent)}%", change.percent / 100, "share")

    def _amount(self, percent: float) -> str:
        """One decimal, but never 0.0 for what did change."""
        size = abs(percent)
        return f"{size:,.1f}" if size >= 0.05 else self.gettext("less than 0.1")

    def rows(self, kind: str, /, **filters: str) -> Rows:
        """What a number of this period counts."""
        return self.rows_of(self.period, kind, **filters)

    @staticmethod
    def rows_of(period: Period, kind: str, /, **filters: str) -> Rows:
        """What a number of another period counts."""
        return Rows(kind, period, tuple(sorted((name, str(value)) for name, value in filters.items())))

    def compared(
        self,
        title: str,
        first: str,
        kind: str,
        rows: Sequence[Counted],
        whole: Count,
        *,
        queries: Sequence[str],
        counting: str,
    ) -> Table:
        """A table of this period and the earlier ones, with the changes and a sum. ``kind`` is that of the rows."""
        w, _ = self.words, self.gettext
        bases = [] if self.alone else self.bases
        head = [first, self.terms.this, _("Share")]
        for base in bases:
            head += [base.name, base.rate]
        total = whole(self.now)
        lines = []
        for row in (*rows, Counted(_("Total"), whole, {})):
            count = row.count(self.now)
            line: list[Cell | str] = [
                row.name, w.count(count, self.rows(kind, **row.filters)), w.part(count, total),
            ]  # fmt: skip
            for base in bases:
                change = self.against(base, row.count)
                traced = self.rows_of(base.period, kind, **row.filters)
                line += [w.count(change.base, traced) if base.known else NOTHING, self.change_cell(change)]
            lines.append(line)
        told = [_("%(name)s is %(period)s.", name=base.name, period=w.period(base.period)) for base in bases]
        return self.maker.table(
            title, head, lines, queries=queries, counting=w.join([counting, *told]), total=True
        )  # fmt: skip

    def waits(self, title: str, first: str, pick: Callable[[Activity], Seconds], *, queries: Sequence[str],
              counting: str) -> Table:  # fmt: skip
        """A table of waits: how many, half within, nine in ten within, the longest; this period and earlier ones."""
        w, _ = self.words, self.gettext
        known = [(self.terms.this, pick(self.now))]
        known += [(base.name, pick(base.activity)) for base in self.bases if base.known]
        rows = [
            (name, w.count(sum(waits.values())), w.wait(percentile(waits, 50)), w.wait(percentile(waits, 90)),
             w.wait(longest(waits)))
            for name, waits in known
        ]  # fmt: skip
        head = (_("Period"), first, _("Half within"), _("Nine in ten within"),
                _("Longest"))  # fmt: skip
        return self.maker.table(title, head, rows, queries=queries, counting=counting)

    def within(self, waits: Seconds) -> str:
        """Half of the waits, nine in ten, and the longest, as a clause."""
        w = self.words
        return self.gettext(
            "half within %(half)s, nine in ten within %(most)s, the longest %(longest)s",
            half=w.duration(percentile(waits, 50)), most=w.duration(percentile(waits, 90)),
            longest=w.duration(longest(waits)),
        )  # fmt: skip
