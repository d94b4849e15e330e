"""``Calls``: what the switch and the flows say, turned into rows.

The switch says things twice, late and out of order, and several processes
listen. So each method locks the call's row (making it if it isn't there yet),
adds the one fact it was told unless it is known already, and lets ``_settle``
derive state and result from all facts together. A method that adds nothing
writes nothing. Methods take ``at``, the moment the switch gave; without it, now.
"""

from __future__ import annotations

from datetime import datetime

from pyramid.request import Request
from sqlalchemy import exists, or_, select, update

from dutycenter.accounts.models import Account
from dutycenter.calls.legs import LOST, Legs
from dutycenter.calls.models import Call, Desk, Leg, Recording
from dutycenter.calls.numbers import clean_number, person_of
from dutycenter.calls.rows import checked_file, checked_uuid, locked_call, locked_leg, locked_recording
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import CallResult, CallState, Direction, RecordingKind, RecordingState

NOT_THE_CALLER = frozenset(
    {
        LOST,
        "DESTINATION_OUT_OF_ORDER",
        "MANAGER_REQUEST",
        "MEDIA_TIMEOUT",
        "NETWORK_OUT_OF_ORDER",
        "NORMAL_TEMPORARY_FAILURE",
        "RECOVERY_ON_TIMER_EXPIRE",
        "SWITCH_CONGESTION",
        "SYSTEM_SHUTDOWN",
    }
)
MAX_KEYS = 64
DEALT_WITH = (CallResult.ANSWERED, CallResult.SERVED)  # nobody has to call back


class Calls(Legs):
    """Inbound calls, their legs and their recordings.

    All methods may be called in any order and any number of times. Those that
    name a call's channel ignore legs of broadcasts.

    Raises (all):
        ValueError: a channel id or file name that no switch of ours would give.
    """

    # --- calls ---------------------------------------------------------------

    def arrive(
        self,
        channel_uuid: str,
        caller_number: str,
        called_number: str,
        gateway: str = "",
        *,
        at: datetime | None = None,
    ) -> Call:
        """An inbound call is there: its row, made now or found. Numbers are cleaned for display."""
        at = at or self.clock.now()
        caller, called = clean_number(caller_number), clean_number(called_number)
        call, made = self._call(channel_uuid, at, caller, called)
        if not made and not (call.caller_number or call.called_number) and (caller or called):
            call.caller_number, call.called_number = caller, called
            call.person_id = person_of(self.db, caller)
            call.arrived_at = min(call.arrived_at, at)
            self._tell(call, "call.identified", **_numbers(call))
        leg, _ = locked_leg(self.db, channel_uuid, Direction.INBOUND, at)
        leg.number, leg.gateway = leg.number or caller, leg.gateway or gateway[:64]
        return call

    def menu(self, channel_uuid: str, *, at: datetime | None = None) -> None:
        """The caller hears greeting and menu."""
        call = self._known(channel_uuid, at)
        if call is not None and call.menu_at is None:
            call.menu_at = self._not_before(call, at)
            self._settle(call)
            self._tell(call, "call.menu")

    def key(self, channel_uuid: str, key: str) -> None:
        """The caller pressed a key. The key last pressed, said again, is taken for a repeat."""
        call = self._known(channel_uuid, None)
        if call is None or len(key) != 1 or key not in "0123456789*#":
            return
        if not call.keys.endswith(key) and len(call.keys) < MAX_KEYS:
            call.keys += key
            self._tell(call, "call.key", key=key)

    def queued(self, channel_uuid: str, *, at: datetime | None = None) -> None:
        """The caller waits for a desk."""
        call = self._known(channel_uuid, at)
        if call is not None and call.queued_at is None:
            call.queued_at = self._not_before(call, at)
            self._settle(call)
            self._tell(call, "call.queued")

    def ringing(self, channel_uuid: str, desk: str, desk_channel_uuid: str, *, at: datetime | None = None) -> None:
        """A desk telephone rings for this call, or for a called person who asked for the desk."""
        call = self._known(channel_uuid, at)
        leg, _ = locked_leg(self.db, checked_uuid(desk_channel_uuid), Direction.OUTBOUND, at or self.clock.now())
        if call is None:
            self._rings_for_called(leg, channel_uuid, desk)
            return
        if leg.call_id == call.id and call.ringing_at is not None:
            return
        leg.call_id, leg.number, leg.direction = call.id, desk[:16], Direction.OUTBOUND
        call.ringing_at = call.ringing_at or self._not_before(call, at)
        self._settle(call)
        self._tell(call, "call.ringing", desk=leg.number, desk_channel=desk_channel_uuid)

    def answered(self, channel_uuid: str, desk: str, desk_channel_uuid: str, *, at: datetime | None = None) -> None:
        """A desk took the call."""
        call = self._known(channel_uuid, at)
        if call is None or call.answered_at is not None:
            return
        call.answered_at = self._not_before(call, at)
        if desk_channel_uuid:
            leg, _ = locked_leg(self.db, checked_uuid(desk_channel_uuid), Direction.OUTBOUND, call.answered_at)
            if desk or leg.call_id is None:
                leg.number = desk[:16]
            leg.call_id = call.id
            leg.answered_at = leg.answered_at or call.answered_at
            desk, call.desk_channel_uuid = leg.number, desk_channel_uuid
        call.desk = desk[:16] or None
        call.answered_by_id = self._who_sits_at(desk)
        self._settle(call)
        self._tell(call, "call.answered", desk=call.desk, account=call.answered_by_id)

    def voicemail(self, channel_uuid: str, file_name: str, seconds: float, *, at: datetime | None = None) -> None:
        """The caller leaves a message (``seconds`` 0: is beginning to) or has left one."""
        call = self._known(channel_uuid, at)
        if call is None:
            return
        name = checked_file(file_name)
        recording, made = locked_recording(self.db, channel_uuid, name, at or self.clock.now())
        recording.kind = RecordingKind.VOICEMAIL
        recording.call_id = call.id
        longer = seconds > (recording.seconds or 0) and recording.state is not RecordingState.KEPT
        if longer:
            recording.seconds = seconds
        if made or longer:
            self._settle(call)
            self._tell(call, "call.voicemail", file=name, seconds=f"{recording.seconds or 0:.1f}")

    def served(self, channel_uuid: str, subject: str, *, at: datetime | None = None) -> None:
        """The menu took what they called for, ``subject``; nobody has to call them back."""
        call = self._known(channel_uuid, at)
        if call is not None and call.served_at is None:
            call.served_at = self._not_before(call, at)
            self._settle(call)
            self._tell(call, "call.served", of=subject)

    def callback_asked(self, channel_uuid: str, number: str = "", *, at: datetime | None = None) -> None:
        """The caller wants to be called back: at ``number``, or where they call from."""
        call = self._known(channel_uuid, at)
        if call is not None and call.callback_at is None:
            call.callback_at = self._not_before(call, at)
            call.callback_number = clean_number(number)
            self._settle(call)
            self._tell(call, "call.callback_asked", number=call.callback_number or call.caller_number)

    def slowed(self, channel_uuid: str) -> None:
        """One of very many calls from its number or block: others go first (``dutycenter.calls.flood``)."""
        call = self._known(channel_uuid, None)
        if call is not None:
            self._tell(call, "call.slowed", number=call.caller_number)

    def ended(self, channel_uuid: str, cause: str, *, at: datetime | None = None) -> None:
        """The caller's leg is gone. ``LOST`` gives way to the switch's own word when that comes later."""
        call = self._known(channel_uuid, at)
        if call is None:
            return
        cause = cause[:64]
        if call.ended_at is None:
            call.ended_at = self._not_before(call, at)
            call.hangup_cause, call.held_at = cause, None
            self._end_leg(channel_uuid, Direction.INBOUND, cause, call.ended_at)
            self._settle(call)
            self._tell(call, "call.ended", cause=cause, result=call.result)
        elif call.hangup_cause == LOST != cause:
            call.hangup_cause = cause
            self._end_leg(channel_uuid, Direction.INBOUND, cause, call.ended_at)
            self._settle(call)
            self._tell(call, "call.cause_known", cause=cause, result=call.result)

    # --- legs ----------------------------------------------------------------

    def leg_ended(self, channel_uuid: str, cause: str, at: datetime | None = None) -> None:
        """The leg is gone; if it was a call's, so is the call, and a desk that rang rings no more."""
        call_id = self.db.scalar(select(Leg.call_id).where(Leg.channel_uuid == checked_uuid(channel_uuid)))
        # A call's row is locked before its legs', here as everywhere, or two processes could wait for each other.
        call = self.db.get(Call, call_id, with_for_update=True) if call_id is not None else None
        if call is not None and call.channel_uuid == channel_uuid:
            self.ended(channel_uuid, cause, at=at)
            return
        ended_now = self._end_leg(channel_uuid, Direction.OUTBOUND, cause[:64], at or self.clock.now())
        if call is None and ended_now:
            self._tell_desk(channel_uuid, "desk.stopped")
        if call is not None and ended_now and call.answered_at is None:
            desk = self.db.scalar(select(Leg.number).where(Leg.channel_uuid == channel_uuid))
            self._settle(call)
            self._tell(call, "call.desk_stopped", desk=desk, cause=cause[:64])

    def settle(self, call_id: int) -> None:
        """Derive a call's state again: something that it depends on became known."""
        call = self.db.get(Call, call_id, with_for_update=True, populate_existing=True)
        if call is not None:
            self._settle(call)

    # --- within ----------------------------------------------------------------

    def _known(self, channel_uuid: str, at: datetime | None) -> Call | None:
        if self._is_notice(checked_uuid(channel_uuid)):
            return None
        return self._call(channel_uuid, at or self.clock.now())[0]

    def _call(self, channel_uuid: str, at: datetime, caller: str = "", called: str = "") -> tuple[Call, bool]:
        call, made = locked_call(self.db, checked_uuid(channel_uuid), at)
        if not made:
            return call, False
        call.caller_number, call.called_number = caller, called
        call.person_id = person_of(self.db, caller)
        leg, _ = locked_leg(self.db, channel_uuid, Direction.INBOUND, at)
        leg.call_id, leg.direction, leg.number = call.id, Direction.INBOUND, leg.number or caller
        call.arrived_at = min(at, leg.created_at)
        self.db.execute(
            update(Recording)
            .where(Recording.channel_uuid == channel_uuid, Recording.call_id.is_(None))
            .values(call_id=call.id)
        )
        self._tell(call, "call.arrived", channel=channel_uuid, **_numbers(call))
        if leg.ended_at is not None:
            self.ended(channel_uuid, leg.hangup_cause, at=leg.ended_at)
        return call, True

    def _is_notice(self, channel_uuid: str) -> bool:
        leg = exists().where(Leg.channel_uuid == channel_uuid, Leg.attempt_id.is_not(None))
        recording = exists().where(Recording.channel_uuid == channel_uuid, Recording.attempt_id.is_not(None))
        return bool(self.db.scalar(select(or_(leg, recording))))

    def _settle(self, call: Call) -> None:
        self.db.flush()
        ringing = self.db.scalars(
            select(Leg)
            .where(Leg.call_id == call.id, Leg.channel_uuid != call.channel_uuid, Leg.ended_at.is_(None))
            .order_by(Leg.created_at.desc(), Leg.channel_uuid.desc())
            .limit(1)
        ).first()
        messages = self.db.scalars(
            select(Recording.seconds).where(Recording.call_id == call.id, Recording.kind == RecordingKind.VOICEMAIL)
        ).all()
        call.state = _state(call, rings=ringing is not None, at_voicemail=bool(messages))
        if call.answered_at is None:
            rings = ringing if call.state is CallState.RINGING else None
            call.desk = rings.number if rings else None
            call.desk_channel_uuid = rings.channel_uuid if rings else None
        if call.ended_at is None:
            return
        result = _result(call, message=any(messages))
        if result is not call.result:
            was, call.result = call.result, result
            call.open = result not in DEALT_WITH and call.settled_at is None
            if was is not None:
                self._tell(call, "call.result_corrected", result=result, was=was)

    def _rings_for_called(self, leg: Leg, channel_uuid: str, desk: str) -> None:
        if leg.rings_for is not None:
            return
        leg.rings_for, leg.number = channel_uuid, desk[:16]
        self.db.flush()
        if leg.ended_at is None:
            self._tell_desk(leg.channel_uuid, "desk.rings")

    def _who_sits_at(self, desk: str) -> int | None:
        sitting = self.db.scalar(select(Desk.account_id).where(Desk.extension == desk))
        if sitting is not None:
            return sitting
        owners = self.db.scalars(select(Account.id).where(Account.desk == desk, Account.closed_at.is_(None))).all()
        return owners[0] if len(owners) == 1 else None

    def _not_before(self, call: Call, at: datetime | None) -> datetime:
        return max(at or self.clock.now(), call.arrived_at)

    def _tell(self, call: Call, action: str, **data: object) -> None:
        self.ledger.append(action, f"call:{call.id}", data)


def _state(call: Call, *, rings: bool, at_voicemail: bool) -> CallState:
    known = (
        (call.ended_at is not None, CallState.ENDED),
        (call.answered_at is not None, CallState.TALKING),
        (at_voicemail, CallState.VOICEMAIL),
        (rings, CallState.RINGING),
        (call.queued_at is not None, CallState.QUEUED),
        (call.menu_at is not None, CallState.MENU),
    )
    return next((state for holds, state in known if holds), CallState.ARRIVING)


def _result(call: Call, *, message: bool) -> CallResult:
    if call.answered_at is not None:
        return CallResult.ANSWERED
    if message:
        return CallResult.VOICEMAIL
    if call.callback_at is not None:
        return CallResult.CALLBACK
    if call.served_at is not None:
        return CallResult.SERVED
    return CallResult.FAILED if call.hangup_cause in NOT_THE_CALLER else CallResult.ABANDONED


def _numbers(call: Call) -> dict[str, object]:
    return {"caller": call.caller_number, "called": call.called_number, "person": call.person_id}


def calls_factory(context: object, request: Request) -> Calls:
    """The request's ``Calls``."""
    return Calls(request.db, request.find_service(ILedger), request.find_service(IClock))
