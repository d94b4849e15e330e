"""Papers are asked for, made by the clerk, and kept by what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyramid.request import Request
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dutycenter.incidents.models import Incident
from dutycenter.interfaces import Drafted, IClock, ILedger
from dutycenter.settings import Settings
from dutycenter.vocabulary import ReportKind, ReportState, SituationKind
from dutycenter.work import settings_of
from reports.files import Made, keep, place
from reports.house import House
from reports.making import PERIODIC, Making, make_paper
from reports.models import Report
from reports.paper import Paper
from reports.period import Month, Period, parse
from reports.progress import Progress, silent
from reports.queries import began_at
from reports.words import LANGUAGES, Words


@dataclass(frozen=True)
class Asked:
    """A paper as somebody wants it."""

    kind: ReportKind
    about: str
    language: str

    @classmethod
    def period(cls, period: Period, language: str = LANGUAGES[0]) -> Asked:
        return cls(period.kind, str(period), language)

    @property
    def stem(self) -> str:
        """The beginning of its file's name."""
        return self.about if self.kind in PERIODIC else f"{self.kind}-{self.about}"


@dataclass(frozen=True)
class Kept:
    """A paper that was made and written to disk; periodic ones have their tables as a spreadsheet too."""

    pdf: Made
    sheet: Made | None
    heads: Sequence[str]  # of the ledger, that it prints: evidence that is handed out leads back to them

    def told(self) -> dict[str, object]:
        """For the ledger."""
        sheet = {"sheet": self.sheet.told()} if self.sheet else {}
        return {**self.pdf.told(), **sheet, "heads": list(self.heads)}


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

    # --- making -------------------------------------------------------------------

    def month(self, year: int, month: int, out: Path) -> Path:
        """See ``IReports.month``. Reads only what is committed; writes nothing but ``out``."""
        return place(self.pdf(Asked.period(Month(year, month))), out).path

    def write(self, kind: str, about: str, language: str, out: Path) -> Path:
        """See ``IReports.write``. Reads only what is committed; writes nothing but ``out``."""
        return place(self.pdf(Asked(ReportKind(kind), about, language)), out).path

    def draft(self, incident_id: int, kind: SituationKind, language: str, since: datetime | None) -> Drafted:
        """See ``IReports.draft``. Reads on the request's own session: what was written in it is told too."""
        from reports.drafts import draft

        incident = self.db.get_one(Incident, incident_id)
        return draft(Words(language, self.settings.time_zone), self.db, incident, kind, since)

    def paper(self, asked: Asked, progress: Progress = silent) -> Paper:
        """The paper as data, made from the store as it is now.

        Raises:
            NothingToTell: there is nothing to tell of.
        """
        words = Words(asked.language, self.settings.time_zone)
        making = Making(self.engine, words, House.of(self.settings), self.clock.now(), progress)
        return make_paper(asked.kind, asked.about, making)

    def pdf(self, asked: Asked) -> bytes:
        """The paper as PDF; raises as ``paper`` does."""
        from reports.render import render_pdf

        return render_pdf(self.paper(asked))

    def keep(self, asked: Asked, progress: Progress = silent) -> Kept:
        """Make a paper and write it among the kept ones; none is ever overwritten.

        Raises:
            NothingToTell: there is nothing to tell of.
            OSError: the folder cannot be written.
        """
        from reports.render import render_pdf
        from reports.sheet import render_sheet

        paper = self.paper(asked, progress)
        pdf = render_pdf(paper, progress)
        sheet = None
        if asked.kind in PERIODIC:
            progress("sheet", 0)
            sheet = render_sheet(paper)
        progress("keeping", 0)
        folder = self.settings.reports_dir
        return Kept(
            keep(pdf, folder, asked.stem, ".pdf"),
            keep(sheet, folder, asked.stem, ".xlsx") if sheet else None,
            paper.heads,
        )

    def note_made(self, asked: Asked, kept: Kept, subject: str) -> None:
        """Put into the ledger what was kept, by its content."""
        data = {"kind": asked.kind.value, "about": asked.about, "language": asked.language, **kept.told()}
        self.ledger.append("report.made", subject, data)

    # --- asking -------------------------------------------------------------------

    def ask(self, asked: Asked, account_id: int | None) -> Report:
        """Ask the clerk for a paper; asking again makes it anew unless it waits already.

        Raises:
            ValueError: there is no such period, or it lies in the future.
        """
        if asked.kind in PERIODIC:
            period = parse(asked.about)
            if self.clock.now() < period.span(self.settings.time_zone).start:
                raise ValueError(f"{period} has not begun yet")
        report = self._row(asked, lock=True)
        if report is None:
            report = self._insert(asked)
        elif report.state is ReportState.WAITING:
            return report
        report.state = ReportState.WAITING
        report.asked_at = self.clock.now()
        report.asked_by_id = account_id
        report.claimed_at, report.tries, report.error = None, 0, ""
        report.stage, report.percent = "", 0
        self.db.flush()
        data = {"kind": asked.kind.value, "about": asked.about, "language": asked.language}
        self.ledger.append("report.asked", f"report:{report.id}", data)
        return report

    # --- finding ------------------------------------------------------------------

    def find(self, asked: Asked) -> Report | None:
        """The row of a paper, if it was ever asked for."""
        return self._row(asked)

    def get(self, report_id: int) -> Report | None:
        return self.db.get(Report, report_id)

    def of_year(self, year: int, language: str) -> dict[str, Report]:
        """The reports of a year, its quarters and months that were ever asked for, by their period."""
        wanted = (
            Report.kind.in_((ReportKind.MONTH, ReportKind.QUARTER, ReportKind.YEAR)),
            Report.about.startswith(f"{year:04d}"),
            Report.language == language,
        )
        return {row.about: row for row in self.db.scalars(select(Report).where(*wanted))}

    def ranges(self, limit: int = 20) -> list[Report]:
        """Reports of any days, the last asked for first."""
        query = select(Report).where(Report.kind == ReportKind.RANGE).order_by(Report.asked_at.desc(), Report.id.desc())
        return list(self.db.scalars(query.limit(limit)))

    def began_in(self) -> Month | None:
        """The month of the first call, incident or broadcast."""
        began = began_at(self.db)
        return None if began is None else month_of(began, self.settings)

    def file(self, name: str) -> Path | None:
        """Where a kept file is; None when it was never made or is gone."""
        path = self.settings.reports_dir / name
        return path if name and path.is_file() else None

    def _row(self, asked: Asked, *, lock: bool = False) -> Report | None:
        query = select(Report).where(
            Report.kind == asked.kind, Report.about == asked.about, Report.language == asked.language
        )
        return self.db.scalars(query.with_for_update() if lock else query).first()

    def _insert(self, asked: Asked) -> Report:
        report = Report(
            kind=asked.kind, about=asked.about, language=asked.language, state=ReportState.WAITING,
            asked_at=self.clock.now(),
        )  # fmt: skip
        try:
            with self.db.begin_nested():
                self.db.add(report)
        except IntegrityError:  # somebody else asked at the same moment
            found = self._row(asked, lock=True)
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
