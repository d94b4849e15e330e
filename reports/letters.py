"""Papers go out by mail: each letter is a row before the relay hears of it, and is never sent twice unknowingly."""

from __future__ import annotations

import logging
import mimetypes
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pyramid.request import Request
from sqlalchemy import ColumnElement, and_, or_, select, update

from dutycenter.interfaces import Attachment, IClock, ILedger, IMail, Letter, MailRefused, MailUnknown
from dutycenter.vocabulary import LetterState
from dutycenter.work import Work, settings_of
from reports.making import PERIODIC
from reports.models import Report, ReportLetter
from reports.period import parse
from reports.terms import terms
from reports.words import Words

log = logging.getLogger(__name__)

SEND_SECONDS = 5.0
TRIES = 5
PAUSES = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
FORGOTTEN = timedelta(minutes=15)  # a clerk that sends for longer died over it: nobody knows what the relay did


def write_letters(request: Request, report: Report) -> int:
    """Write a letter of a made report for every address of the settings that has none of this file; how many."""
    settings = settings_of(request.registry)
    if report.kind not in PERIODIC or not report.sha256:
        return 0
    wanted = (ReportLetter.report_id == report.id, ReportLetter.sha256 == report.sha256)
    have = set(request.db.scalars(select(ReportLetter.address).where(*wanted)))
    fresh = [address for address in dict.fromkeys(settings.reports_mail_to) if address not in have]
    domain = settings.mail_sender.rpartition("@")[2]
    for address in fresh:
        number = len(have) + fresh.index(address) + 1
        request.db.add(
            ReportLetter(
                report_id=report.id, sha256=report.sha256, file_name=report.file_name, address=address,
                state=LetterState.WAITING, message_id=f"report-{report.id}-{report.sha256[:16]}-{number}@{domain}",
            )
        )  # fmt: skip
    if fresh:
        data = {"sha256": report.sha256, "to": list(fresh)}
        request.find_service(ILedger).append("report.letters_written", f"report:{report.id}", data)
    return len(fresh)


def send_again(request: Request, letter: ReportLetter) -> None:
    """Somebody decided that a letter which wasn't taken, or perhaps was, goes out once more."""
    letter.state, letter.tries, letter.tried_at, letter.settled_at = LetterState.WAITING, 0, None, None
    _tell(request, letter.report_id, "report.letter_again", letter.address, letter.message_id, "")


def send_waiting(work: Work) -> None:
    """Send what waits; of what a dead clerk was sending, say that nobody knows."""
    _settle_forgotten(work)
    with work.read() as request:
        now = request.find_service(IClock).now()
        ids = request.db.scalars(select(ReportLetter.id).where(_to_send(now)).order_by(ReportLetter.id)).all()
    for letter_id in ids:
        claimed = _claim(work, letter_id)
        if claimed is not None:
            _send(work, letter_id, *claimed)


def _to_send(now: datetime) -> ColumnElement[bool]:
    again = [
        and_(ReportLetter.tries == tries, ReportLetter.tried_at < now - pause)
        for tries, pause in enumerate(PAUSES, start=1)
    ]
    refused = and_(ReportLetter.state == LetterState.REFUSED, ReportLetter.tries < TRIES, or_(*again))
    return or_(ReportLetter.state == LetterState.WAITING, refused)


def _settle_forgotten(work: Work) -> None:
    with work.read() as request:
        now = request.find_service(IClock).now()
        stuck = (ReportLetter.state == LetterState.SENDING, ReportLetter.tried_at < now - FORGOTTEN)
        rows = request.db.execute(select(ReportLetter.id, ReportLetter.tried_at).where(*stuck)).all()
    for letter_id, tried_at in rows:
        _settle(work, letter_id, tried_at, LetterState.UNKNOWN, "the clerk ended while it was sending")


def _claim(work: Work, letter_id: int) -> tuple[Letter, datetime] | None:
    """Commit that the letter is on its way; of several clerks one gets it."""
    with work.write() as request:
        now = request.find_service(IClock).now()
        taken = request.db.execute(
            update(ReportLetter)
            .where(ReportLetter.id == letter_id, _to_send(now))
            .values(state=LetterState.SENDING, tried_at=now, tries=ReportLetter.tries + 1, detail="")
        )
        if taken.rowcount != 1:
            return None
        row: ReportLetter = request.db.get(ReportLetter, letter_id)
        _tell(request, row.report_id, "report.letter_sending", row.address, row.message_id, "")
        return _compose(request, row, now), now


def _compose(request: Any, row: ReportLetter, now: datetime) -> Letter:
    settings = settings_of(request.registry)
    words = Words(row.report.language, settings.time_zone)
    period = parse(row.report.about)
    title = words.join([words.period(period), terms(period.kind, words).title])
    names = [row.file_name]
    if row.report.sha256 == row.sha256 and row.report.sheet_name:
        names.append(row.report.sheet_name)
    text = words.gettext(
        "Attached is the paper \"%(title)s\" of %(room)s. SHA-256 of the PDF: %(sha256)s",
        title=title, room=settings.duty_room, sha256=row.sha256,
    )  # fmt: skip
    attachments = [_attachment(settings.reports_dir / name) for name in names]
    return Letter(row.address, title, text, row.message_id, now, [part for part in attachments if part])


def _attachment(path: Path) -> Attachment | None:
    if not path.is_file():
        return None
    return Attachment(path.name, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")


def _send(work: Work, letter_id: int, letter: Letter, tried_at: datetime) -> None:
    try:
        with work.read() as request:
            if not letter.attachments:
                raise MailRefused("the file of the report is gone")
            said = request.find_service(IMail).send(letter)
    except MailRefused as error:
        _settle(work, letter_id, tried_at, LetterState.REFUSED, str(error))
    except MailUnknown as error:
        _settle(work, letter_id, tried_at, LetterState.UNKNOWN, str(error))
    else:
        _settle(work, letter_id, tried_at, LetterState.SENT, said)


def _settle(work: Work, letter_id: int, tried_at: datetime, state: LetterState, detail: str) -> None:
    with work.write() as request:
        ours = (
            ReportLetter.id == letter_id,
            ReportLetter.state == LetterState.SENDING,
            ReportLetter.tried_at == tried_at,
        )
        values = {"state": state, "detail": detail[:2000], "settled_at": request.find_service(IClock).now()}
        if request.db.execute(update(ReportLetter).where(*ours).values(**values)).rowcount != 1:
            return
        row: ReportLetter = request.db.get(ReportLetter, letter_id)
        _tell(request, row.report_id, f"report.letter_{state}", row.address, row.message_id, detail)
        log.info("A report's letter to %s: %s.", row.address, state)


def _tell(request: Any, report_id: int, action: str, address: str, message_id: str, detail: str) -> None:
    data = {"to": address, "message_id": message_id, "detail": detail[:500]}
    request.find_service(ILedger).append(action, f"report:{report_id}", data)
