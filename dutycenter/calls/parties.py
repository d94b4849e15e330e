"""Who was brought onto a call: what the switch says of their legs, turned into facts.

A row stands before a telephone rings (``Talks``, ``Supervisions``). Events come
twice and in any order: each fact is set once, and an end is never taken back.
"""

from __future__ import annotations

from datetime import datetime

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Call, CallParty
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import PartyPart, Supervision

BY_KEY = {"0": Supervision.LISTENS, "1": Supervision.SPEAKS, "2": Supervision.WHISPERS, "3": Supervision.SPEAKS}
"""What the switch's ``eavesdrop`` does at a key of the supervisor's telephone (1: only the caller hears them)."""


class Parties:
    """Follows the legs of parties."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock

    def answered(self, channel_uuid: str, at: datetime | None = None) -> None:
        """Their telephone was answered. A desk that takes over has the call only once it is bridged."""
        party = self._known(channel_uuid)
        if party is not None and party.part is not PartyPart.TAKES_OVER:
            self._joined(party, at)

    def bridged(self, channel_uuid: str, other_uuid: str, at: datetime | None = None) -> None:
        """Two legs hear each other: if one is of a desk that takes over, the call is that desk's from now on."""
        party = self._known(channel_uuid) or self._known(other_uuid)
        if party is None or party.part is not PartyPart.TAKES_OVER or not self._joined(party, at):
            return
        call = self.db.get_one(Call, party.call_id, with_for_update=True, populate_existing=True)
        was, call.desk, call.desk_channel_uuid = call.desk, party.number[:16], party.channel_uuid
        call.held_at = None
        self.ledger.append("call.handed_over", f"call:{call.id}", {"from": was, "to": call.desk, "party": party.id})

    def pressed(self, channel_uuid: str, key: str) -> None:
        """A key was pressed on this leg, by hand or from the page."""
        wish = BY_KEY.get(key)
        party = self._known(channel_uuid) if wish else None
        if party is None or party.part is not PartyPart.SUPERVISES or party.supervision is wish:
            return
        party.supervision = wish
        self.ledger.append(
            "call.supervision_changed", f"call:{party.call_id}", {"party": party.id, "name": party.name, "to": wish}
        )

    def ended(self, channel_uuid: str, cause: str, at: datetime | None = None) -> None:
        """Their leg is gone, or never came to be."""
        party = self._known(channel_uuid)
        if party is None or party.left_at is not None:
            return
        party.left_at, party.ended_because = max(at or self.clock.now(), party.asked_at), cause[:64]
        verb = "left" if party.joined_at is not None else "not_reached"
        self.ledger.append(
            f"call.party_{verb}",
            f"call:{party.call_id}",
            {"party": party.id, "part": party.part, "name": party.name, "cause": cause[:64]},
        )

    def waiting_for(self, call_channel_uuid: str) -> list[str]:
        """Telephones that ring for a call which is over: whoever picks up would find nobody."""
        return list(
            self.db.scalars(
                select(CallParty.channel_uuid)
                .join(Call, Call.id == CallParty.call_id)
                .where(
                    Call.channel_uuid == call_channel_uuid,
                    Call.ended_at.is_not(None),
                    CallParty.joined_at.is_(None),
                    CallParty.left_at.is_(None),
                )
            )
        )

    def _joined(self, party: CallParty, at: datetime | None) -> bool:
        if party.joined_at is not None:
            return False
        party.joined_at = max(at or self.clock.now(), party.asked_at)
        self.ledger.append(
            "call.party_joined",
            f"call:{party.call_id}",
            {"party": party.id, "part": party.part, "name": party.name, "number": party.number},
        )
        return True

    def _known(self, channel_uuid: str) -> CallParty | None:
        return self.db.scalar(
            select(CallParty)
            .where(CallParty.channel_uuid == channel_uuid)
            .with_for_update()
            .execution_options(populate_existing=True)
        )


def parties_factory(context: object, request: Request) -> Parties:
    """The request's ``Parties``."""
    return Parties(request.db, request.find_service(ILedger), request.find_service(IClock))
