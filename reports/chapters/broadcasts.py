"""叫应通知: who was called out, who answered, how soon, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dutycenter.vocabulary import Disposition, Outcome
from reports.chapters import Telling
from reports.facts import Activity, BroadcastFacts, Launched
from reports.figures import longest, merged, percentile
from reports.paper import Bars, Block, Note, Paragraph, Part, Section
from reports.words import DISPOSITIONS, OUTCOMES, duration, number, share, short_moment

CHARTED = 14  # departments in the figure; the table has them all
SHOWN = (Outcome.ACKNOWLEDGED, Outcome.DECLINED, Outcome.REACHED, Outcome.NOT_REACHED, Outcome.NOT_CALLED)


def tell(t: Telling) -> Section:
    """The chapter."""
    if not t.now.broadcasts.recipients:
        said = "本月未发起叫应通知。"
        if t.now.broadcasts.broadcasts:
            said = f"本月发起群呼{number(t.now.broadcasts.broadcasts)}次，均无通知对象。"
        return Section("叫应通知", parts=[Part("总体情况", [Paragraph(said)])])
    parts = [
        Part("总体情况", _overall(t)),
        Part("各单位叫应情况", _departments(t)),
        Part("呼叫结果", _attempts(t)),
        Part("群呼清单", _list(t)),
    ]
    return Section("叫应通知", parts=parts)


def _total(activity: Activity) -> int:
    return activity.broadcasts.recipients


def with_outcome(outcome: Outcome | None) -> Callable[[Activity], int]:
    """Counts the recipients with an outcome."""
    return lambda a: sum(n for (_, found), n in a.broadcasts.outcomes.items() if found is outcome)


def by_department(facts: BroadcastFacts) -> dict[str, dict[Outcome | None, int]]:
    """Outcomes of each department, the one with the most recipients first."""
    found: dict[str, dict[Outcome | None, int]] = {}
    for (department, outcome), count in facts.outcomes.items():
        found.setdefault(department, {})[outcome] = count
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def _overall(t: Telling) -> list[Block]:
    broadcasts = t.now.broadcasts
    acknowledged = with_outcome(Outcome.ACKNOWLEDGED)(t.now)
    called = broadcasts.recipients - with_outcome(Outcome.NOT_CALLED)(t.now)
    said = (
        f"本月发起叫应通知{number(broadcasts.broadcasts)}次，通知{number(broadcasts.recipients)}人次，"
        f"{t.change(_total, '人次')}；实际呼叫{number(called)}人次，已确认{number(acknowledged)}人次，"
        f"确认率{share(acknowledged, called)}"
    )
    base = t.facts.before
    base_called = base.broadcasts.recipients - with_outcome(Outcome.NOT_CALLED)(base)
    if t.baselines.before and base_called:
        said += f"（上月{share(with_outcome(Outcome.ACKNOWLEDGED)(base), base_called)}）"
    said += "。"
    waits = merged(broadcasts.to_acknowledge)
    if waits:
        said += (
            f"自发起至确认，半数人员不超过{duration(percentile(waits, 50))}，"
            f"九成不超过{duration(percentile(waits, 90))}，最长{duration(longest(waits))}。"
        )
    if broadcasts.to_launch:
        said += (
            f"自事件接报至首次发起通知，{number(sum(broadcasts.to_launch.values()))}起事件的中位用时为"
            f"{duration(percentile(broadcasts.to_launch, 50))}，最长{duration(longest(broadcasts.to_launch))}。"
        )
    table = t.compared(
        "叫应结果（单位：人次）",
        "结果",
        [(name, with_outcome(outcome)) for outcome, name in OUTCOMES.items() if outcome or with_outcome(None)(t.now)],
        ("合计", _total),
        queries=["recipients_by_outcome", "broadcasts_launched", "time_to_acknowledge", "time_to_launch"],
        counting="每人每次群呼只有一个结果；仅按键确认计为已确认，语音信箱、听而未按不算。",
    )
    return [Paragraph(said), table]


def _departments(t: Telling) -> list[Block]:
    found = by_department(t.now.broadcasts)
    unsettled = with_outcome(None)(t.now)
    outcomes: list[Outcome | None] = [*SHOWN, *([None] if unsettled else [])]
    rows = []
    for department, counts in found.items():
        rows.append((department or "（未填单位）", *_row(counts, outcomes), duration(_median(t, department))))
    whole: dict[Outcome | None, int] = {outcome: with_outcome(outcome)(t.now) for outcome in outcomes}
    rows.append(("合计", *_row(whole, outcomes), duration(percentile(merged(t.now.broadcasts.to_acknowledge), 50))))
    table = t.maker.table(
        "各单位叫应情况（单位：人次）",
        ("单位", "通知", *(OUTCOMES[outcome] for outcome in outcomes), "确认率", "确认用时中位数"),
        rows,
        queries=["recipients_by_outcome", "time_to_acknowledge"],
        counting="单位名称以发起时为准；确认率为已确认占实际呼叫（不含未呼叫）的比例，用时自发起至确认。",
        total=True,
    )
    charted = dict(list(found.items())[:CHARTED])
    figure = t.maker.figure(
        "各单位叫应结果构成",
        Bars(
            [department or "（未填单位）" for department in charted],
            [(OUTCOMES[outcome], [counts.get(outcome, 0) for counts in charted.values()]) for outcome in outcomes],
            "人次",
        ),
        _reading(found),
        queries=["recipients_by_outcome"],
        counting=f"通知人次最多的前{CHARTED}个单位。"
        if len(found) > CHARTED
        else "各单位结果占其通知人次的比例，条末为通知人次。",
    )
    return [Paragraph(_reading(found)), table, figure]


def _reading(found: Mapping[str, Mapping[Outcome | None, int]]) -> str:
    rated = {
        department: counts.get(Outcome.ACKNOWLEDGED, 0) / called
        for department, counts in found.items()
        if (called := sum(counts.values()) - counts.get(Outcome.NOT_CALLED, 0)) and department
    }
    if not rated:
        return f"本月通知涉及{len(found)}个单位。"
    best, worst = max(rated, key=lambda d: rated[d]), min(rated, key=lambda d: rated[d])
    said = f"本月通知涉及{len(found)}个单位。"
    if rated[best] == rated[worst]:
        return said + f"各单位确认率均为{100 * rated[best]:.1f}%。" if len(rated) > 1 else said
    return said + f"确认率最高的是{best}（{100 * rated[best]:.1f}%），最低的是{worst}（{100 * rated[worst]:.1f}%）。"


def _row(counts: Mapping[Outcome | None, int], outcomes: list[Outcome | None]) -> list[str]:
    whole = sum(counts.values())
    called = whole - counts.get(Outcome.NOT_CALLED, 0)
    shown = [number(counts.get(outcome, 0)) for outcome in outcomes]
    return [number(whole), *shown, share(counts.get(Outcome.ACKNOWLEDGED, 0), called)]


def _median(t: Telling, department: str) -> int | None:
    return percentile({s: n for (d, s), n in t.now.broadcasts.to_acknowledge.items() if d == department}, 50)


def _attempts(t: Telling) -> list[Block]:
    attempts = t.now.broadcasts.attempts
    total = sum(attempts.values())
    if not total:
        return [Paragraph("本月未实际拨出电话。")]
    rows = [
        (name, number(attempts[disposition]), share(attempts[disposition], total))
        for disposition, name in sorted(DISPOSITIONS.items(), key=lambda item: -attempts.get(item[0], 0))
        if attempts.get(disposition)
    ]
    rows.append(("合计", number(total), share(total, total)))
    table = t.maker.table(
        "呼叫结果（单位：次）",
        ("结果", "次数", "占比"),
        rows,
        queries=["attempts_by_disposition"],
        counting="每次拨号只有一个结果。",
        total=True,
    )
    called = t.now.broadcasts.recipients - with_outcome(Outcome.NOT_CALLED)(t.now)
    said = f"共拨出电话{number(total)}次"
    said += f"，平均每人次{total / called:.1f}次。" if called else "。"
    bad = attempts.get(Disposition.NO_SUCH_NUMBER, 0)
    if bad:
        said += f"其中空号{number(bad)}次，请有关单位核对通讯录号码。"
    return [Paragraph(said), table]


def _list(t: Telling) -> list[Block]:
    return listed(t, "群呼清单", t.facts.launched, t.now.broadcasts.broadcasts, "按发起时间排列。")


def listed(t: Telling, title: str, found: Sequence[Launched], total: int, counting: str) -> list[Block]:
    """Broadcasts one by one with their result, and how many more there are."""
    rows = [
        (
            short_moment(one.launched_at, t.zone),
            one.title,
            number(one.recipients),
            number(one.acknowledged),
            share(one.acknowledged, one.recipients),
        )
        for one in found
    ]
    head = ("发起时间", "群呼", "通知人次", "已确认", "占比")
    blocks: list[Block] = [
        t.maker.table(title, head, rows, align="llrrr", queries=["launched_broadcasts"], counting=counting)
    ]
    if total > len(rows):
        blocks.append(Note(f"仅列前{len(rows)}次，其余{number(total - len(rows))}次见系统。"))
    return blocks
