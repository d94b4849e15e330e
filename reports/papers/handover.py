"""交接班记录: what was handed over, item by item, and who signed when."""

from __future__ import annotations

from dutycenter.roster.handover.models import Handover, HandoverItem
from reports.making import Making
from reports.paper import Block, Note, Paper, Paragraph, Section, Signatures
from reports.papers.base import list_paper, maker, the
from reports.queries import snapshot
from reports.words import NOTHING, Words


def paper(about: str, making: Making) -> Paper:
    """The record of a handover."""
    w, _ = making.words, making.words.gettext
    with snapshot(making.engine) as db:
        handover = the(db, Handover, about)
        return list_paper(
            making,
            _("Handover Record"),
            w.moment(handover.accepted_at or handover.offered_at),
            [
                (
                    _("Handed over by"),
                    w.clauses([handover.giver.name, _("signed %(at)s", at=w.moment(handover.offered_at))]),
                ),
                (_("Taken over by"), w.clauses([handover.taker.name, _taken(w, handover)])),
            ],
            [
                Section(_("Open items"), _items(w, making, handover.items)),
                Section("", [Signatures([_("Handed over by"), _("Taken over by"), _("Leader on duty")])]),
            ],
        )


def _taken(w: Words, handover: Handover) -> str:
    _ = w.gettext
    if handover.accepted_at is not None:
        return _("signed %(at)s", at=w.moment(handover.accepted_at))
    return _("taken back before it was signed") if handover.withdrawn_at is not None else _("not signed yet")


def _items(w: Words, making: Making, items: list[HandoverItem]) -> list[Block]:
    _ = w.gettext
    if not items:
        return [Paragraph(_("Nothing was left open."))]
    rows = [
        (str(n), item.said(w.said, w.language), w.clock(item.taken_at) if item.taken_at else NOTHING, item.remark)
        for n, item in enumerate(items, start=1)
    ]
    head = ("", _("Open item"), _("Taken on"), _("Remark"))
    table = maker(making).table(_("Open items"), head, rows, align="rlll", queries=(), counting="")
    return [table, Note(_("Both signed with their own passwords; the ledger holds both signatures."))]
