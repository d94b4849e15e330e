"""What is known of numbers: right, because somebody answered there, or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.directory.models import PhoneNumber
from dutycenter.interfaces import IClock, ILedger


@dataclass(frozen=True)
class Proof:
    """What one call showed of a person's number: ``right`` when the person answered there."""

    person_id: int
    number: str
    at: datetime
    right: bool


class Proving:
    """Notes when numbers were verified and when they failed.

    Args:
        db: the session of the change.
        ledger: where it is told.
        clock: the moment of what somebody says by hand.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock

    def take(self, proofs: Sequence[Proof]) -> int:
        """Note what calls showed; how much of it was new.

        An older proof changes nothing, so they may come in any order and any number of
        times; of a number that its person no longer has nothing is noted.
        """
        people = {proof.person_id for proof in proofs}
        rows = self.db.scalars(
            select(PhoneNumber).where(PhoneNumber.person_id.in_(people)).order_by(PhoneNumber.id).with_for_update()
        )
        kept = {(row.person_id, row.number): row for row in rows}
        new = [proof for proof in sorted(proofs, key=lambda p: p.at) if _note(kept, proof)]
        if new:
            self.ledger.append("directory.numbers_proved", "directory:0", {
                "verified": _listed(proof for proof in new if proof.right),
                "failed": _listed(proof for proof in new if not proof.right),
            })  # fmt: skip
        return len(new)

    def number(self, number_id: int) -> PhoneNumber | None:
        """The number of this id."""
        return self.db.get(PhoneNumber, number_id)

    def say(self, number: PhoneNumber, *, right: bool) -> None:
        """Somebody says that a number is right, or that it is wrong."""
        now = self.clock.now()
        if right:
            number.verified_at = now
        else:
            number.failed_at = now
        action = "person.number_verified" if right else "person.number_failed"
        self.ledger.append(action, f"person:{number.person_id}", {"number": number.number})


def _note(kept: dict[tuple[int, str], PhoneNumber], proof: Proof) -> bool:
    row = kept.get((proof.person_id, proof.number))
    if row is None:
        return False
    before = row.verified_at if proof.right else row.failed_at
    if before is not None and before >= proof.at:
        return False
    if proof.right:
        row.verified_at = proof.at
    else:
        row.failed_at = proof.at
    return True


def _listed(proofs: Iterable[Proof]) -> list[list[object]]:
    return [[proof.person_id, proof.number, proof.at.isoformat()] for proof in proofs]


def factory(context: object, request: Request) -> Proving:
    """The request's proving of numbers."""
    return Proving(request.db, request.find_service(ILedger), request.find_service(IClock))
