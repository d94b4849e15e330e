"""突发事件: what happened, where, how it was told, and whether in time."""

from __future__ import annotations

from collections.abc import Callable

from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level
from reports.chapters import Telling
from reports.facts import LOSSES, Activity
from reports.paper import Block, Note, Paragraph, Part, Section
from reports.words import (
    CHANNELS,
    CLASSES,
    LEVELS,
    NOTHING,
    REPORTS,
    STATUSES,
    lapses,
    number,
    share,
    short_moment,
)
from reports.words import LOSSES as LOSS_NAMES

COUNTED = "类别、级别以报告生成时的核定为准。"


def tell(t: Telling) -> Section:
    """The chapter."""
    incidents = t.now.incidents
    if not incidents.total:
        opening = "本月未接报突发事件。"
        if t.baselines.before and t.facts.before.incidents.total:
            opening += f"上月接报{number(t.facts.before.incidents.total)}起。"
        parts = [Part("接报情况", [Paragraph(opening)])]
    else:
        parts = [
            Part("类别和级别", _kinds(t)),
            Part("发生地区和信息来源", _places(t)),
            Part("较大以上事件", _notable(t)),
        ]
    return Section("突发事件", parts=[*parts, Part("信息报送时限", _deadlines(t))])


def of_class(kind: IncidentClass | None) -> Callable[[Activity], int]:
    """Counts the incidents of a class."""
    return lambda a: sum(n for (found, _), n in a.incidents.kinds.items() if found is kind)


def _of_level(level: Level | None) -> Callable[[Activity], int]:
    return lambda a: sum(n for (_, found), n in a.incidents.kinds.items() if found is level)


def _total(activity: Activity) -> int:
    return activity.incidents.total


def _kinds(t: Telling) -> list[Block]:
    incidents = t.now.incidents
    classes = [kind for kind in CLASSES if kind or of_class(None)(t.now)]
    levels = [level for level in LEVELS if level or _of_level(None)(t.now)]
    rows = [
        (
            CLASSES[kind],
            *(number(incidents.kinds.get((kind, level), 0)) for level in levels),
            number(of_class(kind)(t.now)),
        )
        for kind in classes
    ]
    rows.append(("合计", *(number(_of_level(level)(t.now)) for level in levels), number(incidents.total)))
    matrix = t.maker.table(
        "突发事件类别和级别（单位：起）",
        ("类别", *(LEVELS[level] for level in levels), "合计"),
        rows,
        queries=["incidents_by_kind"],
        counting=COUNTED,
        total=True,
    )
    most = max((kind for kind in classes), key=lambda kind: of_class(kind)(t.now))
    closed = incidents.statuses.get(IncidentStatus.CLOSED, 0)
    said = (
        f"本月接报突发事件{number(incidents.total)}起，{t.change(_total, '起')}。"
        f"{_leading(CLASSES[most], of_class(most)(t.now), incidents.total, '为')}"
        f"已办结{number(closed)}起，处置中{number(incidents.total - closed)}起。{_losses(t)}"
    )
    blocks: list[Block] = [Paragraph(said), matrix]
    if not t.alone:
        blocks.append(
            t.compared(
                "各类突发事件环比和同比（单位：起）",
                "类别",
                [(CLASSES[kind], of_class(kind)) for kind in classes],
                ("合计", _total),
                queries=["incidents_by_kind"],
                counting=COUNTED,
            )
        )
    missing = [f"{number(of_class(None)(t.now))}起未填类别"] if of_class(None)(t.now) else []
    graded = [kind for kind in IncidentClass if kind is not IncidentClass.SECURITY]
    ungraded = sum(incidents.kinds.get((kind, None), 0) for kind in graded)
    missing += [f"{number(ungraded)}起应定级而未定级"] if ungraded else []
    if missing:
        blocks.append(Note(f"数据缺项：{'，'.join(missing)}。社会安全事件依法可不定级。"))
    return blocks


def _leading(name: str, count: int, total: int, verb: str) -> str:
    """The largest part of the incidents, in words that fit all of them, one of them, or most of them."""
    if count == total:
        return f"{'均' if total > 1 else '该事件'}{verb}{name}。"
    most = f"其中{name}最多" if verb == "为" else f"{verb}{name}的最多"
    return f"{most}，有{number(count)}起，占{share(count, total)}。"


def _losses(t: Telling) -> str:
    found = [f"{LOSS_NAMES[name]}{number(t.now.incidents.losses[name])}人" for name in LOSSES
             if t.now.incidents.losses.get(name)]  # fmt: skip
    return f"据已填报情况，共造成{'、'.join(found)}。" if found else "已填报情况中无人员伤亡。"


def _places(t: Telling) -> list[Block]:
    incidents = t.now.incidents
    names = [name for name in incidents.districts if name is not None]
    if None in incidents.districts:
        names.append("")
    districts = t.compared(
        "突发事件发生地区（单位：起）",
        "地区",
        [(name or "未填地区", _in_district(name or None)) for name in names],
        ("合计", _total),
        queries=["incidents_by_district"],
        counting="按事件登记的行政区划归属。",
    )
    channels = t.compared(
        "突发事件信息来源（单位：起）",
        "来源",
        [(name, _by_channel(channel)) for channel, name in CHANNELS.items() if incidents.channels.get(channel)],
        ("合计", _total),
        queries=["incidents_by_channel"],
        counting="按首次报到的方式归属。",
    )
    most = max(incidents.channels, key=lambda c: incidents.channels[c])
    said = _leading(CHANNELS[most], incidents.channels[most], incidents.total, "信息来自")
    if names and names[0]:
        top = max((name for name in names if name), key=lambda name: incidents.districts[name])
        said = _leading(top, incidents.districts[top], incidents.total, "发生在") + said
    return [Paragraph(said), districts, channels]


def _in_district(name: str | None) -> Callable[[Activity], int]:
    return lambda a: a.incidents.districts.get(name, 0)


def _by_channel(channel: object) -> Callable[[Activity], int]:
    return lambda a: sum(n for found, n in a.incidents.channels.items() if found is channel)


def _notable(t: Telling) -> list[Block]:
    facts = t.facts
    if not facts.notable_count:
        return [Paragraph("本月无较大以上突发事件。")]
    rows = [
        (
            incident.number,
            short_moment(incident.reported_at, t.zone),
            incident.title or "（未填标题）",
            CLASSES[incident.incident_class],
            LEVELS[incident.level],
            incident.district or NOTHING,
            STATUSES[incident.status],
        )
        for incident in facts.notable
    ]
    table = t.maker.table(
        "较大以上突发事件",
        ("编号", "接报时间", "事件", "类别", "级别", "地区", "状态"),
        rows,
        align="lllllll",
        queries=["notable_incidents"],
        counting="级别为较大、重大、特别重大的事件，按接报时间排列。",
    )
    blocks: list[Block] = [Paragraph(f"本月接报较大以上突发事件{number(facts.notable_count)}起。"), table]
    if facts.notable_count > len(rows):
        blocks.append(Note(f"仅列前{len(rows)}起，其余{number(facts.notable_count - len(rows))}起见系统。"))
    return blocks


def _deadlines(t: Telling) -> list[Block]:
    d = t.facts.deadlines
    if not d.total:
        return [Paragraph("本月无到期的信息报送时限。")]
    due = d.total - sum(d.pending.values())
    met, late, missed = (sum(part.values()) for part in (d.met, d.late, d.missed))
    said = f"本月到期的报送时限{number(due)}项，按时{number(met)}项，按时率{share(met, due)}"
    said += f"；{lapses(late, missed)}。" if late or missed else "，无迟报、漏报。"
    rows = [
        (
            REPORTS.get(report, report),
            *(number(part.get(report, 0)) for part in (d.met, d.late, d.missed, d.pending)),
            share(d.met.get(report, 0), sum(part.get(report, 0) for part in (d.met, d.late, d.missed))),
        )
        for report in d.reports
    ]
    pending = sum(d.pending.values())
    rows.append(("合计", number(met), number(late), number(missed), number(pending), share(met, due)))
    table = t.maker.table(
        "信息报送时限（单位：项）",
        ("报送方式", "按时", "迟报", "漏报", "未到期", "按时率"),
        rows,
        queries=["deadlines"],
        counting="到期后才报为迟报，至数据截止仍未报为漏报。",
        total=True,
    )
    return [Paragraph(said), table]
