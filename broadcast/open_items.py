"""Broadcasts that still run, for the next officer."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.interfaces import IBroadcasts
from dutycenter.roster.handover.items import OpenItem, open_item
from dutycenter.vocabulary import Outcome

_ = TranslationStringFactory("dutycenter")


def open_broadcasts(request: Request) -> Sequence[OpenItem]:
    """Each with how many have acknowledged."""
    return [
        open_item(
            request,
            f"broadcast:{standing.broadcast_id}",
            _(
                "Broadcast ${title} runs: ${done} of ${all} acknowledged",
                mapping={
                    "title": standing.title,
                    "done": standing.outcomes.get(Outcome.ACKNOWLEDGED, 0),
                    "all": standing.recipients,
                },
            ),
            f"/broadcasts/{standing.broadcast_id}",
        )
        for standing in request.find_service(IBroadcasts).standings()
    ]
