"""What the queries found: plain numbers, before anybody reads anything into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dutycenter.vocabulary import (
    CallResult,
    Disposition,
    IncidentClass,
    IncidentStatus,
    Level,
    Outcome,
    RecordingKind,
    RecordingState,
    ShiftDuty,
    SourceChannel,
)
from reports.period import Period, Span

Seconds = Mapping[int, int]  # whole seconds: how often

TAKEN = (CallResult.ANSWERED, CallResult.SERVED)
LOSSES = ("dead", "injured", "missing", "trapped", "evacuated")


@dataclass(frozen=True)
class IncidentFacts:
    kinds: Mapping[tuple[IncidentClass | None, Level | None], int]
    districts: Mapping[str | None, int]  # by name, in the order of the codes
    channels: Mapping[SourceChannel, int]
    statuses: Mapping[IncidentStatus, int]
    losses: Mapping[str, int]  # of LOSSES

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True)
class CallFacts:
    results: Mapping[CallResult | None, int]  # None: still going on
    to_answer: Seconds  # from arrival to a desk's answer
    settled: int  # of those that nobody took, how many somebody dealt with
    open: int  # and how many still wait

    @property
    def total(self) -> int:
        return sum(self.results.values())

    @property
    def answered(self) -> int:
        """Taken by a desk, or by the system for who called back."""
        return sum(self.results.get(result, 0) for result in TAKEN)


@dataclass(frozen=True)
class BroadcastFacts:
    broadcasts: int
    outcomes: Mapping[tuple[str, Outcome | None], int]  # by department as it was at launch; None: not settled
    to_acknowledge: Mapping[tuple[str, int], int]  # (department, seconds since launch): how often
    attempts: Mapping[Disposition | None, int]
    to_launch: Seconds  # from the report of an incident to its first broadcast

    @property
    def recipients(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Activity:
    """What happened in one span, either in earnest or as exercise."""

    incidents: IncidentFacts
    calls: CallFacts
    broadcasts: BroadcastFacts


@dataclass(frozen=True)
class Notable:
    """An incident that is named one by one."""

    number: str
    title: str
    incident_class: IncidentClass | None
    level: Level | None
    district: str | None
    reported_at: datetime
    status: IncidentStatus


@dataclass(frozen=True)
class Launched:
    """A broadcast that is named one by one."""

    title: str
    launched_at: datetime
    recipients: int
    acknowledged: int


@dataclass(frozen=True)
class DeadlineFacts:
    """Reporting deadlines that fell due, by report (phone, written, follow_up)."""

    met: Mapping[str, int]
    late: Mapping[str, int]
    missed: Mapping[str, int]
    pending: Mapping[str, int]  # due after the data's end

    @property
    def reports(self) -> list[str]:
        return sorted({*self.met, *self.late, *self.missed, *self.pending})

    @property
    def total(self) -> int:
        return sum(sum(part.values()) for part in (self.met, self.late, self.missed, self.pending))


@dataclass(frozen=True)
class Lapse:
    """A report that came late, or never: then there is no ``met_at``."""

    number: str
    title: str
    report: str
    due_at: datetime
    met_at: datetime | None


@dataclass(frozen=True)
class LeaderFacts:
    """One of the leaders, as named at launch: how often called, and the waits of the acknowledgements."""

    department: str
    name: str
    post: str
    weight: int
    called: int
    waits: Seconds


@dataclass(frozen=True)
class Past:
    """A period in short, in earnest."""

    incidents: Mapping[object, int]  # by class
    calls: int
    answered: int
    called: int  # people in broadcasts, those not called left out
    acknowledged: int
    lapses: int  # reports late or missed

    @property
    def unanswered(self) -> int:
        return self.calls - self.answered

    @property
    def silent(self) -> int:
        """People called who did not acknowledge."""
        return self.called - self.acknowledged


@dataclass(frozen=True)
class Served:
    """What one person served: shifts that began in the period."""

    name: str
    department: str
    duty: ShiftDuty
    shifts: int
    seconds: int


@dataclass(frozen=True)
class DutyFacts:
    served: Sequence[Served]
    shifts: Sequence[Span]  # all that touch the period
    by_officer: Mapping[str | None, int]  # calls answered, by account name; None: desk without an account


@dataclass(frozen=True)
class RecordingFacts:
    kind: RecordingKind
    state: RecordingState
    foundling: bool
    exercise: bool
    count: int
    seconds: float
    bytes: int


@dataclass(frozen=True)
class Head:
    """A signed head of the ledger."""

    size: int
    at: datetime
    sha256: str  # hexadecimal
    sm3: str
    key_id: str


@dataclass(frozen=True)
class LedgerFacts:
    entries: int  # of the period, the reports' own left out
    sealed: int  # of these, how many the head covers
    head: Head | None
    replays: int
    replayed: int  # different recordings
    listeners: int


@dataclass(frozen=True)
class Facts:
    """A period, all that the report tells of."""

    period: Period
    span: Span
    as_of: datetime  # the data's end: the period's, or that of its last ledger entry while it runs
    complete: bool
    began_at: datetime | None  # the first thing that the record knows
    now: Activity
    before: Activity
    year_before: Activity
    exercise: Activity
    calls_by_quarter: Mapping[tuple[int, bool], int]  # (quarter of an hour since 1970, answered)
    incidents_by_quarter: Mapping[int, int]
    notable: Sequence[Notable]
    notable_count: int
    launched: Sequence[Launched]
    drilled: Sequence[Launched]
    deadlines: DeadlineFacts
    duty: DutyFacts
    recordings: Sequence[RecordingFacts]
    ledger: LedgerFacts
    lapses: Sequence[Lapse]
    leaders: Sequence[LeaderFacts]
    history: Sequence[tuple[Period, Past]]  # this period first, then the earlier ones that the record covers

    def recorded(self, state: RecordingState | None = None, *, exercise: bool = False) -> int:
        """How many recordings, of one state or of all; in earnest or of exercises."""
        chosen = (r for r in self.recordings if r.exercise is exercise and (state is None or r.state is state))
        return sum(r.count for r in chosen)
