"""Papers are asked for, made by the clerk, and kept by what is in them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pyramid.request import Request
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dutycenter.interfaces import IClock, ILedger
from dutycenter.settings import Settings
from dutycenter.vocabulary import ReportKind, ReportState
from dutycenter.work import settings_of
from reports.models import Report
from reports.period import Month
from reports.queries import began_at


@dataclass(frozen=True)
class Made:
    """A paper that was written to disk."""

    path: Path
    bytes: int
    sha256: str
    sm3: str


def place(content: bytes, out: Path) -> Made:
    """Write a file whole or not at all.

    Raises:
        OSError: it cannot be written there.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Made(out, len(content), hashlib.sha256(content).hexdigest(), hashlib.new("sm3", content).hexdigest())


class Reports:
    """``IReports``, and the papers that wait or were made.

    Args:
        db: the request's session, for the rows of papers; facts are read on a
            snapshot of their own, so making a paper never holds a write lock.
        engine: of the store.
        settings: zone, authority, folder.
        clock: what day it is.
        ledger: keeps that a paper was asked for or made.
    """

    def __init__(self, db: Session, engine: Engine, settings: Settings, clock: IClock, ledger: ILedger) -> None:
        self.db = db
        self.engine = engine
        self.settings = settings
        self.clock = clock
        self.ledger = ledger

    def month(self, year: int, month: int, out: Path) -> Path:
        """See ``IReports.month``. Reads only what is committed; writes nothing but ``out``."""
        return place(self.pdf(Month(year, month)), out).path

    def pdf(self, month: Month) -> bytes:
        """A month's report.

        Raises:
            ValueError: the month lies in the future.
        """
        from reports.gather import gather
        from reports.month_paper import month_paper
        from reports.render import render_pdf

        s = self.settings
        facts = gather(self.engine, month, s.time_zone, self.clock.now())
        return render_pdf(month_paper(facts, s.time_zone, s.authority, s.duty_room, rehearsal=s.rehearsal))

    def keep(self, month: Month) -> Made:
        """Write a month's report among the kept papers; its name carries its content, so none is ever overwritten.

        Raises:
            ValueError: the month lies in the future.
            OSError: the folder cannot be written.
        """
        pdf = self.pdf(month)
        name = f"{month}-{hashlib.sha256(pdf).hexdigest()[:16]}.pdf"
        return place(pdf, self.settings.reports_dir / name)

    def note_made(self, month: Month, made: Made, subject: str) -> None:
        """Put into the ledger what was kept, by its content."""
        data = {
            "period": str(month), "file": made.path.name, "bytes": made.bytes, "sha256": made.sha256, "sm3": made.sm3,
        }  # fmt: skip
        self.ledger.append("report.made", subject, data)

    def ask(self, year: int, month: int, account_id: int | None) -> Report:
        """Ask the clerk for a month's report; asking again makes it anew unless it waits already.

        Raises:
            ValueError: there is no such month, or it lies in the future.
        """
        asked = Month(year, month)
        if self.clock.now() < asked.span(self.settings.time_zone).start:
            raise ValueError(f"{asked} has not begun yet")
        report = self._row(asked.first, lock=True)
        if report is None:
            report = self._insert(asked.first)
        elif report.state is ReportState.WAITING:
            return report
        report.state = ReportState.WAITING
        report.asked_at = self.clock.now()
        report.asked_by_id = account_id
        report.claimed_at, report.tries, report.error = None, 0, ""
        self.db.flush()
        self.ledger.append("report.asked", f"report:{report.id}", {"period": str(asked)})
        return report

    def find(self, month: Month) -> Report | None:
        """The row of a month's report, if it was ever asked for."""
        return self._row(month.first)

    def of_year(self, year: int) -> dict[Month, Report]:
        """The monthly reports of a year that were ever asked for."""
        wanted = (
            Report.kind == ReportKind.MONTH,
            Report.period >= date(year, 1, 1),
            Report.period <= date(year, 12, 31),
        )
        return {Month(row.period.year, row.period.month): row for row in self.db.scalars(select(Report).where(*wanted))}

    def began_in(self) -> Month | None:
        """The month of the first call, incident or broadcast."""
        began = began_at(self.db)
        return None if began is None else month_of(began, self.settings)

    def file(self, report: Report) -> Path | None:
        """Where a report that was made is; None when it was never made or the file is gone."""
        path = self.settings.reports_dir / report.file_name
        return path if report.file_name and path.is_file() else None

    def _row(self, period: date, *, lock: bool = False) -> Report | None:
        query = select(Report).where(Report.kind == ReportKind.MONTH, Report.period == period)
        return self.db.scalars(query.with_for_update() if lock else query).first()

    def _insert(self, period: date) -> Report:
        report = Report(kind=ReportKind.MONTH, period=period, state=ReportState.WAITING, asked_at=self.clock.now())
        try:
            with self.db.begin_nested():
                self.db.add(report)
        except IntegrityError:  # somebody else asked at the same moment
            found = self._row(period, lock=True)
            assert found is not None
            return found
        return report


def factory(context: object, request: Request) -> Reports:
    """``Reports`` for a request."""
    del context
    return Reports(
        request.db,
        request.registry["dutycenter.engine"],
        settings_of(request.registry),
        request.find_service(IClock),
        request.find_service(ILedger),
    )


def month_of(moment: datetime, settings: Settings) -> Month:
    """The month in which a moment lies, by the duty room's calendar."""
    return Month.of(moment, settings.time_zone)
