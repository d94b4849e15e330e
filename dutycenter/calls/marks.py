"""What officers note of numbers that call: repeated, silent, abusive. Nobody is turned away for it."""

from __future__ import annotations

from collections.abc import Iterable

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dutycenter.calls.models import MarkedCaller
from dutycenter.calls.numbers import clean_number, dialled_form
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import CallerMark

MAX_NOTE = 255


class Marks:
    """Marks of callers."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, account_id: int | None) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.account_id = account_id

    def of(self, numbers: Iterable[str]) -> dict[str, list[MarkedCaller]]:
        """Marks that stand, by the number as it was given."""
        forms = {number: dialled_form(number) for number in numbers if number}
        rows = self.db.scalars(
            select(MarkedCaller)
            .where(MarkedCaller.number.in_(set(forms.values())), MarkedCaller.removed_at.is_(None))
            .options(joinedload(MarkedCaller.made_by))
            .order_by(MarkedCaller.id)
        ).all()
        return {number: [row for row in rows if row.number == form] for number, form in forms.items()}

    def make(self, number: str, mark: CallerMark, note: str = "") -> bool:
        """Note it; nothing when it stands already. False: there is no number to note it of."""
        form = dialled_form(clean_number(number))
        if not form:
            return False
        if self._standing(form, mark) is None:
            made = MarkedCaller(
                number=form,
                mark=mark,
                note=" ".join(note.split())[:MAX_NOTE],
                made_at=self.clock.now(),
                made_by_id=self.account_id,
            )
            self.db.add(made)
            self.db.flush()
            self.ledger.append("caller.marked", f"caller:{made.id}", {"number": form, "mark": mark, "note": made.note})
        return True

    def take_back(self, number: str, mark: CallerMark) -> None:
        """It does not hold any more. Idempotent."""
        standing = self._standing(dialled_form(number), mark)
        if standing is not None:
            standing.removed_at, standing.removed_by_id = self.clock.now(), self.account_id
            self.ledger.append("caller.unmarked", f"caller:{standing.id}", {"number": standing.number, "mark": mark})

    def _standing(self, form: str, mark: CallerMark) -> MarkedCaller | None:
        return self.db.scalar(
            select(MarkedCaller)
            .where(MarkedCaller.number == form, MarkedCaller.mark == mark, MarkedCaller.removed_at.is_(None))
            .limit(1)
        )


def marks_factory(context: object, request: Request) -> Marks:
    """The request's ``Marks``."""
    identity = request.identity
    return Marks(
        request.db, request.find_service(ILedger), request.find_service(IClock), identity.id if identity else None
    )
