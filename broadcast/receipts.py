"""The receipt list: who was told what, when, on which number, and how they answered."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import xlsxwriter
from pyramid.i18n import TranslationStringFactory
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.board import ground_words
from broadcast.models import Broadcast, BroadcastMessage, Receipt, Recipient
from broadcast.sms.models import TextMessage, TextReply
from broadcast.versions import Corrected, corrected, told_since, versions
from dutycenter.frame.labels import label
from dutycenter.vocabulary import Means
from dutycenter.workbook import new_workbook

_ = TranslationStringFactory("dutycenter")

Translate = Callable[[object], str]

HEADS = (
    _("Name"),
    _("Department"),
    _("Post"),
    _("Outcome"),
    _("Ground"),
    _("Time"),
    _("Number"),
    _("How"),
    _("Times called"),
    _("Text message"),
    _("Wrote back"),
    _("Version answered"),
    _("Correction"),
)
CALL_HEADS = (
    _("Name"),
    _("Department"),
    _("Number"),
    _("Kind"),
    _("Began"),
    _("Answered"),
    _("Ended"),
    _("Outcome"),
    _("Key pressed"),
    _("Cause"),
    _("Gateway"),
)
TEXT_HEADS = (
    _("Name"),
    _("Department"),
    _("Number"),
    _("Text message"),
    _("Parts"),
    _("State"),
    _("Written"),
    _("Taken by the gateway"),
    _("Settled"),
    _("Gateway"),
    _("Said"),
)
REPLY_HEADS = (_("Name"), _("Department"), _("Number"), _("Wrote back"), _("Meaning"), _("Received"))


@dataclass(frozen=True)
class ReceiptLine:
    """One person: the receipt that counts, the calls, the texts."""

    recipient: Recipient
    receipt: Receipt | None
    number: str
    calls: int
    text: TextMessage | None = None
    reply: TextReply | None = None
    told: Recipient | None = None  # of the newest round that told them of a correction

    @property
    def means(self) -> Means | None:
        """By what means they answered."""
        return None if self.receipt is None else Means(self.receipt.means)


def receipts(db: Session, broadcast_id: int) -> list[ReceiptLine]:
    """A line for every recipient, in their order, with the receipt that counts."""
    recipients = db.scalars(
        select(Recipient)
        .where(Recipient.broadcast_id == broadcast_id)
        .order_by(Recipient.id)
        .options(selectinload(Recipient.numbers), selectinload(Recipient.attempts))
    ).all()
    rank = {"heard": 0, "declined": 1, "acknowledged": 2}
    kept: dict[int, Receipt] = {}
    rows = db.scalars(
        select(Receipt)
        .join(Recipient, Recipient.id == Receipt.recipient_id)
        .where(Recipient.broadcast_id == broadcast_id)
        .order_by(Receipt.id)
    )
    for row in rows:
        before = kept.get(row.recipient_id)
        if before is None or rank.get(row.kind, 0) > rank.get(before.kind, 0):
            kept[row.recipient_id] = row
    texts = {text.recipient_id: text for text in texts_of(db, broadcast_id)}
    replies = {reply.recipient_id: reply for reply in replies_of(db, broadcast_id)}
    told = told_since(db, broadcast_id)
    lines = []
    for recipient in recipients:
        receipt, text = kept.get(recipient.id), texts.get(recipient.id)
        by_id = {number.id: number.number for number in recipient.numbers}
        attempt = next((a for a in recipient.attempts if receipt is not None and a.id == receipt.attempt_id), None)
        number = by_id.get(attempt.number_id, "") if attempt is not None else ""
        if receipt is not None and receipt.means == Means.SMS and text is not None:
            number = text.number
        calls, reply = len(recipient.attempts), replies.get(recipient.id)
        lines.append(ReceiptLine(recipient, receipt, number, calls, text, reply, told.get(recipient.id)))
    return lines


def texts_of(db: Session, broadcast_id: int) -> Sequence[TextMessage]:
    """Every text message of a broadcast."""
    return db.scalars(
        select(TextMessage)
        .where(TextMessage.broadcast_id == broadcast_id)
        .order_by(TextMessage.id)
        .options(selectinload(TextMessage.recipient))
    ).all()


def replies_of(db: Session, broadcast_id: int) -> Sequence[TextReply]:
    """Every text that came back."""
    return db.scalars(
        select(TextReply)
        .join(Recipient, Recipient.id == TextReply.recipient_id)
        .where(Recipient.broadcast_id == broadcast_id)
        .order_by(TextReply.id)
        .options(selectinload(TextReply.recipient))
    ).all()


@dataclass(frozen=True)
class Words:
    """The reader's language and the duty room's zone."""

    translate: Translate
    zone: ZoneInfo

    def when(self, moment: datetime | None) -> str:
        """A moment as it is read."""
        return "" if moment is None else moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def cells(self, line: ReceiptLine) -> list[str]:
        """A line in the order of ``HEADS``."""
        recipient, receipt = line.recipient, line.receipt
        how = ""
        if receipt is not None and receipt.means == Means.KEY and receipt.key:
            how = self.translate(_("key ${key}", mapping={"key": receipt.key}))
        elif line.means is not None:
            how = self.translate(label(line.means))
        return [
            recipient.name,
            recipient.department,
            recipient.post,
            self.translate(label(recipient.outcome)) if recipient.outcome is not None else "",
            self.translate(ground_words(recipient.outcome_ground)),
            self.when(receipt.at if receipt is not None else recipient.outcome_at),
            line.number,
            how,
            str(line.calls),
            self.translate(label(line.text.state)) if line.text is not None else "",
            line.reply.text if line.reply is not None else "",
            str(recipient.told_version or ""),
            self.correction(line),
        ]

    def correction(self, line: ReceiptLine) -> str:
        """What became of the correction with whoever had answered before it."""
        match corrected(line.recipient.broadcast, line.recipient, line.told):
            case None:
                return ""
            case Corrected.NOT_TOLD:
                return self.translate(_("not told of the correction"))
            case Corrected.UNANSWERED:
                return self.translate(_("correction not acknowledged"))
            case Corrected.ACKNOWLEDGED:
                assert line.told is not None
                at = self.when(line.told.acknowledged_at)
                return self.translate(_("correction acknowledged ${at}", mapping={"at": at}))

    def said(self, one: BroadcastMessage) -> str:
        """A version of the message, with the moment from which it was said."""
        mapping = {"n": one.version, "at": self.when(one.created_at), "text": one.text}
        return self.translate(_("Version ${n}, from ${at}: ${text}", mapping=mapping))


def workbook(db: Session, broadcast: Broadcast, words: Words) -> bytes:
    """The list as a spreadsheet: receipts, every call, every text. No cell can be a formula."""
    out = io.BytesIO()
    say = words.translate
    with new_workbook(out) as book:
        book.set_properties({"title": broadcast.title, "created": broadcast.finished_at or broadcast.created_at})
        lines = receipts(db, broadcast.id)
        top = [
            broadcast.title,
            *([words.said(one) for one in versions(db, broadcast)] or [broadcast.message]),
            f"{words.when(broadcast.launched_at)} – {words.when(broadcast.finished_at)}",
        ]
        if broadcast.exercise:
            top.insert(0, say(_("Exercise")))
        _sheet(book, say(_("Receipts")), [say(h) for h in HEADS], map(words.cells, lines), top)
        _sheet(book, say(_("Every call")), [say(h) for h in CALL_HEADS], _calls(lines, words))
        texts, replies = texts_of(db, broadcast.id), replies_of(db, broadcast.id)
        if texts:
            _sheet(book, say(_("Text messages")), [say(h) for h in TEXT_HEADS], (_text(t, words) for t in texts))
        if replies:
            _sheet(book, say(_("Replies")), [say(h) for h in REPLY_HEADS], (_reply(r, words) for r in replies))
    return out.getvalue()


def _calls(lines: Sequence[ReceiptLine], words: Words) -> Iterator[list[str]]:
    for line in lines:
        numbers = {number.id: number for number in line.recipient.numbers}
        for call in line.recipient.attempts:
            number = numbers.get(call.number_id)
            yield [
                line.recipient.name,
                line.recipient.department,
                number.number if number else "",
                words.translate(label(number.kind)) if number else "",
                words.when(call.created_at),
                words.when(call.answered_at),
                words.when(call.ended_at),
                words.translate(label(call.disposition)) if call.disposition else "",
                call.key,
                call.hangup_cause,
                call.gateway,
            ]


def _text(text: TextMessage, words: Words) -> list[str]:
    return [
        text.recipient.name,
        text.recipient.department,
        text.number,
        text.text,
        str(text.parts),
        words.translate(label(text.state)),
        words.when(text.written_at),
        words.when(text.accepted_at),
        words.when(text.settled_at),
        text.gateway,
        text.detail,
    ]


def _reply(reply: TextReply, words: Words) -> list[str]:
    person = reply.recipient
    assert person is not None
    said = words.translate(label(reply.meaning))
    return [person.name, person.department, reply.number, reply.text, said, words.when(reply.received_at)]


def _sheet(
    book: xlsxwriter.Workbook, name: str, heads: list[str], rows: Iterator[list[str]], top: Sequence[str] = ()
) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bottom": 1})
    for at, text in enumerate(top):
        sheet.write_string(at, 0, text, book.add_format({"bold": at == 0}))
    first = len(top) + 1 if top else 0
    widths = [_width(head) for head in heads]
    for column, head in enumerate(heads):
        sheet.write_string(first, column, head, bold)
    last = first
    for last, row in enumerate(rows, first + 1):
        for column, text in enumerate(row):
            sheet.write_string(last, column, text)
            widths[column] = max(widths[column], min(48, _width(text)))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    sheet.autofilter(first, 0, last, len(heads) - 1)
    sheet.freeze_panes(first + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(first)


def _width(text: str) -> int:
    """Columns that the text takes: a Chinese character takes two."""
    return sum(1 if character < "\u2e80" else 2 for character in text)
