"""Links from a page to the papers that can be made of it.

An upper room registers what it can make of a kind of thing::

    config.add_paper("incident", "report_brief", _("Incident brief"))

and the page of that thing shows whatever is there, without knowing who makes it::

    {% for paper in papers("incident", id=incident.id) %}<a href="{{ paper.path }}">…
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from dutycenter.frame.nav import may


@dataclass(frozen=True)
class Offer:
    """A paper of a kind of thing: the route of its page, its name (a translation string), who may open it."""

    of: str
    route: str
    label: str
    permission: str


@dataclass(frozen=True)
class PaperLink:
    path: str
    label: str


def add_paper(config: Configurator, of: str, route: str, label: str, permission: str = "view") -> None:
    """Directive ``config.add_paper``."""
    config.registry["dutycenter.papers"].append(Offer(of, route, label, permission))


def papers_of(request: Request, of: str, **ids: Any) -> list[PaperLink]:
    """The papers of a thing that the reader may open; ``ids`` fill the route."""
    offers: list[Offer] = request.registry["dutycenter.papers"]
    return [
        PaperLink(request.route_path(offer.route, **ids), offer.label)
        for offer in offers
        if offer.of == of and may(request, offer.permission)
    ]
