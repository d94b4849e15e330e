"""摘要: the month in a few sentences, and what stands out."""

from __future__ import annotations

from dutycenter.vocabulary import Disposition, IncidentClass, Outcome, RecordingState
from reports.chapters import Telling
from reports.chapters.broadcasts import by_department, with_outcome
from reports.chapters.duty import uncovered
from reports.chapters.incidents import of_class
from reports.figures import by_day, only, percentile, unusual_days
from reports.paper import Block, Items, Note, Paragraph, Part, Section
from reports.words import CLASSES, day_name, duration, lapses, month_name, number, share, short_moment

ANSWER_RATE = 0.9  # below it is pointed out
ACKNOWLEDGE_RATE = 0.6  # of a department
FEW = 5  # fewer people, calls or incidents than this say nothing about a rate
JUMP = 50  # percent of change from which on it is pointed out
BAD_NUMBERS = 0.05  # share of attempts to numbers that don't exist


def tell(t: Telling) -> Section:
    """The chapter."""
    unusual = anomalies(t)
    attention: list[Block] = [Items(unusual, "warning")] if unusual else [Paragraph("本月各项指标无明显异常。")]
    notes: list[Block] = [Note(t.baselines.note)] if t.baselines.note else []
    if not t.facts.complete:
        notes.append(Note(f"本月尚未结束，数据截至{short_moment(t.facts.as_of, t.zone)}，与整月比较仅供参考。"))
    return Section("摘要", parts=[Part("本月概况", [*_overview(t), *notes]), Part("值得注意的情况", attention)])


def _overview(t: Telling) -> list[Block]:
    facts, now = t.facts, t.now
    name = month_name(facts.month)
    if not (now.incidents.total or now.calls.total or now.broadcasts.broadcasts):
        return [Paragraph(f"{name}未接报突发事件，值班电话无来电，未发起叫应通知。")]
    texts = [f"{name}，{_incidents(t)}"]
    if now.calls.total:
        texts.append(
            f"值班电话来电{number(now.calls.total)}次，{t.change(lambda a: a.calls.total, '次')}；"
            f"接通率{share(now.calls.answered, now.calls.total)}"
            + (f"，半数来电在{duration(percentile(now.calls.to_answer, 50))}内接听。" if now.calls.to_answer else "。")
        )
    else:
        texts.append("值班电话无来电。")
    b = now.broadcasts
    if b.recipients:
        called = b.recipients - with_outcome(Outcome.NOT_CALLED)(now)
        acknowledged = with_outcome(Outcome.ACKNOWLEDGED)(now)
        texts.append(
            f"发起叫应通知{number(b.broadcasts)}次、{number(b.recipients)}人次，"
            f"已确认{number(acknowledged)}人次，确认率{share(acknowledged, called)}。"
        )
    else:
        texts.append("未发起叫应通知。")
    d = facts.deadlines
    if d.total:
        late, missed = sum(d.late.values()), sum(d.missed.values())
        texts.append(f"信息报送{lapses(late, missed)}。" if late or missed else "信息报送无迟报、漏报。")
    kept = facts.recorded(RecordingState.KEPT)
    if facts.recorded():
        texts.append(f"录音入库存证{number(kept)}段。")
    return [Paragraph("".join(texts))]


def _incidents(t: Telling) -> str:
    incidents = t.now.incidents
    if not incidents.total:
        return "未接报突发事件。"
    classes = [(CLASSES[kind], of_class(kind)(t.now)) for kind in (*IncidentClass, None)]
    parts = "、".join(f"{name}{number(count)}起" for name, count in classes if count)
    said = f"接报突发事件{number(incidents.total)}起，{t.change(lambda a: a.incidents.total, '起')}，其中{parts}。"
    if t.facts.notable_count:
        return said + f"较大以上事件{number(t.facts.notable_count)}起。"
    return said + "无较大以上事件。"


def anomalies(t: Telling) -> list[str]:
    """What stands out, each as a sentence with its figures; the gravest first."""
    return [*_evidence(t), *_reporting(t), *_calls(t), *_callouts(t), *_jumps(t)]


def _evidence(t: Telling) -> list[str]:
    said = []
    missing = t.facts.recorded(RecordingState.MISSING)
    if missing:
        said.append(f"{number(missing)}段录音文件缺失，证据不完整，须查明原因。")
    unsealed = t.facts.ledger.entries - t.facts.ledger.sealed
    if unsealed and t.facts.complete:
        said.append(f"台账有{number(unsealed)}条尚未封存，请检查封存任务是否正常运行。")
    empty = uncovered(t)
    if empty:
        hours = sum((gap.end - gap.start).total_seconds() for gap in empty) / 3600
        said.append(f"排班表有{len(empty)}段空缺，共{hours:,.1f}小时无人值班。")
    return said


def _reporting(t: Telling) -> list[str]:
    late, missed = sum(t.facts.deadlines.late.values()), sum(t.facts.deadlines.missed.values())
    if not (late or missed):
        return []
    return [f"信息报送{lapses(late, missed)}。"]


def _calls(t: Telling) -> list[str]:
    calls, said = t.now.calls, []
    if calls.total >= FEW and calls.answered / calls.total < ANSWER_RATE:
        said.append(f"接通率{share(calls.answered, calls.total)}，低于{ANSWER_RATE:.0%}。")
    if calls.open:
        said.append(f"{number(calls.open)}次未接听的来电至今无人处理。")
    missed = by_day(only(t.facts.calls_by_quarter, answered=False), t.facts.month, t.zone)
    taken = by_day(only(t.facts.calls_by_quarter, answered=True), t.facts.month, t.zone)
    days = [a + b for a, b in zip(missed, taken, strict=True)]
    average = sum(days) / len(days)
    said += [
        f"{day_name(day)}来电{number(count)}次，明显多于日均的{average:.1f}次。"
        for day, count in unusual_days(days, t.facts.month.dates)
    ]
    return said


def _callouts(t: Telling) -> list[str]:
    said = []
    for department, counts in by_department(t.now.broadcasts).items():
        called = sum(counts.values()) - counts.get(Outcome.NOT_CALLED, 0)
        acknowledged = counts.get(Outcome.ACKNOWLEDGED, 0)
        if called >= FEW and acknowledged / called < ACKNOWLEDGE_RATE:
            said.append(
                f"{department or '未填单位者'}叫应确认率{share(acknowledged, called)}"
                f"（{number(called)}人次中{number(acknowledged)}人次），低于{ACKNOWLEDGE_RATE:.0%}。"
            )
    attempts = t.now.broadcasts.attempts
    total, bad = sum(attempts.values()), attempts.get(Disposition.NO_SUCH_NUMBER, 0)
    if total >= FEW and bad / total >= BAD_NUMBERS:
        said.append(f"拨打中空号占{share(bad, total)}（{number(bad)}次），通讯录号码需要核对。")
    lines = attempts.get(Disposition.GATEWAY_DOWN, 0) + attempts.get(Disposition.CONGESTION, 0)
    if lines:
        said.append(f"因中继中断或线路拥塞未能拨出{number(lines)}次，请检查线路。")
    return said


def _jumps(t: Telling) -> list[str]:
    said = []
    for kind in IncidentClass:
        change = t.before(of_class(kind))
        if change.percent is not None and abs(change.percent) >= JUMP and max(change.now, change.base) >= FEW:
            said.append(
                f"{CLASSES[kind]}{number(change.now)}起，上月{number(change.base)}起，{change.words('环比', '起')}。"
            )
    return said
