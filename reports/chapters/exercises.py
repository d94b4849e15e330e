"""演练: everything that was not in earnest, told apart from the rest."""

from __future__ import annotations

from dutycenter.vocabulary import Outcome, RecordingState
from reports.chapters import Telling
from reports.chapters.broadcasts import listed, with_outcome
from reports.figures import merged, percentile
from reports.paper import Block, Paragraph, Section
from reports.words import OUTCOMES, duration, number, share

COUNTED = "仅计标记为演练的记录。"


def tell(t: Telling) -> Section:
    """The chapter."""
    drill = t.facts.exercise
    b = drill.broadcasts
    if not (drill.incidents.total or drill.calls.total or b.broadcasts):
        return Section("演练", [Paragraph("本月未开展演练。")])
    said = (
        f"本月演练情况单独统计，不计入以上各项：演练事件{number(drill.incidents.total)}起，"
        f"演练来电{number(drill.calls.total)}次（接听{number(drill.calls.answered)}次），"
        f"演练群呼{number(b.broadcasts)}次。"
    )
    blocks: list[Block] = [Paragraph(said)]
    if b.recipients:
        waits = merged(b.to_acknowledge)
        acknowledged = with_outcome(Outcome.ACKNOWLEDGED)(drill)
        called = b.recipients - with_outcome(Outcome.NOT_CALLED)(drill)
        text = (
            f"演练群呼通知{number(b.recipients)}人次，拨出电话{number(sum(b.attempts.values()))}次，"
            f"确认率{share(acknowledged, called)}"
        )
        if waits:
            text += (
                f"，半数人员在{duration(percentile(waits, 50))}内确认，九成在{duration(percentile(waits, 90))}内确认"
            )
        rows = [
            (name, number(with_outcome(outcome)(drill)), share(with_outcome(outcome)(drill), b.recipients))
            for outcome, name in OUTCOMES.items()
            if outcome or with_outcome(None)(drill)
        ]
        rows.append(("合计", number(b.recipients), share(b.recipients, b.recipients)))
        table = t.maker.table(
            "演练叫应结果（单位：人次）",
            ("结果", "人次", "占比"),
            rows,
            queries=["recipients_by_outcome", "attempts_by_disposition", "time_to_acknowledge"],
            counting=COUNTED,
            total=True,
        )
        blocks += [Paragraph(text + "。"), table]
    if recorded := t.facts.recorded(exercise=True):
        kept = t.facts.recorded(RecordingState.KEPT, exercise=True)
        missing = t.facts.recorded(RecordingState.MISSING, exercise=True)
        blocks.append(
            Paragraph(f"演练录音{number(recorded)}段，已入库存证{number(kept)}段，文件缺失{number(missing)}段。")
        )
    if t.facts.drilled:
        blocks += listed(t, "演练群呼清单", t.facts.drilled, b.broadcasts, "按发起时间排列。" + COUNTED)
    return Section("演练", blocks)
