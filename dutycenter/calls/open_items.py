"""Calls that somebody must still return, for the next officer."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from dutycenter.calls.unanswered import Unanswered
from dutycenter.frame.filters import phone
from dutycenter.roster.handover.items import OpenItem, open_item
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")


def open_calls(request: Request) -> Sequence[OpenItem]:
    """Missed calls and messages that nobody has dealt with."""
    zone = settings_of(request.registry).time_zone
    return [
        open_item(
            request,
            f"call:{call.id}",
            _(
                "Call back ${number}, who rang ${at}",
                mapping={
                    "number": phone(call.caller_number) or "–",
                    "at": f"{call.arrived_at.astimezone(zone):%m-%d %H:%M}",
                },
            ),
            "/desk",
        )
        for call in request.find_service(Unanswered).listed()
    ]
