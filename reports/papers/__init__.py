"""Papers about one thing: an incident, a broadcast, a shift, a week."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dutycenter.vocabulary import ReportKind
from reports.making import Making
from reports.paper import Paper
from reports.papers import brief, evidence, handover, receipts, roster, shift_log, situation

MAKERS: Mapping[ReportKind, Callable[[str, Making], Paper]] = {
    ReportKind.BRIEF: brief.paper,
    ReportKind.RECEIPTS: receipts.paper,
    ReportKind.SHIFT_LOG: shift_log.paper,
    ReportKind.ROSTER: roster.paper,
    ReportKind.HANDOVER: handover.paper,
    ReportKind.EVIDENCE: evidence.paper,
    ReportKind.SITUATION: situation.paper,
}
