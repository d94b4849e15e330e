"""``Documents``: written reports from draft to confirmed. A sent one is frozen, its hash in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dutycenter.incidents.deadlines import Deadlines
from dutycenter.incidents.documents.content import LIMITS, TextFault, cleaned, hashes, name_words
from dutycenter.incidents.documents.models import SituationReport, SituationReportSending, SituationReportVersion
from dutycenter.incidents.rules.fitting import FOLLOW_UP, WRITTEN
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock, ILedger, IReports
from dutycenter.kept_words import said
from dutycenter.vocabulary import SendingMeans, SituationKind

_ = TranslationStringFactory("dutycenter")

MEETS: Mapping[SituationKind, frozenset[str]] = {
    SituationKind.FIRST: frozenset({WRITTEN}),
    SituationKind.FOLLOW_UP: frozenset({WRITTEN, FOLLOW_UP}),
    SituationKind.FINAL: frozenset({WRITTEN, FOLLOW_UP}),
}
"""Which clocks stop when such a report goes out."""

UNSENT = (SituationReport.sent_at.is_(None), SituationReport.discarded_at.is_(None))
UNCONFIRMED = (SituationReportSending.to_confirm, SituationReportSending.confirmed_at.is_(None))


class NoSuchDocument(LookupError):
    """There is no such report, version or sending."""


class Frozen(TextFault):
    """The report went out, or was thrown away: it is not changed any more."""


class Overwritten(Exception):
    """Somebody else changed the report meanwhile; nothing was written. ``report`` holds theirs."""

    def __init__(self, report: SituationReport) -> None:
        super().__init__(report.id)
        self.report = report


class Documents:
    """The written reports of all incidents. ``translate`` is into the reader's language."""

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        incidents: Incidents,
        deadlines: Deadlines,
        reports: Callable[[], IReports],
        translate: Callable[[TranslationString], str],
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.incidents = incidents
        self.deadlines = deadlines
        self.reports = reports
        self.translate = translate

    # --- finding --------------------------------------------------------------------

    def get(self, report_id: int, *, lock: bool = False) -> SituationReport:
        """The report.

        Raises:
            NoSuchDocument
        """
        report = self.db.get(SituationReport, report_id, with_for_update=True if lock else None, populate_existing=lock)
        if report is None:
            raise NoSuchDocument(report_id)
        return report

    def of(self, incident_id: int) -> list[SituationReport]:
        """The incident's reports, the latest first, without what was thrown away."""
        query = select(SituationReport).where(
            SituationReport.incident_id == incident_id, SituationReport.discarded_at.is_(None)
        )
        return list(self.db.scalars(query.order_by(SituationReport.id.desc())))

    def unconfirmed(self, incident_id: int | None = None, limit: int = 50) -> list[SituationReportSending]:
        """What went out and has not been confirmed by telephone, the oldest first."""
        query = select(SituationReportSending).where(*UNCONFIRMED)
        if incident_id is not None:
            query = query.join(SituationReport).where(SituationReport.incident_id == incident_id)
        return list(self.db.scalars(query.order_by(SituationReportSending.id).limit(limit)))

    def unsent(self, incident_id: int | None = None, limit: int = 50) -> list[SituationReport]:
        """What is written and has not gone out, the oldest first."""
        query = select(SituationReport).where(*UNSENT)
        if incident_id is not None:
            query = query.where(SituationReport.incident_id == incident_id)
        return list(self.db.scalars(query.order_by(SituationReport.id).limit(limit)))

    def count_open(self) -> int:
        """How many of all incidents' are written and not sent, or sent and not confirmed."""
        unsent = select(func.count()).select_from(SituationReport).where(*UNSENT)
        unconfirmed = select(func.count()).select_from(SituationReportSending).where(*UNCONFIRMED)
        return (self.db.scalar(unsent) or 0) + (self.db.scalar(unconfirmed) or 0)

    def name(self, report: SituationReport) -> str:
        """What the report is called, for the reader."""
        return self.translate(name_words(report.kind, report.ordinal))

    # --- writing --------------------------------------------------------------------

    def draft(self, incident_id: int, kind: SituationKind, account_id: int, language: str) -> SituationReport:
        """A report drafted from what the incident's record says now; the open draft when there is one.

        After a first report there is no second: it becomes a follow-up.

        Raises:
            NoSuchIncident
        """
        incident = self.incidents.get(incident_id, lock=True)
        open_ones = self.unsent(incident_id)
        if open_ones:
            return open_ones[0]
        earlier = self.of(incident_id)
        if kind is SituationKind.FIRST and any(report.kind is kind for report in earlier):
            kind = SituationKind.FOLLOW_UP
        now = self.clock.now()
        drafted = self.reports().draft(incident_id, kind, language, max(_sent(earlier), default=None))
        latest = earlier[0] if earlier else None
        report = SituationReport(
            incident_id=incident.id,
            kind=kind,
            ordinal=1 + sum(one.kind is kind for one in earlier),
            language=language,
            **cleaned({"title": drafted.title, "body": drafted.body[: LIMITS["body"]]}),
            # To whom, by whom: as it was in the last one.
            addressee=latest.addressee if latest else "",
            signer=latest.signer if latest else "",
            contact=latest.contact if latest else "",
            created_at=now, created_by_id=account_id, edited_at=now, edited_by_id=account_id,
        )  # fmt: skip
        self.db.add(report)
        self.db.flush()
        self._tell(report, "drafted", kind=kind.value, ordinal=report.ordinal)
        return report

    def save(
        self, report_id: int, typed: Mapping[str, str], seen_version: int, account_id: int, *, keep: bool
    ) -> SituationReport:
        """Write what was typed.

        Args:
            seen_version: what the writer saw; when it is another now, nothing is written.
            keep: as a version that can be looked at and taken back. What one person typed
                is kept by itself before another goes on.

        Raises:
            NoSuchDocument, TextFault, Frozen
            Overwritten: somebody else wrote meanwhile.
        """
        report = self._writable(report_id)
        if report.version != seen_version:
            raise Overwritten(report)
        texts = cleaned(typed)
        changed = any(getattr(report, name) != text for name, text in texts.items())
        if changed and report.edited_by_id != account_id:
            self._keep(report)
        if changed:
            for name, text in texts.items():
                setattr(report, name, text)
            report.version += 1
            report.edited_at, report.edited_by_id = self.clock.now(), account_id
            self._tell(report, "saved", sha256=hashes(content_of(report))[0])
        if keep:
            self._keep(report)
        self.db.flush()
        return report

    def restore(self, report_id: int, number: int, account_id: int) -> SituationReport:
        """Take an earlier version's text; what stood there is kept as a version itself.

        Raises:
            NoSuchDocument, Frozen
        """
        report = self._writable(report_id)
        version = next((one for one in report.versions if one.number == number), None)
        if version is None:
            raise NoSuchDocument(number)
        self._keep(report)
        return self.save(
            report_id, {name: getattr(version, name) for name in LIMITS}, report.version, account_id, keep=True
        )

    def discard(self, report_id: int) -> SituationReport:
        """Throw a draft away; its number is given again. It can be taken back while no other draft was begun.

        Raises:
            NoSuchDocument, Frozen
        """
        report = self._writable(report_id)
        report.discarded_at, report.ordinal = self.clock.now(), None
        self._tell(report, "discarded")
        return report

    def take_back(self, report_id: int) -> SituationReport:
        """Undo ``discard``. Idempotent.

        Raises:
            NoSuchDocument
            Frozen: another draft was begun meanwhile.
        """
        report = self.get(report_id, lock=True)
        if report.discarded_at is None:
            return report
        self.incidents.get(report.incident_id, lock=True)
        if self.unsent(report.incident_id):
            raise Frozen(_("Another report was begun meanwhile."))
        report.ordinal = 1 + sum(one.kind is report.kind for one in self.of(report.incident_id))
        report.discarded_at = None
        self._tell(report, "taken_back")
        return report

    # --- sending --------------------------------------------------------------------

    def send(
        self, report_id: int, to_whom: str, means: SendingMeans, note: str, account_id: int, *,
        seen_version: int, to_confirm: bool,
    ) -> SituationReportSending:  # fmt: skip
        """Note that it went to somebody. The first time freezes it and stops the clocks that wait for it.

        Raises:
            NoSuchDocument
            TextFault: nobody is named, there is no text, or it was thrown away.
            Overwritten: it is not what the sender saw.
        """
        report = self.get(report_id, lock=True)
        self._sendable(report, seen_version)
        to_whom, note = _line(to_whom, 255), _line(note, 255)
        if not to_whom:
            raise TextFault(_("Say to whom it went."))
        now = self.clock.now()
        sending = SituationReportSending(
            report=report, to_whom=to_whom, means=means, note=note, at=now, account_id=account_id, to_confirm=to_confirm
        )
        self.db.add(sending)
        if report.sent_at is None:
            self._keep(report)
            report.sent_at = now
            report.sha256, report.sm3 = hashes(content_of(report))
            self.deadlines.meet_reports(report.incident_id, MEETS[report.kind], account_id)
        self.db.flush()
        self._tell(
            report, "sent", sending=sending.id, to=to_whom, means=means.value, note=note, sha256=report.sha256,
            sm3=report.sm3, content=content_of(report),
        )  # fmt: skip
        self._note(report, _("${report} sent to ${to}", mapping={"to": to_whom}), means=means.value)
        return sending

    def confirm(self, sending_id: int, with_whom: str, account_id: int) -> SituationReportSending:
        """Somebody said by telephone that it came. Idempotent.

        Raises:
            NoSuchDocument
            TextFault: nobody is named.
        """
        sending = self._sending(sending_id)
        if sending.confirmed_at is not None:
            return sending
        with_whom = _line(with_whom, 128)
        if not with_whom:
            raise TextFault(_("Say who confirmed it."))
        sending.confirmed_at, sending.confirmed_by_id = self.clock.now(), account_id
        sending.confirmed_with = with_whom
        self._tell(sending.report, "confirmed", sending=sending.id, by=with_whom)
        words = _(
            "${report}: ${to} confirmed by telephone that it came (${who})",
            mapping={"to": sending.to_whom, "who": with_whom},
        )
        self._note(sending.report, words)
        return sending

    def unconfirm(self, sending_id: int) -> SituationReportSending:
        """Undo ``confirm``. Idempotent.

        Raises:
            NoSuchDocument
        """
        sending = self._sending(sending_id)
        if sending.confirmed_at is not None:
            sending.confirmed_at = sending.confirmed_by_id = None
            sending.confirmed_with = ""
            self._tell(sending.report, "unconfirmed", sending=sending.id)
        return sending

    # --- within ---------------------------------------------------------------------

    def _writable(self, report_id: int) -> SituationReport:
        report = self.get(report_id, lock=True)
        if report.sent_at is not None:
            raise Frozen(_("This report went out and is not changed any more. What is new goes into a follow-up."))
        if report.discarded_at is not None:
            raise Frozen(_("This draft was thrown away."))
        return report

    def _sendable(self, report: SituationReport, seen_version: int) -> None:
        if report.discarded_at is not None:
            raise Frozen(_("This draft was thrown away."))
        if report.version != seen_version:
            raise Overwritten(report)
        if not (report.title and report.body):
            raise TextFault(_("It has no title or no text yet."))

    def _sending(self, sending_id: int) -> SituationReportSending:
        sending = self.db.get(SituationReportSending, sending_id, with_for_update=True, populate_existing=True)
        if sending is None:
            raise NoSuchDocument(sending_id)
        return sending

    def _keep(self, report: SituationReport) -> None:
        last = report.versions[0] if report.versions else None
        texts = {name: getattr(report, name) for name in LIMITS}
        if last is not None and all(getattr(last, name) == text for name, text in texts.items()):
            return
        number = (self.db.scalar(select(func.max(SituationReportVersion.number)).where(
            SituationReportVersion.report_id == report.id)) or 0) + 1  # fmt: skip
        self.db.add(
            SituationReportVersion(
                report_id=report.id, number=number, **texts, at=report.edited_at, account_id=report.edited_by_id
            )
        )
        self.db.flush()
        self.db.expire(report, ["versions"])
        self._tell(report, "kept", number=number)

    def _note(self, report: SituationReport, words: TranslationString, **data: object) -> None:
        """A line of the timeline; ``${report}`` in it is what the report is called."""
        named = words % {"report": name_words(report.kind, report.ordinal)}
        self.incidents.note(
            report.incident_id, said(named, self.translate), "report", {"document": report.id, **data}, named
        )

    def _tell(self, report: SituationReport, verb: str, **data: object) -> None:
        subject = f"situation_report:{report.id}"
        self.ledger.append(f"situation_report.{verb}", subject, {"incident": report.incident_id, **data})


def content_of(report: SituationReport) -> dict[str, object]:
    """What is hashed: all that the reader of the report sees of it."""
    return {
        "incident": report.incident_id, "kind": report.kind.value, "ordinal": report.ordinal,
        "language": report.language, **{name: getattr(report, name) for name in LIMITS},
    }  # fmt: skip


def _line(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit]


def _sent(reports: list[SituationReport]) -> list[datetime]:
    return [report.sent_at for report in reports if report.sent_at is not None]


def documents_factory(context: object, request: Request) -> Documents:
    """The request's ``Documents``."""
    return Documents(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Incidents),
        request.find_service(Deadlines),
        lambda: request.find_service(IReports),
        request.localizer.translate,
    )
