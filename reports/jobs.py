"""What the clerk does for the reports: ask on the first day, make what waits."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import ReportKind, ReportState
from dutycenter.work import Work
from reports.models import Report
from reports.period import Month
from reports.queries import began_at
from reports.services import Made, Reports, month_of

log = logging.getLogger(__name__)

FIRST_DAY = "10 0 1 * *"  # ten past midnight: what the evening committed late is sealed by then
CATCH_UP_SECONDS = 600.0
MAKE_SECONDS = 3.0
TRIES = 5
TAKEN_OVER = timedelta(minutes=15)  # a clerk that hasn't finished by then died over it
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


def ask_for_last_month(work: Work) -> None:
    """Ask for last month's report if nobody did yet; the first day's run, and the catch-up of a missed one."""
    with work.read() as request:
        reports: Reports = request.find_service(Reports)
        month = month_of(request.find_service(IClock).now(), reports.settings).before
        began = began_at(request.db)
        due = began is not None and began < month.span(reports.settings.time_zone).end
        if not due or reports.find(month) is not None:
            return
    with work.write() as request:
        reports = request.find_service(Reports)
        if reports.find(month) is None:
            reports.ask(month.year, month.month, None)
            log.info("The report of %s is due: asked for.", month)


def make_waiting(work: Work) -> None:
    """Make every report that waits, or that failed and may be tried again."""
    with work.read() as request:
        now = request.find_service(IClock).now()
        waiting: Sequence[int] = request.db.scalars(select(Report.id).where(_to_do(now)).order_by(Report.id)).all()
    for report_id in waiting:
        claimed = _claim(work, report_id)
        if claimed is not None:
            _make(work, report_id, *claimed)


def _to_do(now: datetime) -> ColumnElement[bool]:
    free = or_(Report.claimed_at.is_(None), Report.claimed_at < now - TAKEN_OVER)
    again = [
        and_(Report.tries == tries, Report.claimed_at < now - pause) for tries, pause in enumerate(PAUSES, start=1)
    ]
    return and_(
        Report.kind == ReportKind.MONTH,
        Report.tries < TRIES,
        or_(and_(Report.state == ReportState.WAITING, free), and_(Report.state == ReportState.FAILED, or_(*again))),
    )


def _claim(work: Work, report_id: int) -> tuple[Month, datetime] | None:
    """Take a report on; of several clerks one gets it."""
    with work.write() as request:
        now = request.find_service(IClock).now()
        taken = request.db.execute(
            update(Report)
            .where(Report.id == report_id, _to_do(now))
            .values(state=ReportState.WAITING, claimed_at=now, tries=Report.tries + 1, error="")
        )
        if taken.rowcount != 1:
            return None
        period = request.db.scalars(select(Report.period).where(Report.id == report_id)).one()
        request.find_service(ILedger).append("report.started", f"report:{report_id}")
        return Month(period.year, period.month), now


def _make(work: Work, report_id: int, month: Month, claimed_at: datetime) -> None:
    """Make it outside any transaction, then settle it, if it is still ours."""
    log.info("Making the report of %s.", month)
    try:
        with work.read() as request:
            made = request.find_service(Reports).keep(month)
    except Exception as error:
        log.exception("The report of %s could not be made.", month)
        _settle(work, report_id, claimed_at, month, None, f"{type(error).__name__}: {error}")
        return
    if _settle(work, report_id, claimed_at, month, made, ""):
        log.info("The report of %s is made: %s, %s bytes.", month, made.path.name, made.bytes)


def _settle(work: Work, report_id: int, claimed_at: datetime, month: Month, made: Made | None, error: str) -> bool:
    with work.write() as request:
        values = {"state": ReportState.FAILED, "error": error[:2000]} if made is None else {
            "state": ReportState.MADE, "error": "", "made_at": request.find_service(IClock).now(),
            "file_name": made.path.name, "bytes": made.bytes, "sha256": made.sha256,
        }  # fmt: skip
        ours = (Report.id == report_id, Report.state == ReportState.WAITING, Report.claimed_at == claimed_at)
        if request.db.execute(update(Report).where(*ours).values(**values)).rowcount != 1:
            return False
        subject = f"report:{report_id}"
        if made is None:
            request.find_service(ILedger).append("report.failed", subject, {"period": str(month), "error": error[:500]})
        else:
            request.find_service(Reports).note_made(month, made, subject)
    return True
