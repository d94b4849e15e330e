"""Rooms that people join by key and desks by a click: who is in, and what the officer does about it.

A row stands before any leg is sent to a room. Who is in follows the switch's own
word, event by event, and after a break its list; a leg that nobody wrote down is
shown all the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from dutycenter.calls.models import Conference, ConferenceMember, Recording
from dutycenter.calls.numbers import clean_number
from dutycenter.calls.orders import Apart, give
from dutycenter.calls.rows import checked_file, checked_uuid, locked_recording
from dutycenter.interfaces import IClock, ILedger, InRoom, ISwitch, SwitchAway, SwitchError
from dutycenter.vocabulary import RecordingKind, RecordingState
from dutycenter.work import outside

_ = TranslationStringFactory("dutycenter")

EVENT = "conference::maintenance"

GONE = _("This person has left the conference already.")


class _Gone(SwitchError):
    """The switch does not have this member in the room."""


class ConferenceError(Exception):
    """What was asked of a room cannot be done; ``reason`` is a msgid that says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def open_room(db: Session, subject: str) -> Conference | None:
    """The room that is open for this subject (``broadcast:12``)."""
    return db.scalars(
        select(Conference)
        .where(Conference.subject == subject, Conference.closed_at.is_(None))
        .order_by(Conference.id.desc())
        .limit(1)
    ).first()


def latest_room(db: Session, subject: str) -> Conference | None:
    """The room of this subject that was opened last, with its members."""
    return db.scalars(
        select(Conference)
        .where(Conference.subject == subject)
        .order_by(Conference.id.desc())
        .limit(1)
        .options(selectinload(Conference.members))
    ).first()


class Conferences:
    """Rooms and who is in them.

    Args:
        db: the session of the request's transaction.
        ledger: where each act leaves its entry.
        clock: gives its moment.
        switch: has the rooms.
        apart: runs orders to it outside the transaction.
        account_id: who acts, if it is an account.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, switch: ISwitch, apart: Apart, account_id: int | None
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.switch = switch
        self.apart = apart
        self.account_id = account_id

    # --- the officer ------------------------------------------------------------

    def open(self, subject: str, title: str, exercise: bool) -> Conference:
        """Open a room; the one that is open already, if there is one."""
        found = open_room(self.db, subject)
        if found is not None:
            return found
        made = Conference(
            room=str(uuid.uuid4()),
            subject=subject,
            title=title,
            exercise=exercise,
            opened_at=self.clock.now(),
            opened_by_id=self.account_id,
        )
        self.db.add(made)
        self.db.flush()
        self._tell(made, "opened", of=subject, room=made.room)
        return made

    def close(self, conference_id: int) -> None:
        """End it: nobody comes in any more, and everybody is put out.

        Raises:
            ConferenceError: the switch is away; the room stays open.
        """
        conference = self._locked(conference_id)
        if conference.closed_at is not None:
            return
        conference.closed_at, conference.closed_by_id = self.clock.now(), self.account_id
        self._tell(conference, "closed")
        room = conference.room
        self._order(lambda: self.switch.conference_end(room), lambda: self._reopen(conference_id))

    def lock(self, conference_id: int, locked: bool) -> None:
        """Let nobody else in, or let people in again.

        Raises:
            ConferenceError: the switch is away.
        """
        conference = self._open(conference_id)
        if conference.locked is locked:
            return
        self._lock(conference, locked)
        room = conference.room
        self._order(
            lambda: self.switch.conference_lock(room, locked),
            lambda: self._lock(self._locked(conference_id), not locked),
        )

    def mute(self, conference_id: int, member_id: int, muted: bool) -> None:
        """Let this member be heard or not.

        Raises:
            ConferenceError: they have left, or the switch is away.
        """
        conference, member = self._in_room(conference_id, member_id)
        was = member.muted
        self._mute(conference, member, muted)
        self._order_member(
            conference, member, lambda room, place: self.switch.conference_mute(room, place, muted),
            lambda: self._mute(*self._in_room(conference_id, member_id), was),
        )  # fmt: skip

    def drop(self, conference_id: int, member_id: int) -> None:
        """Put this member out of the room.

        Raises:
            ConferenceError: they have left, or the switch is away.
        """
        conference, member = self._in_room(conference_id, member_id)
        member.dropped_by_id = self.account_id
        self._tell(conference, "dropped", member=member.id, name=member.name)
        self._order_member(
            conference, member, self.switch.conference_drop, lambda: self._stays(*self._in_room(conference_id, member_id))
        )  # fmt: skip

    def desk_joins(self, conference_id: int, desk: str | None, name: str, caller_id: str) -> None:
        """Ring a desk's telephone; it comes into the room when it is picked up.

        Args:
            caller_id: the number that the desk's telephone shows.

        Raises:
            ConferenceError: the account has no desk, or the switch is away.
        """
        conference = self._open(conference_id)
        if not desk:
            raise ConferenceError(_("No desk telephone belongs to your account."))
        member = self._member(conference, str(uuid.uuid4()), name, desk)
        member.account_id = self.account_id
        self.db.flush()
        self._tell(conference, "desk_called", member=member.id, desk=desk)
        channel, extension = member.channel_uuid, f"room-{conference.room}"
        self._order(
            lambda: self.switch.call_desk(channel, desk, extension, caller_id),
            lambda: self._not_rung(conference_id, channel),
        )

    def forget(self, conference_id: int) -> None:
        """A room that nobody came into is over."""
        conference = self._locked(conference_id)
        if conference.closed_at is None:
            conference.closed_at = self.clock.now()
            self._tell(conference, "closed")

    def ends_by_itself(self, room: str) -> bool:
        """Is the room of a call over, now that somebody has left? Whoever is alone in it talks to nobody.

        The room is closed then; whoever still is in it has to be put out.
        """
        conference = self._by_room(room)
        if conference is None or conference.closed_at is not None or not conference.subject.startswith("call:"):
            return False
        if sum(1 for member in conference.members if member.joined_at and not member.left_at) > 1:
            return False
        self.forget(conference.id)
        return True

    # --- who comes and goes -----------------------------------------------------

    def joins(self, room: str, channel_uuid: str, name: str, number: str = "") -> bool:
        """A person's leg is about to be sent there; False when nobody else may come in."""
        conference = self._by_room(room)
        if conference is None or conference.closed_at is not None or conference.locked:
            return False
        self._member(conference, checked_uuid(channel_uuid), name, number)
        self._tell(conference, "asked_in", channel=channel_uuid, name=name)
        return True

    def heard(self, room: str, action: str, channel_uuid: str, number: str, path: str, at: datetime) -> None:
        """The switch says what happened in a room. Twice or out of order does no harm.

        Raises:
            ValueError: an id or a file name that no switch of ours would give.
        """
        conference = self._by_room(room)
        if conference is None:
            return
        match action:
            case "add-member":
                self._joined(conference, checked_uuid(channel_uuid), clean_number(number), at)
            case "del-member":
                self._left(conference, self._known(conference, channel_uuid), at)
            case "mute-member" | "unmute-member":
                member = self._known(conference, channel_uuid)
                muted = action == "mute-member"
                if member is not None:
                    self._mute(conference, member, muted)
            case "start-recording":
                self._recording(conference, path, at)
            case "stop-recording":
                recording = self._recording(conference, path, at)
                if recording.state is RecordingState.RECORDING:
                    recording.state, recording.stopped_at = RecordingState.STOPPED, max(at, recording.started_at)
                    self.ledger.append("recording.stopped", f"recording:{recording.id}", {"file": recording.file_name})

    def compare(self, conference: Conference, inside: list[InRoom], asked: datetime) -> None:
        """Hold the rows against the switch's list: whoever is not in it has left, whoever is has joined."""
        there = {one.channel_uuid: one for one in inside}
        for channel_uuid, one in there.items():
            self._joined(conference, checked_uuid(channel_uuid), clean_number(one.number), asked)
            member = self._known(conference, channel_uuid)
            if member is not None:
                member.muted = one.muted
        for member in conference.members:
            if member.joined_at is not None and member.left_at is None and member.channel_uuid not in there:
                self._left(conference, member, asked)

    # --- within -----------------------------------------------------------------

    def _joined(self, conference: Conference, channel_uuid: str, number: str, at: datetime) -> None:
        member = self._member(conference, channel_uuid, "", number)
        if member.joined_at is None:
            member.joined_at = max(at, member.created_at)
            self.db.flush()
            self._tell(conference, "joined", member=member.id, name=member.name, channel=channel_uuid)

    def _left(self, conference: Conference, member: ConferenceMember | None, at: datetime) -> None:
        if member is not None and member.left_at is None:
            member.left_at = max(at, member.joined_at or member.created_at)
            self._tell(conference, "left", member=member.id, name=member.name)

    def _recording(self, conference: Conference, path: str, at: datetime) -> Recording:
        recording, made = locked_recording(self.db, conference.room, checked_file(path), at)
        if made:
            recording.kind, recording.exercise = RecordingKind.CONFERENCE, conference.exercise
            self.db.flush()
            self.ledger.append("recording.started", f"recording:{recording.id}", {"file": recording.file_name})
            self._tell(conference, "recorded", recording=recording.id)
        return recording

    def _member(self, conference: Conference, channel_uuid: str, name: str, number: str) -> ConferenceMember:
        member = self._known(conference, channel_uuid)
        if member is None:
            member = ConferenceMember(
                conference=conference,
                channel_uuid=channel_uuid,
                name=name[:64],
                number=number[:64],
                created_at=self.clock.now(),
            )
            self.db.add(member)
            self.db.flush()
        elif member.left_at is not None:  # the same leg comes in again
            member.joined_at = member.left_at = None
        member.name = member.name or name[:64]
        return member

    def _known(self, conference: Conference, channel_uuid: str) -> ConferenceMember | None:
        return next((m for m in conference.members if m.channel_uuid == channel_uuid), None)

    def _by_room(self, room: str) -> Conference | None:
        return self.db.scalar(
            select(Conference)
            .where(Conference.room == room)
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    def _locked(self, conference_id: int) -> Conference:
        found = self.db.get(Conference, conference_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise ConferenceError(_("There is no such conference."))
        return found

    def _open(self, conference_id: int) -> Conference:
        conference = self._locked(conference_id)
        if conference.closed_at is not None:
            raise ConferenceError(_("The conference is over. Open a new one."))
        return conference

    def _in_room(self, conference_id: int, member_id: int) -> tuple[Conference, ConferenceMember]:
        conference = self._open(conference_id)
        member = next((m for m in conference.members if m.id == member_id), None)
        if member is None:
            raise ConferenceError(GONE)
        return conference, member

    def _lock(self, conference: Conference, locked: bool) -> None:
        conference.locked = locked
        self._tell(conference, "locked" if locked else "unlocked")

    def _mute(self, conference: Conference, member: ConferenceMember, muted: bool) -> None:
        if member.muted is not muted:
            member.muted = muted
            self._tell(conference, "muted" if muted else "unmuted", member=member.id, name=member.name)

    def _not_rung(self, conference_id: int, channel_uuid: str) -> None:
        conference = self._locked(conference_id)
        self._left(conference, self._known(conference, channel_uuid), self.clock.now())

    def _stays(self, conference: Conference, member: ConferenceMember) -> None:
        member.dropped_by_id = None
        self._tell(conference, "not_dropped", member=member.id, name=member.name)

    def _reopen(self, conference_id: int) -> None:
        conference = self._locked(conference_id)
        conference.closed_at = conference.closed_by_id = None
        self._tell(conference, "reopened")

    def _order_member(
        self,
        conference: Conference,
        member: ConferenceMember,
        do: Callable[[str, int], None],
        undo: Callable[[], object],
    ) -> None:
        """Order something of a member, whom the switch knows by a number of its own."""
        room, channel_uuid = conference.room, member.channel_uuid

        def order() -> None:
            inside = {one.channel_uuid: one.member for one in self.switch.conference(room)}
            if channel_uuid not in inside:
                raise _Gone
            do(room, inside[channel_uuid])

        self._order(order, undo)

    def _order(self, do: Callable[[], None], undo: Callable[[], object]) -> None:
        try:
            give(self.apart, do, undo)
        except _Gone:
            raise ConferenceError(GONE) from None
        except SwitchAway:
            raise ConferenceError(_("The telephone system does not respond. Nothing was changed; try again.")) from None
        except SwitchError:
            raise ConferenceError(_("The telephone system refused this. Look who is in, and try again.")) from None

    def _tell(self, conference: Conference, verb: str, **data: object) -> None:
        self.ledger.append(f"conference.{verb}", f"conference:{conference.id}", data)


def conferences_factory(context: object, request: Request) -> Conferences:
    """The request's ``Conferences``."""
    actor, _colon, account = request.actor.partition(":")
    return Conferences(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(ISwitch),
        partial(outside, request),
        int(account) if actor == "user" and account.isdigit() else None,
    )
