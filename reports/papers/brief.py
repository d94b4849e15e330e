"""突发事件信息专报: what is known of an incident on a page or two, for those above."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.incidents.models import Incident
from reports import incident_words as told
from reports.making import Making
from reports.paper import Block, Items, Note, Paper, Paragraph, Section, Signatures
from reports.papers.base import brief_paper, data_until, the
from reports.queries import snapshot
from reports.words import Words


def paper(about: str, making: Making) -> Paper:
    """The brief of an incident."""
    w, _ = making.words, making.words.gettext
    with snapshot(making.engine) as db:
        incident = the(db, Incident, about)
        until = data_until(db, making)
        nothing = _("Nothing is written down yet.")
        texts = told.texts(w, incident) or [nothing]
        sections = [
            Section(_("Facts of the incident"), _facts(w, incident)),
            Section(_("Course and measures"), [Paragraph(text) for text in texts]),
            Section(_("Call-outs"), _items(told.callouts(w, db, incident), _("Nobody was called out for it."))),
            Section(_("Latest entries"), _items(told.entries(w, incident), nothing)),
            Section("", [Signatures([_("Drafted by"), _("Checked by"), _("Signed by")])]),
        ]
        return brief_paper(
            making,
            _("Incident Brief"),
            incident.title or _("(no title)"),
            sections,
            issue=_("Incident %(number)s", number=incident.number),
            issued=w.moment(until),
            exercise=incident.exercise,
        )


def _facts(w: Words, incident: Incident) -> list[Block]:
    said = [told.what_and_where(w, incident), told.casualties(w, incident), *told.people(w, incident)]
    blocks: list[Block] = [Paragraph(text) for text in said]
    unknown = told.not_known(w, incident)
    return [*blocks, Note(unknown)] if unknown else blocks


def _items(texts: Sequence[str], nothing: str) -> list[Block]:
    return [Items(texts)] if texts else [Paragraph(nothing)]
