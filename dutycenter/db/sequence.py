"""Numbers of a year: one after the other, no gap, none given twice."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column


class YearSequence:
    """Mixed into a table: the last number given in each year."""

    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


def next_number(db: Session, sequence: type[YearSequence], year: int) -> int:
    """The year's next number; the first is 1.

    The year's row stays locked until the transaction ends, so a number that is
    rolled back is given again.
    """
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    db.execute(insert(sequence).values(year=year, last=0).on_conflict_do_nothing())
    row = db.get_one(sequence, year, with_for_update=True, populate_existing=True)
    row.last += 1
    db.flush()
    return row.last
