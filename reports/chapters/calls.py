"""电话值守: what came in, who was answered and how soon, and when it rings."""

from __future__ import annotations

from collections.abc import Callable

from dutycenter.vocabulary import CallResult
from reports.chapters import Telling
from reports.facts import Activity
from reports.figures import by_day, by_hour, longest, only, percentile
from reports.paper import Block, Columns, Note, Paragraph, Part, Section
from reports.words import RESULTS, day_name, duration, number, share


def tell(t: Telling) -> Section:
    """The chapter."""
    if not t.now.calls.total:
        said = "本月值班电话无来电。"
        if t.baselines.before and t.facts.before.calls.total:
            said += f"上月来电{number(t.facts.before.calls.total)}次，请核实线路是否正常。"
        return Section("电话值守", parts=[Part("来电和接听", [Paragraph(said)])])
    return Section("电话值守", parts=[Part("来电和接听", _results(t)), Part("时段分布", _rhythm(t))])


def _total(activity: Activity) -> int:
    return activity.calls.total


def _with(result: CallResult | None) -> Callable[[Activity], int]:
    return lambda a: sum(n for found, n in a.calls.results.items() if found is result)


def _results(t: Telling) -> list[Block]:
    calls = t.now.calls
    table = t.compared(
        "来电接听情况（单位：次）",
        "结果",
        [(name, _with(result)) for result, name in RESULTS.items() if result or calls.results.get(None)],
        ("合计", _total),
        queries=["calls_by_result"],
        counting="每次来电只有一个结果。",
    )
    said = (
        f"本月值班电话来电{number(calls.total)}次，{t.change(_total, '次')}；"
        f"接听{number(calls.answered)}次，接通率{share(calls.answered, calls.total)}"
    )
    if t.baselines.before and t.facts.before.calls.total:
        said += f"（上月{share(t.facts.before.calls.answered, t.facts.before.calls.total)}）"
    missed = sum(
        n for result, n in calls.results.items() if result not in (None, CallResult.ANSWERED, CallResult.SERVED)
    )
    said += "。"
    if missed:
        said += f"未接听{number(missed)}次，"
        said += f"其中已处理{number(calls.settled)}次，待处理{number(calls.open)}次。" if calls.open else "均已处理。"
    else:
        said += "无漏接来电。"
    blocks: list[Block] = [Paragraph(said), table]
    if calls.to_answer:
        blocks += _waits(t)
    return blocks


def _waits(t: Telling) -> list[Block]:
    months = [("本月", t.now.calls.to_answer)]
    if t.baselines.before:
        months.append(("上月", t.facts.before.calls.to_answer))
    if t.baselines.year_before:
        months.append(("上年同月", t.facts.year_before.calls.to_answer))
    rows = [
        (
            name,
            number(sum(waits.values())),
            *(duration(value) for value in (percentile(waits, 50), percentile(waits, 90), longest(waits))),
        )
        for name, waits in months
    ]
    waits = t.now.calls.to_answer
    said = (
        f"从来电到达至值班席接听，半数来电不超过{duration(percentile(waits, 50))}，"
        f"九成不超过{duration(percentile(waits, 90))}，最长{duration(longest(waits))}。"
    )
    table = t.maker.table(
        "来电接听用时",
        ("月份", "接听次数", "中位数", "九成不超过", "最长"),
        rows,
        queries=["time_to_answer"],
        counting="自来电到达交换机至值班席接起的整秒数，含语音提示和排队时间；中位数、九成按最近秩法取值。",
    )
    return [Paragraph(said), table]


def _rhythm(t: Telling) -> list[Block]:
    quarters = t.facts.calls_by_quarter
    taken, missed = only(quarters, answered=True), only(quarters, answered=False)
    hours = [("接听", by_hour(taken, t.zone)), ("未接听", by_hour(missed, t.zone))]
    days = [("接听", by_day(taken, t.facts.month, t.zone)), ("未接听", by_day(missed, t.facts.month, t.zone))]
    per_hour = [sum(pair) for pair in zip(*(values for _, values in hours), strict=True)]
    per_day = [sum(pair) for pair in zip(*(values for _, values in days), strict=True)]
    busiest_hour, busiest_day = per_hour.index(max(per_hour)), per_day.index(max(per_day))
    total = sum(per_hour)
    night = sum(per_hour[hour] for hour in (*range(8), *range(18, 24)))
    hour_said = (
        f"来电最集中的时段为{busiest_hour}时至{busiest_hour + 1}时，共{number(per_hour[busiest_hour])}次，"
        f"占{share(per_hour[busiest_hour], total)}；工作时间以外（18时至次日8时）{number(night)}次，"
        f"占{share(night, total)}。"
    )
    quiet = sum(1 for count in per_day if count == 0)
    elapsed = t.facts.month.length if t.facts.complete else t.facts.as_of.astimezone(t.zone).day
    day_said = (
        f"日均来电{total / elapsed:.1f}次，{day_name(t.facts.month.dates[busiest_day])}最多，"
        f"为{number(per_day[busiest_day])}次"
    )
    day_said += f"；{quiet}天无来电。" if quiet and t.facts.complete else "。"
    by_hours = t.maker.figure(
        "来电时段分布",
        Columns([str(hour) for hour in range(24)], hours, "时", "次"),
        hour_said,
        queries=["calls_by_quarter"],
        counting="按来电到达的钟点归属。",
    )
    by_days = t.maker.figure(
        "逐日来电",
        Columns([str(day.day) for day in t.facts.month.dates], days, "日", "次"),
        day_said,
        queries=["calls_by_quarter"],
        counting="按来电到达的日期归属。",
    )
    blocks: list[Block] = [Paragraph(hour_said), by_hours, Paragraph(day_said), by_days]
    if not t.facts.complete:
        blocks.append(Note(f"本月尚未结束，日均按已过{elapsed}天计算。"))
    return blocks
