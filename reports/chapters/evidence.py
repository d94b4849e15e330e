"""证据状态: recordings, the ledger, and the head by which all of it can be proved."""

from __future__ import annotations

from dutycenter.vocabulary import RecordingKind, RecordingState
from reports.chapters import Telling
from reports.paper import Block, Note, Paragraph, Part, Section
from reports.words import RECORDING_STATES, RECORDINGS, duration, moment, number, size


def tell(t: Telling) -> Section:
    """The chapter."""
    return Section("证据状态", parts=[Part("录音", _recordings(t)), Part("台账和封存", _ledger(t))])


def _recordings(t: Telling) -> list[Block]:
    found = [recording for recording in t.facts.recordings if not recording.exercise]
    if not found:
        return [Paragraph("本月无录音。")]
    shown = (RecordingState.KEPT, RecordingState.MISSING)
    states = [state for state in RECORDING_STATES if state in shown or t.facts.recorded(state)]
    groups = [(RECORDINGS[kind], [r for r in found if r.kind is kind]) for kind in RecordingKind]
    rows = [
        (
            name,
            number(sum(r.count for r in chosen)),
            *(number(sum(r.count for r in chosen if r.state is state)) for state in states),
            number(sum(r.count for r in chosen if r.foundling)),
            duration(round(sum(r.seconds for r in chosen))),
            size(sum(r.bytes for r in chosen)),
        )
        for name, chosen in (*groups, ("合计", found))
    ]
    kept, missing = t.facts.recorded(RecordingState.KEPT), t.facts.recorded(RecordingState.MISSING)
    foundlings = sum(r.count for r in found if r.foundling)
    said = f"本月录音{number(t.facts.recorded())}段，已入库存证{number(kept)}段"
    said += f"，文件缺失{number(missing)}段，须查明原因。" if missing else "，无文件缺失。"
    if foundlings:
        said += f"其中{number(foundlings)}段找不到对应通话，已单独收存。"
    table = t.maker.table(
        "录音存证（单位：段）",
        ("录音", "总数", *(RECORDING_STATES[state] for state in states), "无主", "时长", "大小"),
        rows,
        queries=["recordings"],
        counting="无主指找不到对应通话的录音。",
        total=True,
    )
    return [Paragraph(said), table]


def _ledger(t: Telling) -> list[Block]:
    ledger = t.facts.ledger
    waiting = ledger.entries - ledger.sealed
    said = f"本月台账新增{number(ledger.entries)}条，" if ledger.entries else "本月台账无新增条目，"
    if ledger.entries:
        said += f"已封存{number(ledger.sealed)}条，尚未封存{number(waiting)}条；" if waiting else "全部封存；"
    if ledger.replays:
        said += (
            f"录音被调听{number(ledger.replays)}次，涉及录音{number(ledger.replayed)}段、"
            f"调听人{number(ledger.listeners)}人，每次调听均已记入台账。"
        )
    else:
        said += "录音未被调听。"
    blocks: list[Block] = [Paragraph(said)]
    head = ledger.head
    if head is None:
        blocks.append(Note("至数据截止，台账尚无签名树头，本月数据暂不能以树头证明。"))
        return blocks
    at = moment(head.at, t.zone)
    blocks.append(
        Paragraph(
            f"下列签名树头于{at}形成，覆盖台账前{number(head.size)}条。台账任何一条如被改动、删除或插入，重新计算的根值即与此不符。"
        )
    )
    code = f"dutycenter-head {head.size} {head.at:%Y-%m-%dT%H:%M:%SZ} sha256:{head.sha256} sm3:{head.sm3} key:{head.key_id}"
    blocks.append(
        t.maker.proof(
            "台账签名树头",
            queries=["ledger"],
            counting="台账条目不含报告自身的；树头取首个覆盖本月全部条目者，尚未全部覆盖时取最新者；调听按台账中的调听条目统计。",
            size=number(head.size),
            at=at,
            sha256=head.sha256,
            sm3=head.sm3,
            key_id=head.key_id,
            code=code,
        )
    )
    return blocks
