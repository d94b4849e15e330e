"""Asking for a swap or a stand-in, agreeing, confirming; the roster changes with the last yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.directory.models import Person
from dutycenter.frame.labels import label
from dutycenter.interfaces import IClock, ILedger
from dutycenter.kept_words import said
from dutycenter.roster.changes.people import DutyPeople
from dutycenter.roster.changes.states import OPEN, Act, after
from dutycenter.roster.checking import AROUND
from dutycenter.roster.checks import Finding, Served, Serving, too_long
from dutycenter.roster.faults import RosterFault
from dutycenter.roster.handover.items import OpenItem, open_item
from dutycenter.roster.models import DutyChange, Shift
from dutycenter.roster.services import Rosters, served, serving
from dutycenter.vocabulary import DutyChangeKind, DutyChangeState, Role
from dutycenter.work import Work, settings_of

_ = TranslationStringFactory("dutycenter")

MOST_CHARACTERS = 200
LISTED = 60
CONFIRM = frozenset({Role.LEADER, Role.ADMINISTRATOR})


class DutyChanges:
    """Requests to change duties.

    Args:
        db: the session of the change.
        ledger: where each step is told.
        clock: the moment.
        rosters: the shifts.
        people: who an account is.
        zone: the duty room's.
        confirmation: is a third one asked after both have agreed?
        account_id: who acts; None for time itself.
        role: of who acts.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, rosters: Rosters, people: DutyPeople, zone: ZoneInfo,
        confirmation: bool, account_id: int | None, role: Role | None,
    ) -> None:  # fmt: skip
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.rosters = rosters
        self.people = people
        self.zone = zone
        self.confirmation = confirmation
        self.account_id = account_id
        self.role = role

    def get(self, change_id: int) -> DutyChange | None:
        """The request of this id."""
        return self.db.get(DutyChange, change_id)

    def open(self) -> list[DutyChange]:
        """Requests that wait for somebody, the most pressing first."""
        query = select(DutyChange).where(DutyChange.state.in_(OPEN), DutyChange.until > self.clock.now())
        return list(self.db.scalars(query.order_by(DutyChange.until, DutyChange.id)))

    def latest(self) -> list[DutyChange]:
        """Requests that are over, newest first."""
        query = select(DutyChange).where(DutyChange.state.not_in(OPEN))
        return list(self.db.scalars(query.order_by(DutyChange.id.desc()).limit(LISTED)))

    def waiting(self) -> list[DutyChange]:
        """Open requests to which the actor's own word is missing."""
        return [change for change in self.open() if self.may(change, Act.AGREE) or self.may(change, Act.CONFIRM)]

    def may(self, change: DutyChange, act: Act) -> bool:
        """May the actor do this to the request now? An administrator speaks for those who are at no screen."""
        if after(change.state, act, confirmation=self.confirmation) is None or change.until <= self.clock.now():
            return False
        mine = self.people.person_of(self.account_id)
        me = None if mine is None else mine.id
        admin = self.role is Role.ADMINISTRATOR
        if act in (Act.AGREE, Act.DECLINE):
            return me == change.other_id or admin
        if act in (Act.CONFIRM, Act.REFUSE):
            outside = self.account_id not in (change.asked_by_id, change.answered_by_id)
            return self.role in CONFIRM and outside and me not in (change.person_id, change.other_id)
        return self.account_id == change.asked_by_id or me == change.person_id or admin

    def ask(
        self, shift: Shift, person_id: int, other_id: int, other_shift: Shift | None, reason: str
    ) -> DutyChange:  # fmt: skip
        """Ask that somebody else serves. Nothing changes before they agree.

        Args:
            person_id: who gives the shift away: the actor, or anybody for an administrator.
            other_shift: the shift that is taken for it; None for a stand-in.

        Raises:
            RosterFault: it isn't the actor's to give, or cannot be done as the roster stands.
        """
        mine = self.people.person_of(self.account_id)
        if self.role is not Role.ADMINISTRATOR and (mine is None or mine.id != person_id):
            raise RosterFault(_("Only a shift of your own can be given away; an administrator asks for others."))
        if len(reason) > MOST_CHARACTERS:
            raise RosterFault(_("A reason has ${n} characters at most.", mapping={"n": MOST_CHARACTERS}))
        other = self.rosters.directory.person(other_id)
        person = self.rosters.directory.person(person_id)
        if other is None or other.removed_at is not None or person is None:
            raise RosterFault(_("Whoever serves must be in the directory."))
        change = DutyChange(
            kind=DutyChangeKind.STAND_IN if other_shift is None else DutyChangeKind.SWAP, state=DutyChangeState.ASKED,
            shift=shift, person=person, person_id=person_id, other=other, other_id=other_id, other_shift=other_shift,
            shift_told=self._told(shift), other_told="" if other_shift is None else self._told(other_shift),
            until=min(s.starts_at for s in (shift, other_shift) if s is not None),
            reason=" ".join(reason.split()), asked_at=self.clock.now(), asked_by_id=self.account_id,
        )  # fmt: skip
        wrong = self._wrong(change)
        if wrong is not None:
            raise RosterFault(wrong)
        same = (DutyChange.shift_id == shift.id, DutyChange.person_id == person_id, DutyChange.state.in_(OPEN))
        if self.db.scalar(select(DutyChange.id).where(*same)) is not None:
            raise RosterFault(_("This shift is asked for already. Take that request back first."))
        self.db.add(change)
        self.db.flush()
        self._tell(change, "asked", kind=change.kind.value, shift=change.shift_told, person=person_id, other=other_id,
                   other_shift=change.other_told, reason=change.reason)  # fmt: skip
        return change

    def act(self, change: DutyChange, act: Act, note: str = "") -> DutyChangeState:
        """Agree, decline, confirm, refuse or withdraw; the state afterwards.

        When the last yes is said the roster changes, unless it isn't any more what was asked about:
        then the request lapses, and nothing changes.

        Args:
            note: how the other one said it; needed where an administrator speaks for them.

        Raises:
            RosterFault: it is not the actor's to do, or over.
        """
        self.db.refresh(change, with_for_update=True)  # two answers at once: one comes second
        if change.until <= self.clock.now() and change.state in OPEN:
            return self._end(change, Act.EXPIRE)
        if not self.may(change, act):
            raise RosterFault(_("This request is over, or for somebody else to decide."))
        mine = self.people.person_of(self.account_id)
        note = " ".join(note.split())[:MOST_CHARACTERS]
        if act in (Act.AGREE, Act.DECLINE):
            if not note and (mine is None or mine.id != change.other_id):
                raise RosterFault(_("Say how ${name} told you so, such as “by telephone at 14:20”.",
                                    mapping={"name": change.other.name}))  # fmt: skip
            change.answered_at, change.answered_by_id, change.answer_note = self.clock.now(), self.account_id, note
        wanted = after(change.state, act, confirmation=self.confirmation)
        if wanted in (DutyChangeState.AGREED, DutyChangeState.DONE) and self._wrong(change) is not None:
            return self._end(change, Act.LAPSE)
        if wanted is DutyChangeState.DONE:
            self._do(change)
        return self._end(change, act, note)

    def expire(self) -> int:
        """End requests whose shift has begun; how many."""
        query = select(DutyChange).where(DutyChange.state.in_(OPEN), DutyChange.until <= self.clock.now())
        due = self.db.scalars(query.with_for_update()).all()
        for change in due:
            self._end(change, Act.EXPIRE)
        return len(due)

    def offers(self, shift: Shift, person_id: int, until: datetime) -> list[tuple[Shift, Person]]:
        """What could be swapped for a shift: others' later duties of the same kind, where they are not themselves."""
        duties = {member.duty for member in shift.members if member.person_id == person_id}
        there = {member.person_id for member in shift.members}
        return [
            (other, member.person)
            for other in self.rosters.between(self.clock.now(), until)
            if other.starts_at > self.clock.now() and person_id not in {member.person_id for member in other.members}
            for member in other.members
            if member.duty in duties and member.person_id not in there
        ]

    def _end(self, change: DutyChange, act: Act, note: str = "") -> DutyChangeState:
        state = after(change.state, act, confirmation=self.confirmation)
        assert state is not None
        change.state = state
        if state not in OPEN:
            change.settled_at, change.settled_by_id = self.clock.now(), self.account_id
        self._tell(change, state.value, **({"note": note} if note else {}))
        return state

    def _wrong(self, change: DutyChange) -> TranslationString | None:
        """Why it can't be done as the roster stands, or None."""
        shift, other = change.shift, change.other_shift
        if shift is None or (change.kind is DutyChangeKind.SWAP and other is None):
            return _("The shift is not in the roster any more.")
        if change.until <= self.clock.now():
            return _("The shift has begun.")
        if change.person_id == change.other_id:
            return _("Choose somebody else.")
        pairs = [(shift, change.person_id, change.other_id)]
        if other is not None:
            pairs.append((other, change.other_id, change.person_id))
        given = {s.id: gives for s, gives, _takes in pairs}
        for one, gives, takes in pairs:
            serves = {member.person_id for member in one.members}
            if gives not in serves:
                return _("Who would give the shift away does not serve in it any more.")
            if takes in serves:
                return _("Who would take the shift serves in it already.")
            for beside in self.rosters.between(one.starts_at, one.ends_at):
                there = {member.person_id for member in beside.members}
                if beside.id != one.id and takes in there and given.get(beside.id) != takes:
                    return _("Who would take the shift serves in another at that time.")
        return None

    def strains(self, change: DutyChange) -> list[Finding]:
        """Where the change makes somebody serve longer than one shift without a rest: allowed, but to be seen before."""
        if change.shift is None:
            return []
        moves = [(change.shift, change.person_id, change.other_id, change.other.name)]
        if change.other_shift is not None:
            moves.append((change.other_shift, change.other_id, change.person_id, change.person.name))
        begin = min(shift.starts_at for shift, *_rest in moves) - AROUND
        end = max(shift.ends_at for shift, *_rest in moves) + AROUND
        longest = max(shift.ends_at - shift.starts_at for shift, *_rest in moves)
        now = [served(shift) for shift in self.rosters.between(begin, end)]
        then = now
        for shift, gives, takes, name in moves:
            then = [_moved(one, gives, takes, name) if one.shift_id == shift.id else one for one in then]
        before = set(map(_place, too_long(now, longest)))
        return [finding for finding in too_long(then, longest) if _place(finding) not in before]

    def _do(self, change: DutyChange) -> None:
        assert change.shift is not None
        self._replace(change.shift, change.person_id, change.other_id)
        if change.other_shift is not None:
            self._replace(change.other_shift, change.other_id, change.person_id)

    def _replace(self, shift: Shift, gives: int, takes: int) -> None:
        wanted = [serving(member) for member in shift.members]
        new = [Serving(m.duty, takes, m.on_call) if m.person_id == gives else m for m in wanted]
        self.rosters.put(shift, shift.name, new)

    def _told(self, shift: Shift) -> str:
        return f"{shift.starts_at.astimezone(self.zone):%m-%d %H:%M} {shift.name}"

    def _tell(self, change: DutyChange, what: str, **data: object) -> None:
        self.ledger.append(f"duty_change.{what}", f"duty_change:{change.id}", data)


def _moved(shift: Served, gives: int, takes: int, name: str) -> Served:
    members = tuple(replace(m, person_id=takes, name=name) if m.person_id == gives else m for m in shift.members)
    return replace(shift, members=members)


def _place(finding: Finding) -> tuple[str, datetime, datetime]:
    return finding.who, finding.starts_at, finding.ends_at


def sentence(change: DutyChange, request: Request) -> str:
    """A request in one sentence, in the reader's language."""
    return said(words_of(change), request.localizer.translate)


def words_of(change: DutyChange) -> TranslationString:
    """A request in one sentence, to be translated."""
    names = {"person": change.person.name, "other": change.other.name, "shift": change.shift_told}
    if change.kind is DutyChangeKind.SWAP:
        return _(
            "${person} (${shift}) and ${other} (${other_shift}) swap",
            mapping={**names, "other_shift": change.other_told},
        )
    return _("${other} stands in for ${person}, ${shift}", mapping=names)


def open_changes(request: Request) -> Sequence[OpenItem]:
    """Requests that wait for somebody, for the handover."""
    return [
        open_item(
            request,
            f"duty_change:{change.id}",
            _("${change} – ${state}", mapping={"change": words_of(change), "state": label(change.state)}),
            request.route_path("duty_changes"),
        )
        for change in request.find_service(DutyChanges).open()
    ]


def expire(work: Work) -> None:
    """End what nobody agreed to before the shift began."""
    with work.read() as request:
        now = request.find_service(IClock).now()
        due = select(DutyChange.id).where(DutyChange.state.in_(OPEN), DutyChange.until <= now).limit(1)
        if request.db.scalar(due) is None:
            return
    with work.write() as request:
        request.find_service(DutyChanges).expire()


def factory(context: object, request: Request) -> DutyChanges:
    """The request's duty changes."""
    identity = None if "dutycenter.actor" in request.environ else request.identity
    settings = settings_of(request.registry)
    return DutyChanges(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Rosters),
        request.find_service(DutyPeople),
        settings.time_zone,
        settings.roster_confirm_changes,
        None if identity is None else identity.id,
        None if identity is None else identity.role,
    )
