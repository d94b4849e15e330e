"""``Instructions``: given, reminded of, done; overdue ones are said once and shown until they are done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.incidents.elements import one_line, without_controls
from dutycenter.incidents.instructions.models import Instruction, InstructionReminder
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock, ILedger
from dutycenter.work import Work

log = logging.getLogger(__name__)
_ = TranslationStringFactory("dutycenter")

NEAR = 3  # an instruction is near its end in the last third of its time
LONGEST = 4000
LONGEST_LEADER, LONGEST_OWNER = 64, 128
EARLIEST = timedelta(days=365)  # what was given before that is a slip


class NoSuchInstruction(LookupError):
    """There is no instruction of this id."""


class InstructionFault(ValueError):
    """An instruction cannot be so. ``faults`` names the field of each reason, in words to be translated."""

    def __init__(self, **faults: TranslationString) -> None:
        super().__init__(*faults.values())
        self.faults = faults


class Instructions:
    """The instructions of all incidents."""

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        incidents: Incidents,
        translate: Callable[[TranslationString], str],
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.incidents = incidents
        self.translate = translate

    def get(self, instruction_id: int, *, lock: bool = False) -> Instruction:
        """The instruction.

        Raises:
            NoSuchInstruction
        """
        found = self.db.get(Instruction, instruction_id, with_for_update=True if lock else None, populate_existing=lock)
        if found is None:
            raise NoSuchInstruction(instruction_id)
        return found

    def of(self, incident_id: int) -> list[Instruction]:
        """The incident's, those that are open first."""
        query = select(Instruction).where(Instruction.incident_id == incident_id)
        return list(self.db.scalars(query.order_by(Instruction.done_at.is_not(None), Instruction.id.desc())))

    def open(self, incident_id: int | None = None, limit: int = 100) -> list[Instruction]:
        """What is to be done, of one incident or of all, the most urgent first."""
        query = select(Instruction).where(Instruction.done_at.is_(None)).options(joinedload(Instruction.incident))
        if incident_id is not None:
            query = query.where(Instruction.incident_id == incident_id)
        order = (Instruction.due_at.is_(None), Instruction.due_at, Instruction.id)
        return list(self.db.scalars(query.order_by(*order).limit(limit)))

    def count_open(self, overdue_at: datetime | None = None) -> int:
        """How many are to be done, of all incidents; or how many should have been done before ``overdue_at``."""
        query = select(func.count()).select_from(Instruction).where(Instruction.done_at.is_(None))
        if overdue_at is not None:
            query = query.where(Instruction.due_at < overdue_at)
        return self.db.scalar(query) or 0

    def done_lately(self, limit: int = 50) -> list[Instruction]:
        """What was done, the latest first."""
        query = select(Instruction).where(Instruction.done_at.is_not(None)).options(joinedload(Instruction.incident))
        return list(self.db.scalars(query.order_by(Instruction.done_at.desc()).limit(limit)))

    def give(
        self, incident_id: int, *, leader: str, text: str, owner: str, given_at: datetime | None,
        due_at: datetime | None, account_id: int,
    ) -> Instruction:  # fmt: skip
        """Take an instruction down.

        Args:
            given_at: when the leader gave it; now by default.

        Raises:
            NoSuchIncident
            InstructionFault
        """
        incident, now = self.incidents.get(incident_id, lock=True), self.clock.now()
        leader, owner, text = one_line(leader), one_line(owner), without_controls(text).strip()
        given_at = given_at or now
        _check(leader, text, owner, given_at, due_at, now)
        instruction = Instruction(
            incident=incident, leader=leader, text=text, owner=owner, given_at=given_at, due_at=due_at,
            account_id=account_id, written_at=now,
        )  # fmt: skip
        self.db.add(instruction)
        self.db.flush()
        due = due_at.isoformat() if due_at else None
        self._tell(
            instruction, "given", leader=leader, text=text, owner=owner, given_at=given_at.isoformat(), due_at=due
        )
        self._note(instruction, _("Instruction of ${leader} to ${owner}: ${text}",
                                  mapping={"leader": leader, "owner": owner, "text": text}))  # fmt: skip
        return instruction

    def remind(self, instruction_id: int, text: str, account_id: int) -> InstructionReminder:
        """Whoever must act was reminded, and said something.

        Raises:
            NoSuchInstruction
            InstructionFault: nothing is written down.
        """
        instruction, text = self.get(instruction_id, lock=True), without_controls(text).strip()
        if not text:
            raise InstructionFault(text=_("Write down who was reminded and what they said."))
        _limit(text=(text, LONGEST))
        reminder = InstructionReminder(
            instruction_id=instruction.id, at=self.clock.now(), account_id=account_id, text=text
        )
        self.db.add(reminder)
        self.db.flush()
        self._tell(instruction, "reminded", text=text)
        self._note(instruction, _("${owner} was reminded of an instruction: ${text}",
                                  mapping={"owner": instruction.owner, "text": text}))  # fmt: skip
        return reminder

    def finish(self, instruction_id: int, note: str, account_id: int) -> Instruction:
        """It is done, in these words. Idempotent.

        Raises:
            NoSuchInstruction
            InstructionFault: nothing is written down.
        """
        instruction, note = self.get(instruction_id, lock=True), without_controls(note).strip()
        if instruction.done_at is not None:
            return instruction
        if not note:
            raise InstructionFault(note=_("Write down what was done."))
        _limit(note=(note, LONGEST))
        instruction.done_at, instruction.done_by_id = self.clock.now(), account_id
        instruction.done_note = note
        late = instruction.due_at is not None and instruction.done_at > instruction.due_at
        self._tell(instruction, "done", note=note, late=late)
        self._note(instruction, _("${owner} carried out an instruction: ${text}",
                                  mapping={"owner": instruction.owner, "text": note}))  # fmt: skip
        return instruction

    def reopen(self, instruction_id: int) -> Instruction:
        """It was not done after all. Idempotent; what was said to be done stays in the timeline.

        Raises:
            NoSuchInstruction
        """
        instruction = self.get(instruction_id, lock=True)
        if instruction.done_at is not None:
            instruction.done_at = instruction.done_by_id = None
            instruction.done_note = ""
            self._tell(instruction, "reopened")
            self._note(instruction, _("An instruction to ${owner} is open again.",
                                      mapping={"owner": instruction.owner}))  # fmt: skip
        return instruction

    def warn(self) -> int:
        """Say once of each that it is near its end, and once that it is over; how many were said."""
        now, said = self.clock.now(), 0
        silent = or_(Instruction.warned_at.is_(None), Instruction.overdue_at.is_(None))
        query = select(Instruction).where(Instruction.done_at.is_(None), Instruction.due_at.is_not(None), silent)
        for instruction in self.db.scalars(query.with_for_update(of=Instruction)).all():
            assert instruction.due_at is not None
            if instruction.overdue_at is None and now > instruction.due_at:
                instruction.overdue_at, instruction.warned_at = now, instruction.warned_at or now
                self._tell(instruction, "overdue")
                self._note(instruction, _("An instruction to ${owner} is overdue.",
                                          mapping={"owner": instruction.owner}))  # fmt: skip
            elif instruction.warned_at is None and is_near(instruction, now):
                instruction.warned_at = now
                self._tell(instruction, "near")
            else:
                continue
            said += 1
        return said

    def _note(self, instruction: Instruction, words: TranslationString) -> None:
        self.incidents.note(
            instruction.incident_id, self.translate(words), "instruction", {"instruction": instruction.id}, words
        )

    def _tell(self, instruction: Instruction, verb: str, **data: object) -> None:
        told = {"incident": instruction.incident_id, **data}
        self.ledger.append(f"instruction.{verb}", f"instruction:{instruction.id}", told)


def is_near(instruction: Instruction, now: datetime) -> bool:
    """Is it in the last third of its time, or over?"""
    if instruction.due_at is None:
        return False
    return now > instruction.due_at - (instruction.due_at - instruction.given_at) / NEAR


def _check(
    leader: str, text: str, owner: str, given_at: datetime, due_at: datetime | None, now: datetime
) -> None:  # fmt: skip
    faults: dict[str, TranslationString] = {}
    if not leader:
        faults["leader"] = _("Say who gave the instruction.")
    if not text:
        faults["text"] = _("Write down what is to be done.")
    if not owner:
        faults["owner"] = _("Say who must act: a department or a person.")
    if not now - EARLIEST < given_at <= now + timedelta(minutes=1):
        faults["given_at"] = _("This moment lies too far away.")
    if due_at is not None and due_at <= given_at:
        faults["due_at"] = _("It cannot be due before it was given.")
    if faults:
        raise InstructionFault(**faults)
    _limit(leader=(leader, LONGEST_LEADER), text=(text, LONGEST), owner=(owner, LONGEST_OWNER))


def _limit(**texts: tuple[str, int]) -> None:
    too_long = {
        name: _("That is too long: ${most} characters at most.", mapping={"most": most})
        for name, (text, most) in texts.items()
        if len(text) > most
    }
    if too_long:
        raise InstructionFault(**too_long)


def watch(work: Work) -> None:
    """The clerk's job."""
    with work.write() as request:
        said = request.find_service(Instructions).warn()
    if said:
        log.warning("%d instructions are near their end or over", said)


def instructions_factory(context: object, request: Request) -> Instructions:
    """The request's ``Instructions``."""
    return Instructions(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Incidents),
        request.localizer.translate,
    )
