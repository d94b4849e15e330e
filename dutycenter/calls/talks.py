"""What an officer does with the call that their desk talks on: hold, hand over, bring somebody in, call back.

Everything is written first and ordered afterwards, outside the transaction. An
order that the switch did not take is written too, and said to whoever gave it:
the call itself stays where it was.
"""

from __future__ import annotations

import uuid
from functools import partial

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.calls.conferences import Conferences, open_room
from dutycenter.calls.legs import LOST
from dutycenter.calls.models import Call, CallParty, Conference, Leg
from dutycenter.calls.numbers import dialled_form
from dutycenter.calls.orders import Apart, DeskError, give_for_desk
from dutycenter.calls.parties import Parties
from dutycenter.interfaces import IClock, ILedger, ISwitch, Originate
from dutycenter.switch.gateways import gateway_for
from dutycenter.vocabulary import CallState, Direction, PartyPart
from dutycenter.work import outside, settings_of

_ = TranslationStringFactory("dutycenter")

GUEST_RING = 45  # seconds that an outside telephone rings


class Talks:
    """The call of one desk.

    Args:
        db: the session of the request's transaction.
        ledger: where each act leaves its entry.
        clock: gives its moment.
        switch: is told.
        apart: runs orders outside the transaction.
        conferences: the rooms of three-way calls.
        parties: writes down what became of whoever is brought in.
        hotline: the number that desks and guests see when the caller's own cannot be shown.
        account_id: who acts.
        desk: their telephone.
    """

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        switch: ISwitch,
        apart: Apart,
        conferences: Conferences,
        parties: Parties,
        hotline: str,
        account_id: int | None,
        desk: str | None,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.switch = switch
        self.apart = apart
        self.conferences = conferences
        self.parties = parties
        self.hotline = hotline
        self.account_id = account_id
        self.desk = desk

    def hold(self, call_id: int, held: bool) -> None:
        """Let the caller hear music, or talk to them again. Idempotent.

        Raises:
            DeskError: it isn't this desk's call, or the switch did not do it.
        """
        call = self._mine(call_id)
        if (call.held_at is not None) is held:
            return
        room = open_room(self.db, subject_of(call))
        self._set_held(call, held)

        def order() -> None:
            if room is None:
                self.switch.hold(call.desk_channel_uuid or "", held)
                return
            inside = {one.channel_uuid: one.member for one in self.switch.conference(room.room)}
            if call.channel_uuid in inside:
                self.switch.conference_hold(room.room, inside[call.channel_uuid], held)

        give_for_desk(self.apart, order, lambda: self._set_held(self._locked(call_id), not held))

    def hand_over(self, call_id: int, desk: str, name: str) -> None:
        """Ring another desk; when it answers, the caller is its, and this desk is free. Until then nothing changes.

        Raises:
            DeskError: it isn't this desk's call, somebody else takes part, or the switch did not do it.
        """
        call = self._mine(call_id)
        if desk == self.desk:
            raise DeskError(_("That is your own telephone."))
        if open_room(self.db, subject_of(call)) is not None:
            raise DeskError(_("Others take part in this call. Bring the other desk in too, then hang up."))
        if any(party.part is PartyPart.TAKES_OVER for party in self._up(call)):
            raise DeskError(_("Another telephone rings for this call already. Wait, or call it off."))
        party = self._invite(call, PartyPart.TAKES_OVER, desk, name)
        channel, shown = party.channel_uuid, self._shown(call)
        extension = f"take-{call.channel_uuid}"
        give_for_desk(
            self.apart,
            lambda: self.switch.call_desk(channel, desk, extension, shown),
            lambda: self.parties.ended(channel, LOST),
        )

    def bring_in(self, call_id: int, number: str, name: str) -> None:
        """Call somebody into this call: a desk, or an outside number. All hear each other; whoever hangs up leaves.

        Raises:
            DeskError: it isn't this desk's call, no gateway may carry the number, or the switch did not do it.
        """
        call = self._mine(call_id)
        desk_channel, inner = call.desk_channel_uuid or "", self._is_desk(number)
        number = number if inner else dialled_form(number)
        gateway = None if inner else gateway_for(self.db, number)
        if not inner and gateway is None:
            raise DeskError(_("No trunk may carry this number. Check it, or ask the administrator."))
        room = open_room(self.db, subject_of(call))
        moves = room is None
        room = room or self._open_room(call)
        if moves and call.held_at is not None:
            self._set_held(call, held=False)
        party = self._invite(call, PartyPart.JOINS, number, name)
        self.conferences.joins(room.room, party.channel_uuid, name or number, number)
        channel, extension, shown, room_id = party.channel_uuid, f"room-{room.room}", self._shown(call), room.id

        def order() -> None:
            if moves:
                self.switch.transfer_both(desk_channel, extension)
            if gateway is None:
                self.switch.call_desk(channel, number, extension, shown)
            else:
                self.switch.originate(
                    Originate(channel, gateway.name, number, gateway.caller_id, GUEST_RING, extension)
                )

        def undo() -> None:
            self.parties.ended(channel, LOST)
            if moves and not self._in_room(room_id):
                self.conferences.forget(room_id)

        give_for_desk(self.apart, order, undo)

    def withdraw(self, party_id: int) -> None:
        """Call off a telephone that rings, or put out whoever takes part.

        Raises:
            DeskError: it isn't this desk's call, or the switch did not do it.
        """
        party = self.db.get(CallParty, party_id)
        if party is None or party.left_at is not None:
            return
        call = self._mine(party.call_id)
        if party.part is PartyPart.SUPERVISES:
            raise DeskError(_("A supervisor leaves by themselves."))
        self.ledger.append("call.party_dropped", f"call:{call.id}", {"party": party.id, "name": party.name})
        channel = party.channel_uuid
        if not give_for_desk(self.apart, lambda: self.switch.drop(channel), lambda: None):
            self.parties.ended(channel, LOST)

    def call_back(self, call_id: int) -> None:
        """Ring this desk's telephone; when it is picked up, it dials the caller.

        Raises:
            DeskError: there is no number or no desk, or the switch did not do it.
        """
        call = self._locked(call_id)
        number = dialled_form(call.callback_number or call.caller_number)
        if not self.desk:
            raise DeskError(_("No desk telephone belongs to your account."))
        if not number:
            raise DeskError(_("The caller's number is not known, so nobody can be called back."))
        desk, channel = self.desk, self._leg(call, self.desk)
        self.ledger.append("call.called_back", f"call:{call.id}", {"number": number, "desk": desk, "channel": channel})
        give_for_desk(
            self.apart, lambda: self.switch.dial(channel, desk, number, self.hotline), lambda: self._no_leg(channel)
        )

    # --- within -----------------------------------------------------------------

    def _mine(self, call_id: int) -> Call:
        call = self._locked(call_id)
        if call.state is not CallState.TALKING:
            raise DeskError(_("Nobody talks on this call any more."))
        if not self.desk or call.desk != self.desk:
            raise DeskError(_("Another desk talks on this call."))
        return call

    def _locked(self, call_id: int) -> Call:
        call = self.db.get(Call, call_id, with_for_update=True, populate_existing=True)
        if call is None:
            raise DeskError(_("There is no such call."))
        return call

    def _up(self, call: Call) -> list[CallParty]:
        return [party for party in call.parties if party.left_at is None]

    def _invite(self, call: Call, part: PartyPart, number: str, name: str) -> CallParty:
        party = CallParty(
            call_id=call.id,
            channel_uuid=self._leg(call, number),
            part=part,
            number=number[:64],
            name=name[:64],
            asked_at=self.clock.now(),
            asked_by_id=self.account_id,
        )
        self.db.add(party)
        self.db.flush()
        self.ledger.append(
            "call.party_asked", f"call:{call.id}", {"party": party.id, "part": part, "number": number, "name": name}
        )
        return party

    def _leg(self, call: Call, number: str) -> str:
        leg = Leg(
            channel_uuid=str(uuid.uuid4()),
            direction=Direction.OUTBOUND,
            call_id=call.id,
            number=number,
            created_at=self.clock.now(),
        )
        self.db.add(leg)
        return leg.channel_uuid

    def _no_leg(self, channel_uuid: str) -> None:
        self.db.get_one(Leg, channel_uuid).ended_at = self.clock.now()

    def _open_room(self, call: Call) -> Conference:
        room = self.conferences.open(subject_of(call), call.caller_number, call.exercise)
        self.conferences.joins(room.room, call.channel_uuid, "", call.caller_number)
        self.conferences.joins(room.room, call.desk_channel_uuid or "", "", call.desk or "")
        return room

    def _in_room(self, conference_id: int) -> bool:
        room = self.db.get_one(Conference, conference_id)
        return any(member.joined_at is not None and member.left_at is None for member in room.members)

    def _set_held(self, call: Call, held: bool) -> None:
        call.held_at = self.clock.now() if held else None
        self.ledger.append("call.held" if held else "call.resumed", f"call:{call.id}", {"desk": call.desk})

    def _is_desk(self, number: str) -> bool:
        return self.db.scalar(select(Account.id).where(Account.desk == number).limit(1)) is not None

    def _shown(self, call: Call) -> str:
        number = call.caller_number
        return number if number.removeprefix("+").isdigit() else self.hotline


def subject_of(call: Call) -> str:
    """What a call's room is about."""
    return f"call:{call.id}"


def talks_factory(context: object, request: Request) -> Talks:
    """The request's ``Talks``."""
    identity = request.identity
    return Talks(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(ISwitch),
        partial(outside, request),
        request.find_service(Conferences),
        request.find_service(Parties),
        settings_of(request.registry).hotline_number,
        identity.id if identity else None,
        identity.desk if identity else None,
    )
