"""值班安排: who served, whether an hour was left empty, who answered."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.vocabulary import ShiftDuty
from reports.chapters import Telling
from reports.facts import Served
from reports.figures import gaps
from reports.paper import Block, Note, Paragraph, Part, Section
from reports.period import Span
from reports.words import DUTIES, number, share, short_moment

LISTED = 30  # people in the table
GAPS = 5  # named one by one


def tell(t: Telling) -> Section:
    """The chapter."""
    duty = t.facts.duty
    parts = [Part("值班排班", _served(t) if duty.served else [Paragraph("系统中无本月值班安排，出勤无从统计。")])]
    if duty.by_officer:
        parts.append(Part("来电接听人员", _officers(t)))
    return Section("值班出勤", parts=parts)


def uncovered(t: Telling) -> list[Span]:
    """Parts of the month so far that no shift covers; nothing to say where no roster was kept."""
    if not t.facts.duty.shifts:
        return []
    return gaps(t.facts.duty.shifts, Span(t.facts.span.start, t.facts.as_of))


def _served(t: Telling) -> list[Block]:
    served = t.facts.duty.served
    begun = sum(1 for shift in t.facts.duty.shifts if t.facts.span.holds(shift.start))
    said = f"本月排班{number(begun)}班次，{number(len({(s.name, s.department) for s in served}))}人参加值班。"
    empty = uncovered(t)
    if empty:
        said += f"有{len(empty)}段时间无人排班，共{_hours(sum(_seconds(gap) for gap in empty))}小时。"
    else:
        said += "全月各时段均有人值班。" if t.facts.complete else "至数据截止各时段均有人值班。"
    rows = _people(served)
    table = t.maker.table(
        "值班出勤（单位：班次）",
        ("姓名", "单位", *DUTIES.values(), "合计", "小时"),
        rows[:LISTED],
        align="llrrrrr",
        queries=["served", "shifts"],
        counting="按排班表统计，各职责列为班次数。",
    )
    blocks: list[Block] = [Paragraph(said), table]
    if len(rows) > LISTED:
        blocks.append(Note(f"仅列前{LISTED}人，其余{len(rows) - LISTED}人见系统。"))
    if empty:
        named = "；".join(f"{short_moment(gap.start, t.zone)}至{short_moment(gap.end, t.zone)}" for gap in empty[:GAPS])
        blocks.append(Note(f"无人排班的时段：{named}{'等' if len(empty) > GAPS else ''}。"))
    return blocks


def _people(served: Sequence[Served]) -> list[tuple[str, ...]]:
    """A row for each person, who served most comes first."""
    found: dict[tuple[str, str], dict[ShiftDuty, tuple[int, int]]] = {}
    for one in served:
        found.setdefault((one.name, one.department), {})[one.duty] = (one.shifts, one.seconds)
    rows = [
        (who, [duties.get(duty, (0, 0))[0] for duty in DUTIES], sum(seconds for _, seconds in duties.values()))
        for who, duties in found.items()
    ]
    rows.sort(key=lambda row: (-row[2], row[0]))
    return [
        (*who, *(number(count) for count in counts), number(sum(counts)), _hours(seconds))
        for who, counts, seconds in rows
    ]


def _officers(t: Telling) -> list[Block]:
    found = t.facts.duty.by_officer
    total = sum(found.values())
    rows = [(name or "未登记接听人", number(count), share(count, total)) for name, count in found.items()]
    rows = [*rows[:LISTED], ("合计", number(total), share(total, total))]
    return [
        t.maker.table(
            "来电接听人员（单位：次）",
            ("接听人", "接听", "占比"),
            rows,
            queries=["calls_by_officer"],
            counting="按接听来电的值班席登录账号归属。",
            total=True,
        )
    ]


def _seconds(span: Span) -> float:
    return (span.end - span.start).total_seconds()


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f}"
