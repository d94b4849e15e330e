"""The monthly report as a paper, made from the month's facts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from reports.chapters import Telling, broadcasts, calls, duty, evidence, exercises, incidents, summary
from reports.facts import Facts
from reports.figures import Baselines
from reports.paper import Maker, Paper
from reports.words import full_day, moment, month_name

REHEARSAL = "模拟话务环境生成，不作正式文件使用"
RUNNING = "本月尚未结束，数据不满整月"


def month_paper(facts: Facts, zone: ZoneInfo, authority: str, duty_room: str, *, rehearsal: bool = False) -> Paper:
    """The paper of a month.

    Args:
        facts: what the record says.
        zone: the duty room's.
        authority: whose duty room it is.
        duty_room: who issues the paper.
        rehearsal: the telephones were simulated: said on the cover.
    """
    month = facts.month
    t = Telling(facts, zone, Baselines.of(facts, zone), Maker())
    chapters = (summary, incidents, calls, broadcasts, duty, exercises, evidence)
    sections = [chapter.tell(t) for chapter in chapters]
    last = month.dates[-1]
    issued = full_day(month.following.first if facts.complete else facts.as_of.astimezone(zone).date())
    ends = f"{full_day(last)}24时" if facts.complete else moment(facts.as_of, zone)
    return Paper(
        authority=authority,
        head=duty_room,
        title="值班工作月报",
        subtitle=month_name(month),
        issue=f"{month.year}年第{month.month}期",
        issued=issued,
        cover=[
            ("编制单位", duty_room),
            ("统计区间", f"{full_day(month.first)}至{full_day(last)}"),
            ("数据截至", ends),
        ],
        banner="；".join([RUNNING] * (not facts.complete) + [REHEARSAL] * rehearsal),
        sections=sections,
        sources=t.maker.sources,
    )
