"""What the clerk does for the reports: ask for what is due, make what waits, send what was made."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import ReportState
from dutycenter.work import Work
from reports.due import due
from reports.letters import write_letters
from reports.making import NothingToTell
from reports.models import Report
from reports.progress import Progress, percent
from reports.queries import began_at
from reports.services import Asked, Kept, Reports

log = logging.getLogger(__name__)

FIRST_DAY = "10 0 1 * *"  # ten past midnight: what the evening committed late is sealed by then
CATCH_UP_SECONDS = 600.0
MAKE_SECONDS = 2.0
TRIES = 5
TAKEN_OVER = timedelta(minutes=15)  # a clerk that hasn't finished by then died over it
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
TOLD_EVERY = 0.5  # seconds of the wall between two rows of progress


def ask_for_what_is_due(work: Work) -> None:
    """Ask for reports that are due and that nobody asked for yet: on the first day, and again to catch up."""
    with work.read() as request:
        reports: Reports = request.find_service(Reports)
        s = reports.settings
        wanted = due(request.find_service(IClock).now(), s.time_zone, began_at(request.db))
        missing = [
            asked for period in wanted if reports.find(asked := Asked.period(period, s.reports_language)) is None
        ]
    for asked in missing:
        with work.write() as request:
            reports = request.find_service(Reports)
            if reports.find(asked) is None:
                reports.ask(asked, None)
                log.info("The report of %s is due: asked for.", asked.about)


def make_waiting(work: Work) -> None:
    """Make every paper that waits, or that failed and may be tried again; what people wait for comes first."""
    _settle_forgotten(work)
    with work.read() as request:
        now = request.find_service(IClock).now()
        order = (Report.asked_by_id.is_(None), Report.asked_at, Report.id)
        waiting: Sequence[int] = request.db.scalars(select(Report.id).where(_to_do(now)).order_by(*order)).all()
    for report_id in waiting:
        claimed = _claim(work, report_id)
        if claimed is not None:
            _make(work, report_id, *claimed)


def _settle_forgotten(work: Work) -> None:
    """Call failed what no clerk lived to finish, however often it was tried: people must see it."""
    with work.read() as request:
        now = request.find_service(IClock).now()
        stuck = (Report.state == ReportState.WAITING, Report.tries >= TRIES, Report.claimed_at < now - TAKEN_OVER)
        columns = select(Report.id, Report.claimed_at, Report.kind, Report.about, Report.language).where(*stuck)
        found = request.db.execute(columns).all()
    for report_id, claimed_at, *asked in found:
        _settle(work, report_id, claimed_at, Asked(*asked), None, f"the clerk ended while making it, {TRIES} times")


def _to_do(now: datetime) -> ColumnElement[bool]:
    free = or_(Report.claimed_at.is_(None), Report.claimed_at < now - TAKEN_OVER)
    again = [
        and_(Report.tries == tries, Report.claimed_at < now - pause) for tries, pause in enumerate(PAUSES, start=1)
    ]
    return and_(
        Report.tries < TRIES,
        or_(and_(Report.state == ReportState.WAITING, free), and_(Report.state == ReportState.FAILED, or_(*again))),
    )


def _claim(work: Work, report_id: int) -> tuple[Asked, datetime] | None:
    """Take a paper on; of several clerks one gets it."""
    with work.write() as request:
        now = request.find_service(IClock).now()
        taken = request.db.execute(
            update(Report)
            .where(Report.id == report_id, _to_do(now))
            .values(state=ReportState.WAITING, claimed_at=now, tries=Report.tries + 1, error="", stage="", percent=0)
        )
        if taken.rowcount != 1:
            return None
        columns = select(Report.kind, Report.about, Report.language).where(Report.id == report_id)
        asked = Asked(*request.db.execute(columns).one())
        request.find_service(ILedger).append("report.started", f"report:{report_id}")
        return asked, now


def _make(work: Work, report_id: int, asked: Asked, claimed_at: datetime) -> None:
    """Make it outside any transaction, then settle it, if it is still ours."""
    log.info("Making the paper %s of %s.", asked.kind, asked.about)
    try:
        with work.read() as request:
            kept = request.find_service(Reports).keep(asked, _teller(work, report_id, claimed_at))
    except NothingToTell as error:
        _settle(work, report_id, claimed_at, asked, None, str(error), tries=TRIES)
        return
    except Exception as error:
        log.exception("The paper %s of %s could not be made.", asked.kind, asked.about)
        _settle(work, report_id, claimed_at, asked, None, f"{type(error).__name__}: {error}")
        return
    if _settle(work, report_id, claimed_at, asked, kept, ""):
        log.info("The paper %s of %s is made: %s.", asked.kind, asked.about, kept.pdf.path.name)


def _teller(work: Work, report_id: int, claimed_at: datetime) -> Progress:
    """Writes how far it is into the row, now and then; pages read it there."""
    told_at = 0.0

    def tell(stage: str, part: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < TOLD_EVERY:
            return
        told_at = time.monotonic()
        ours = (Report.id == report_id, Report.claimed_at == claimed_at, Report.state == ReportState.WAITING)
        with work.write() as request:
            request.db.execute(update(Report).where(*ours).values(stage=stage, percent=percent(stage, part)))

    return tell


def _settle(
    work: Work, report_id: int, claimed_at: datetime, asked: Asked, kept: Kept | None, error: str,
    tries: int | None = None,
) -> bool:  # fmt: skip
    with work.write() as request:
        values = _failed(error, tries) if kept is None else _made(kept, request.find_service(IClock).now())
        ours = (Report.id == report_id, Report.state == ReportState.WAITING, Report.claimed_at == claimed_at)
        if request.db.execute(update(Report).where(*ours).values(**values)).rowcount != 1:
            return False
        subject = f"report:{report_id}"
        if kept is None:
            data = {"kind": asked.kind.value, "about": asked.about, "error": error[:500]}
            request.find_service(ILedger).append("report.failed", subject, data)
            return True
        reports: Reports = request.find_service(Reports)
        reports.note_made(asked, kept, subject)
        report = reports.get(report_id)
        assert report is not None
        if report.asked_by_id is None:
            write_letters(request, report)
    return True


def _failed(error: str, tries: int | None) -> dict[str, object]:
    given_up = {} if tries is None else {"tries": tries}
    return {"state": ReportState.FAILED, "error": error[:2000], "stage": "", **given_up}


def _made(kept: Kept, now: datetime) -> dict[str, object]:
    return {
        "state": ReportState.MADE, "error": "", "stage": "", "percent": 100, "made_at": now,
        "file_name": kept.pdf.path.name, "bytes": kept.pdf.bytes, "sha256": kept.pdf.sha256,
        "sheet_name": kept.sheet.path.name if kept.sheet else "",
        "sheet_sha256": kept.sheet.sha256 if kept.sheet else None,
    }  # fmt: skip
