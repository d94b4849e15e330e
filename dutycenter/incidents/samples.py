"""Deadline rules to begin with: samples with their citation, to be edited to the region's own."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dutycenter.incidents.models import DeadlineRule
from dutycenter.incidents.rules.fitting import FOLLOW_UP, PHONE, WRITTEN
from dutycenter.vocabulary import IncidentClass, Level

HENAN = "河南省突发事件信息报告要求（2021年，样例）"
COUNTY = "某县突发事件信息报告要求（样例）"
WORK_SAFETY = "生产安全事故报告和调查处理条例（国务院令第493号）第九条"
HEALTH = "突发公共卫生事件应急条例（国务院令第376号）第十九条、第二十条"

SAMPLES: tuple[tuple[IncidentClass | None, Level | None, str, int, str, bool], ...] = (
    (None, Level.I, PHONE, 15, HENAN, True),
    (None, Level.I, WRITTEN, 35, HENAN, True),
    (None, Level.II, PHONE, 15, HENAN, True),
    (None, Level.II, WRITTEN, 35, HENAN, True),
    (None, Level.III, WRITTEN, 60, HENAN, True),
    (None, Level.IV, WRITTEN, 6 * 60, HENAN, True),
    (IncidentClass.ACCIDENT, None, WRITTEN, 60, WORK_SAFETY, True),
    (IncidentClass.HEALTH, None, WRITTEN, 120, HEALTH, True),
    (None, None, PHONE, 20, COUNTY, False),
    (None, None, WRITTEN, 40, COUNTY, False),
)
DAILY: tuple[tuple[Level, str, str], ...] = ((Level.I, "08:00,17:00", HENAN), (Level.II, "08:00,17:00", HENAN))


def seed_deadline_rules(session: Session) -> int:
    """Add the samples to a store that has no rules; how many were added."""
    if session.scalar(select(func.count()).select_from(DeadlineRule)):
        return 0
    session.add_all(
        DeadlineRule(
            incident_class=kind, level=level, report=report, minutes=minutes, citation=citation, enabled=enabled
        )
        for kind, level, report, minutes, citation, enabled in SAMPLES
    )
    session.add_all(
        DeadlineRule(level=level, report=FOLLOW_UP, minutes=0, daily=hours, citation=citation)
        for level, hours, citation in DAILY
    )
    session.flush()
    return len(SAMPLES) + len(DAILY)
