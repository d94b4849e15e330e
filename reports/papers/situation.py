"""初报, 续报, 终报 as somebody wrote it: the red head, the addressee, the text, who signed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dutycenter.incidents.documents.content import name_words, passages
from dutycenter.incidents.documents.models import SituationReport
from reports.making import Making
from reports.paper import Block, Paper, Paragraph, Section
from reports.papers.base import brief_paper, the
from reports.queries import snapshot
from reports.words import Words


def paper(about: str, making: Making) -> Paper:
    """The report as it stands, in its own language; one that has not gone out says so on its face."""
    with snapshot(making.engine) as db:
        report = the(db, SituationReport, about)
        w = Words(report.language, making.words.zone)
        _ = w.gettext
        parts = passages(report.body)
        opening = parts.pop(0).paragraphs if parts and not parts[0].title else ()
        incident = report.incident
        made = brief_paper(
            replace(making, words=w),
            report.title,
            w.clauses([_("Incident %(number)s", number=incident.number),
                       w.said(name_words(report.kind, report.ordinal))]),
            [Section(part.title, _paragraphs(part.paragraphs)) for part in parts],
            issue=making.house.duty_room,
            issued=w.moment(report.sent_at or report.edited_at),
            exercise=incident.exercise,
        )  # fmt: skip
        closing = ((_("Signed by"), report.signer), (_("Contact"), report.contact))
        return replace(
            made,
            head=_("Report of an Emergency"),
            banner=w.clauses([made.banner, "" if report.sent_at else _("Draft: not sent")]),
            addressee=report.addressee.rstrip(":："),
            opening=_paragraphs(opening),
            closing=[(name, value) for name, value in closing if value],
        )


def _paragraphs(texts: Sequence[str]) -> list[Block]:
    return [Paragraph(text) for text in texts]
