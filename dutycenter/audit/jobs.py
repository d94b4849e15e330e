"""What the clerk does for the evidence: verify every night, and when somebody asks."""

from __future__ import annotations

import logging

from sqlalchemy import select

from dutycenter.audit.verification import ASKED, VERIFIED, put_on_record, verify
from dutycenter.ledger.models import LedgerEntry
from dutycenter.work import Work

log = logging.getLogger(__name__)


def verify_everything(work: Work) -> None:
    """Verify, put it on record, and raise the alarm in the log when something fails."""
    found = verify(work)
    put_on_record(work, found)
    for fault in found.faults:
        log.critical("EVIDENCE: %s %s", fault.subject, fault.what)


def verify_when_asked(work: Work) -> None:
    """Verify if somebody asked since the last time."""
    with work.read() as request:
        newest = request.db.scalar(
            select(LedgerEntry.action)
            .where(LedgerEntry.action.in_((VERIFIED, ASKED)))
            .order_by(LedgerEntry.id.desc())
            .limit(1)
        )
    if newest == ASKED:
        verify_everything(work)
