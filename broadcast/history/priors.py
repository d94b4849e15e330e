"""Priors: what a number never called borrows, fitted over all numbers and kept in the store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from broadcast.history.counting import day_of, weight_of
from broadcast.history.models import ALL_DAY, EVERY_KIND, NumberHistory, Prior
from broadcast.kernel.posterior import Beta, Hierarchy, Record
from broadcast.kernel.posterior import fit as fit_records


def stale(db: Session, rehearsed: bool) -> bool:
    """Was anything counted since the last fit?"""
    fitted = db.scalar(select(func.max(Prior.fitted_at)).where(Prior.rehearsed == rehearsed))
    counted = db.scalar(select(func.max(NumberHistory.counted_at)).where(NumberHistory.rehearsed == rehearsed))
    return counted is not None and (fitted is None or counted >= fitted)


def fit_all(db: Session, rehearsed: bool, now: datetime) -> None:
    """Fit from all numbers and put in the place of what there was; the same rows give the same priors."""
    today, day = weight_of(now), day_of(now)
    rows = db.execute(
        select(NumberHistory.kind, NumberHistory.band, NumberHistory.successes, NumberHistory.trials)
        .where(NumberHistory.rehearsed == rehearsed)
        .order_by(NumberHistory.number, NumberHistory.band)
    )
    records = [(kind.value, band, Record(s / today, t / today, day)) for kind, band, s, t in rows]
    found = fit_records(records, day)
    db.execute(delete(Prior).where(Prior.rehearsed == rehearsed))
    cells = {(EVERY_KIND, ALL_DAY): found.everything}
    cells |= {(kind, ALL_DAY): prior for kind, prior in found.kinds.items()}
    cells |= found.cells
    db.add_all(
        Prior(rehearsed=rehearsed, kind=kind, band=band, a=prior.a, b=prior.b, fitted_at=now)
        for (kind, band), prior in cells.items()
    )
    db.flush()


def hierarchy(db: Session, rehearsed: bool) -> Hierarchy | None:
    """The priors as they were fitted last; None where there is no history at all."""
    rows = db.scalars(select(Prior).where(Prior.rehearsed == rehearsed)).all()
    cells = {(row.kind, row.band): Beta(row.a, row.b) for row in rows}
    everything = cells.pop((EVERY_KIND, ALL_DAY), None)
    if everything is None:
        return None
    kinds = {kind: prior for (kind, band), prior in cells.items() if band == ALL_DAY}
    return Hierarchy(everything, kinds, {key: prior for key, prior in cells.items() if key[1] != ALL_DAY})
