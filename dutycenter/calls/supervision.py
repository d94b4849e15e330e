"""A supervisor (带班领导) listens to a desk's call, whispers to the desk, or speaks with both.

Nothing of it is secret: each change is a ledger entry of its own, and whoever sits
at the desk sees who listens and how. The supervisor's own leg is recorded.
"""

from __future__ import annotations

import uuid
from functools import partial

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.calls.legs import LOST
from dutycenter.calls.models import Call, CallParty, Leg
from dutycenter.calls.orders import Apart, DeskError, give_for_desk
from dutycenter.calls.parties import Parties
from dutycenter.interfaces import IClock, ILedger, ISwitch
from dutycenter.vocabulary import CallState, Direction, PartyPart, Supervision
from dutycenter.work import outside, settings_of

_ = TranslationStringFactory("dutycenter")

KEYS = {Supervision.LISTENS: "0", Supervision.WHISPERS: "2", Supervision.SPEAKS: "3"}


class Supervisions:
    """What one supervisor does."""

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        switch: ISwitch,
        apart: Apart,
        parties: Parties,
        hotline: str,
        account_id: int | None,
        name: str,
        desk: str | None,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.switch = switch
        self.apart = apart
        self.parties = parties
        self.hotline = hotline
        self.account_id = account_id
        self.name = name
        self.desk = desk

    def listen(self, call_id: int) -> None:
        """Ring the supervisor's telephone; when it is picked up, they hear the call, and nobody hears them.

        Raises:
            DeskError: nobody talks, there is no telephone, or the switch did not do it.
        """
        call = self.db.get(Call, call_id, with_for_update=True, populate_existing=True)
        if call is None or call.state is not CallState.TALKING or not call.desk_channel_uuid:
            raise DeskError(_("Nobody talks on this call any more."))
        if not self.desk:
            raise DeskError(_("No desk telephone belongs to your account."))
        if call.desk == self.desk:
            raise DeskError(_("You talk on this call yourself."))
        if self._own(call_id) is not None:
            return
        channel, desk = str(uuid.uuid4()), self.desk
        now = self.clock.now()
        self.db.add(
            Leg(channel_uuid=channel, direction=Direction.OUTBOUND, call_id=call.id, number=desk, created_at=now)
        )
        party = CallParty(
            call_id=call.id,
            channel_uuid=channel,
            part=PartyPart.SUPERVISES,
            number=desk,
            name=self.name[:64],
            account_id=self.account_id,
            supervision=Supervision.LISTENS,
            asked_at=now,
            asked_by_id=self.account_id,
        )
        self.db.add(party)
        self.db.flush()
        self.ledger.append(
            "call.supervision_asked", f"call:{call.id}", {"party": party.id, "by": self.account_id, "desk": call.desk}
        )
        extension = f"listen-{call.desk_channel_uuid}"
        give_for_desk(
            self.apart,
            lambda: self.switch.call_desk(channel, desk, extension, self.hotline),
            lambda: self.parties.ended(channel, LOST),
        )

    def change(self, call_id: int, wish: Supervision) -> None:
        """Listen, whisper or speak from now on. Idempotent.

        Raises:
            DeskError: they don't take part, or the switch did not do it.
        """
        party = self._own(call_id)
        if party is None or party.joined_at is None:
            raise DeskError(_("You don't listen to this call. Begin with listening, and pick up your telephone."))
        was, channel = party.supervision or Supervision.LISTENS, party.channel_uuid
        if was is wish:
            return
        self.parties.pressed(channel, KEYS[wish])
        give_for_desk(
            self.apart, lambda: self.switch.press(channel, KEYS[wish]), lambda: self.parties.pressed(channel, KEYS[was])
        )

    def leave(self, call_id: int) -> None:
        """Take no more part. Idempotent.

        Raises:
            DeskError: the switch did not do it.
        """
        party = self._own(call_id)
        if party is None:
            return
        channel = party.channel_uuid
        if not give_for_desk(self.apart, lambda: self.switch.drop(channel), lambda: None):
            self.parties.ended(channel, LOST)

    def _own(self, call_id: int) -> CallParty | None:
        return self.db.scalar(
            select(CallParty).where(
                CallParty.call_id == call_id,
                CallParty.part == PartyPart.SUPERVISES,
                CallParty.account_id == self.account_id,
                CallParty.left_at.is_(None),
            )
        )


def supervisions_factory(context: object, request: Request) -> Supervisions:
    """The request's ``Supervisions``."""
    identity = request.identity
    return Supervisions(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(ISwitch),
        partial(outside, request),
        request.find_service(Parties),
        settings_of(request.registry).hotline_number,
        identity.id if identity else None,
        identity.name if identity else "",
        identity.desk if identity else None,
    )
