"""The package's readable page: what is in it, who was told what and when, and how to check it. A4, for a court's file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dutycenter.calls.models import Recording
from dutycenter.incidents.attachments.models import Attachment
from dutycenter.incidents.models import Incident
from dutycenter.interfaces import NoticeLeg
from dutycenter.ledger.models import LedgerHead
from dutycenter.ledger.proofs import EntryProof

if TYPE_CHECKING:
    from jinja2 import Template

MOST_ENTRIES = 400  # printed; the package holds all


def statement(
    about: Mapping[str, Any],
    incident: Incident | None,
    recordings: Sequence[Recording],
    attachments: Mapping[Attachment, bool],
    legs: Sequence[NoticeLeg],
    proofs: Sequence[EntryProof],
    head: LedgerHead,
    zone: ZoneInfo,
    words: Mapping[str, str],
) -> bytes:
    """The page as PDF. It fetches nothing; every text from outside is escaped.

    Args:
        attachments: and whether the file is in the package.
        words: what dispositions are called.
    """
    import weasyprint

    html = _template().render(
        about=about,
        incident=incident,
        recordings=recordings,
        attachments=attachments,
        legs=legs,
        words=words,
        entries=[json.loads(proof.entry) | {"position": proof.position} for proof in proofs[:MOST_ENTRIES]],
        more=max(0, len(proofs) - MOST_ENTRIES),
        head=head,
        moment=lambda at: at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else "–",
    )
    pdf: bytes = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf()
    return pdf


def _refuse(url: str, *args: object, **kwargs: object) -> dict[str, Any]:
    raise ValueError(f"a statement may not fetch {url[:100]}")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dutycenter.audit", "templates"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("statement.html.jinja2")
