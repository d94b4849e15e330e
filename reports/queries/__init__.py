"""What the record says about a period, counted by the database.

Every function counts in SQL and returns a few numbers, however many calls the
period had; nothing here writes. An incident belongs to the period in which it
was reported, a call to that in which it arrived, a broadcast with all its
recipients and attempts to that of its launch, a deadline to that in which it
fell due. Exercises are never counted together with what was in earnest.
"""

from __future__ import annotations

from reports.queries.base import LISTED, snapshot
from reports.queries.broadcasts import (
    attempts_by_disposition,
    broadcasts_launched,
    launched_broadcasts,
    leaders,
    recipients_by_outcome,
    time_to_acknowledge,
    time_to_launch,
)
from reports.queries.calls import calls_by_officer, calls_by_quarter, calls_by_result, calls_left, time_to_answer
from reports.queries.duty import served, shifts
from reports.queries.evidence import began_at, covering_head, data_end, last_entry_at, ledger, recordings
from reports.queries.history import past
from reports.queries.incidents import (
    deadlines,
    incident_losses,
    incidents_by_channel,
    incidents_by_district,
    incidents_by_kind,
    incidents_by_quarter,
    incidents_by_status,
    lapses,
    notable_incidents,
)

__all__ = [
    "LISTED",
    "attempts_by_disposition",
    "began_at",
    "broadcasts_launched",
    "calls_by_officer",
    "calls_by_quarter",
    "calls_by_result",
    "calls_left",
    "covering_head",
    "data_end",
    "deadlines",
    "incident_losses",
    "incidents_by_channel",
    "incidents_by_district",
    "incidents_by_kind",
    "incidents_by_quarter",
    "incidents_by_status",
    "lapses",
    "last_entry_at",
    "launched_broadcasts",
    "leaders",
    "ledger",
    "notable_incidents",
    "past",
    "recipients_by_outcome",
    "recordings",
    "served",
    "shifts",
    "snapshot",
    "time_to_acknowledge",
    "time_to_answer",
    "time_to_launch",
]
