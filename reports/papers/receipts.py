"""群呼回执清单: who was told what, when, on which number, how they answered, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.board import ground_words
from broadcast.models import Attempt, Broadcast, Receipt, Recipient
from broadcast.versions import Corrected, corrected, told_since, versions
from dutycenter.calls.models import Recording
from dutycenter.vocabulary import Outcome
from reports.making import Making
from reports.paper import Block, Cell, Maker, Note, Paper, Paragraph, Section, Signatures
from reports.papers.base import data_until, hashed, list_paper, maker, the
from reports.queries import snapshot
from reports.words import NOTHING, Words


def paper(about: str, making: Making) -> Paper:
    """The receipts of a broadcast."""
    w, _ = making.words, making.words.gettext
    with snapshot(making.engine) as db:
        broadcast = the(db, Broadcast, about)
        people = _people(db, broadcast)
        made = maker(making)
        launched = w.moment(broadcast.launched_at) if broadcast.launched_at else _("not launched")
        return list_paper(
            making,
            _("Broadcast Receipts"),
            broadcast.title,
            [
                (_("Launched"), launched),
                (_("Finished at"), w.moment(broadcast.finished_at) if broadcast.finished_at else NOTHING),
                (_("Data up to"), w.moment(data_until(db, making))),
            ],
            [
                Section(_("Message"), _message(w, db, broadcast)),
                Section(_("Result"), [_result(w, made, people)]),
                Section(_("Receipts one by one"), [_receipts(w, db, made, broadcast, people)]),
                Section(_("Numbers dialled"), _attempts(w, db, made, people)),
                Section("", [Signatures([_("Drawn up by"), _("Checked by")])]),
            ],
            exercise=broadcast.exercise,
        )


def _message(w: Words, db: Session, broadcast: Broadcast) -> list[Block]:
    """What was said; where it was corrected, each version with the moment from which it was said."""
    _ = w.gettext
    return [
        Paragraph(w.colon(_("Version %(n)s, from %(at)s", n=one.version, at=w.clock(one.created_at)), one.text))
        for one in versions(db, broadcast)
    ] or [Paragraph(broadcast.message)]


def _people(db: Session, broadcast: Broadcast) -> Sequence[Recipient]:
    query = (
        select(Recipient)
        .where(Recipient.broadcast_id == broadcast.id)
        .options(selectinload(Recipient.attempts).selectinload(Attempt.number))
        .order_by(Recipient.department, Recipient.id)
    )
    return db.scalars(query).all()


def _result(w: Words, made: Maker, people: Sequence[Recipient]) -> Block:
    _ = w.gettext
    outcomes = [outcome for outcome in (*Outcome, None) if outcome or any(p.outcome is None for p in people)]
    rows: list[tuple[Cell | str, ...]] = []
    for outcome in outcomes:
        count = sum(p.outcome is outcome for p in people)
        rows.append((w.label(outcome) if outcome else _("Not settled"), w.count(count), w.part(count, len(people))))
    rows.append((_("Total"), w.count(len(people)), w.part(len(people), len(people))))
    return made.table(_("Result of the broadcast"), (_("Result"), _("Notified"), _("Share")), rows,
                      queries=(), counting="", total=True)  # fmt: skip


def _receipts(w: Words, db: Session, made: Maker, broadcast: Broadcast, people: Sequence[Recipient]) -> Block:
    _ = w.gettext
    query = select(Receipt).join(Recipient, Receipt.recipient_id == Recipient.id)
    given: dict[int, list[Receipt]] = {}
    for receipt in db.scalars(query.where(Recipient.broadcast_id == broadcast.id).order_by(Receipt.at, Receipt.id)):
        given.setdefault(receipt.recipient_id, []).append(receipt)
    told = told_since(db, broadcast.id)
    rows = [
        (
            str(place),
            person.name,
            w.clauses([person.department, person.post]),
            w.label(person.outcome) if person.outcome else _("Not settled"),
            w.clock(person.acknowledged_at or person.outcome_at),
            w.clauses(
                [
                    _answer(w, given.get(person.id, [])) or _ground(w, person) or NOTHING,
                    _version(w, broadcast, person, told.get(person.id)),
                ]
            ),
        )
        for place, person in enumerate(people, start=1)
    ]
    head = ("", _("Name"), _("Unit and post"), _("Result"), _("When"), _("How answered, or why not"))
    return made.table(_("Receipts"), head, rows, align="rlllll", queries=(), counting="")


def _answer(w: Words, receipts: Sequence[Receipt]) -> str:
    """What the person did, the last word first."""
    _ = w.gettext
    told = []
    for receipt in reversed(receipts):
        kinds = {
            "acknowledged": _("acknowledged"), "declined": _("can't come"), "heard": _("heard it"),
            "arrives": _("says when"), "arrived": _("arrived"),
        }  # fmt: skip
        means = {
            "key": _("key"), "sms": _("text message"), "desk": _("duty desk"),
            "callback": _("called back"), "face": _("face to face"),
        }  # fmt: skip
        kind, by = kinds.get(receipt.kind, receipt.kind), means.get(receipt.means, receipt.means)
        told.append(f"{kind}（{by}{receipt.key}）" if w.chinese else f"{kind} ({by} {receipt.key})".replace(" )", ")"))
    return w.listed(dict.fromkeys(told))


def _version(w: Words, broadcast: Broadcast, person: Recipient, told: Recipient | None) -> str:
    """Where the message was corrected after the answer: which version that was to, and what became of the correction."""
    _ = w.gettext
    became = corrected(broadcast, person, told)
    if became is None:
        return ""
    heard = _("to version %(n)s", n=person.told_version)
    if became is Corrected.NOT_TOLD:
        return w.clauses([heard, _("not told of the correction")])
    if told is None or became is Corrected.UNANSWERED:
        return w.clauses([heard, _("correction not acknowledged")])
    return w.clauses([heard, _("correction acknowledged %(at)s", at=w.clock(told.acknowledged_at))])


def _ground(w: Words, person: Recipient) -> str:
    words = ground_words(person.outcome_ground)
    return w.gettext(words) if words else ""


def _attempts(w: Words, db: Session, made: Maker, people: Sequence[Recipient]) -> list[Block]:
    """Every try with the hash of its recording."""
    _ = w.gettext
    tries = [(person, attempt) for person in people for attempt in person.attempts]
    if not tries:
        return [Paragraph(_("No number was dialled."))]
    ids = [attempt.id for _person, attempt in tries]
    hashes: dict[str, str | None] = {}
    for start in range(0, len(ids), 500):
        query = select(Recording.attempt_id, Recording.sha256).where(Recording.attempt_id.in_(ids[start : start + 500]))
        hashes.update({str(attempt_id): sha256 for attempt_id, sha256 in db.execute(query)})
    rows = [
        (
            person.name,
            attempt.number.number,
            w.clock(attempt.created_at),
            w.label(attempt.disposition) if attempt.disposition else _("Not settled"),
            hashed(hashes.get(attempt.id)),
        )
        for person, attempt in tries
    ]
    head = (_("Name"), _("Number dialled"), _("When"), _("Result"), _("SHA-256 of the recording"))
    table = made.table(_("Numbers dialled, one by one"), head, rows, align="lllll", queries=(), counting="")
    note = _("A dash: nobody answered, so nothing was recorded, or the recording is not kept yet.")  # fmt: skip
    return [table, Note(note)]
