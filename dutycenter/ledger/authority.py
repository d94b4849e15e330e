"""Time stamps by somebody else (RFC 3161): what a head says existed no later than the authority's clock says.

Nothing but a hash leaves the house.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.interfaces import ILedger
from dutycenter.ledger.canonical import instant, said_in
from dutycenter.ledger.faults import Proof
from dutycenter.ledger.models import LedgerEntry, LedgerHead, LedgerTimestamp
from dutycenter.ledger.sealer import head_bytes, last_head
from dutycenter.settings import Settings
from dutycenter.work import Work

log = logging.getLogger(__name__)

STAMPED = "ledger.stamped"
PATIENCE = 20.0  # seconds, real
HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class NoStamp(Exception):
    """The authority gave no stamp that holds; says why."""


@dataclass(frozen=True)
class Stamp:
    """A reply that was checked."""

    at: datetime
    reply: bytes


class ITimeStamps(Protocol):
    """Somebody else's clock."""

    address: str

    def stamp(self, message: bytes) -> Stamp | None:
        """A time stamp on the message; None where no authority is set.

        Raises:
            NoStamp: it refused, cannot be reached, or its reply doesn't hold.
        """

    def check(self, reply: bytes, message: bytes) -> datetime | None:
        """When a kept reply says the message existed; None where there is no certificate to hold it against.

        Raises:
            NoStamp: it doesn't hold.
        """


class NoAuthority:
    """Where no authority is set: stamps nothing, and can check nothing."""

    address = ""

    def stamp(self, message: bytes) -> Stamp | None:
        """See ``ITimeStamps``."""
        return None

    def check(self, reply: bytes, message: bytes) -> datetime | None:
        """See ``ITimeStamps``."""
        return None


class Authority:
    """An authority that speaks RFC 3161 over HTTP.

    Args:
        address: where requests are posted.
        roots: certificates that its signer's must lead to.
    """

    def __init__(self, address: str, roots: list[Certificate]) -> None:
        self.address = address
        self.roots = roots

    def stamp(self, message: bytes) -> Stamp | None:
        """See ``ITimeStamps``."""
        request = TimestampRequestBuilder(data=message, hash_algorithm=HashAlgorithm.SHA256).build()
        try:
            answer = httpx.post(self.address, content=request.as_bytes(), headers=HEADERS, timeout=PATIENCE)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NoStamp(f"{self.address}: {error}") from error
        return Stamp(self._checked(answer.content, message, request.nonce), answer.content)

    def check(self, reply: bytes, message: bytes) -> datetime | None:
        """See ``ITimeStamps``."""
        return self._checked(reply, message, None)

    def _checked(self, reply: bytes, message: bytes, nonce: int | None) -> datetime:
        builder = VerifierBuilder(roots=list(self.roots))
        verifier = (builder if nonce is None else builder.nonce(nonce)).build()
        try:
            decoded = decode_timestamp_response(reply)
            verifier.verify_message(decoded, message)
            at: datetime = decoded.tst_info.gen_time
        except (VerificationError, ValueError) as error:
            raise NoStamp(str(error)) from error
        return at


def authority_of(settings: Settings) -> ITimeStamps:
    """The authority that is set, or none."""
    if not settings.ledger_tsa_url:
        return NoAuthority()
    return Authority(settings.ledger_tsa_url, _roots(settings.ledger_tsa_roots))


def stamp_last_head(work: Work) -> bool:
    """Have the newest head stamped, unless nothing but the last stamp's own entry came since; was it?"""
    authority = authority_of(work.settings)
    with work.read() as request:
        head = last_head(request.db)
        stamped = request.db.scalar(select(LedgerTimestamp.size).order_by(LedgerTimestamp.size.desc()).limit(1)) or 0
    if head is None or head.size - stamped <= 1:
        return False
    try:
        stamp = authority.stamp(_message(head))
    except NoStamp as trouble:
        log.error("The head of %s entries has no time stamp: %s. Trying again.", head.size, trouble)
        return False
    if stamp is None:
        return False
    with work.write() as request:
        request.db.add(LedgerTimestamp(size=head.size, at=stamp.at, authority=authority.address, reply=stamp.reply))
        request.find_service(ILedger).append(
            STAMPED,
            f"head:{head.size}",
            {"at": instant(stamp.at), "authority": authority.address, "reply": hashlib.sha256(stamp.reply).hexdigest()},
        )
    return True


class StampCheck:
    """Holds kept time stamps against their entries, their heads and the authority's certificate."""

    def __init__(self, authority: ITimeStamps) -> None:
        self.authority = authority

    def check(self, db: Session, proof: Proof) -> None:
        """Name every stamp that was changed, removed or put in, and every head that its stamp contradicts."""
        rows: dict[str, list[LedgerTimestamp]] = defaultdict(list)
        for row in db.scalars(select(LedgerTimestamp).order_by(LedgerTimestamp.id)):
            rows[f"head:{row.size}"].append(row)
        entries = select(LedgerEntry.id, LedgerEntry.subject, LedgerEntry.data).where(LedgerEntry.action == STAMPED)
        accused = proof.accused
        told = set()
        for number, subject, data in db.execute(entries):
            if f"entry:{number}" in accused:
                continue
            told.add(subject)
            self._find(db, rows[subject], subject, said_in(data), proof)
        for subject, left in rows.items():
            for row in left:
                self._judge_untold(db, row, proof, told=subject in told)

    def _find(
        self, db: Session, rows: list[LedgerTimestamp], subject: str, said: Mapping[str, Any], proof: Proof
    ) -> None:
        """The stamp that an entry tells of, taken out of its head's."""
        wanted = tuple(said.get(name) for name in ("reply", "at", "authority"))
        for row in rows:
            if (hashlib.sha256(row.reply).hexdigest(), instant(row.at), row.authority) == wanted:
                rows.remove(row)
                self._hold(db, row, proof)
                return
        proof.accuse(f"time stamp of {subject}", "was changed" if rows else "was removed")
        del rows[:1]

    def _judge_untold(self, db: Session, row: LedgerTimestamp, proof: Proof, *, told: bool) -> None:
        """No entry tells of this stamp: it was put in, unless it holds and its entry is what is gone."""
        head = db.get(LedgerHead, row.size)
        if not told and head is not None and self._holds(row, head):
            if proof.entries == row.size:
                proof.accuse(f"leaf:{row.size}", "is gone: it held the entry of the time stamp on the last head")
                return
            if proof.entries_in_doubt:
                return
        proof.accuse(f"time stamp of head:{row.size}", "was put in: the ledger knows nothing of it")

    def _holds(self, row: LedgerTimestamp, head: LedgerHead) -> bool:
        try:
            self.authority.check(row.reply, _message(head))
        except NoStamp:
            return False
        return True

    def _hold(self, db: Session, row: LedgerTimestamp, proof: Proof) -> None:
        subject = f"head:{row.size}"
        head = db.get(LedgerHead, row.size)
        if head is None:
            proof.accuse(subject, "was stamped, but the ledger has no such head")
            return
        try:
            self.authority.check(row.reply, _message(head))
        except NoStamp as trouble:
            proof.accuse(subject, f"its time stamp doesn't hold: {trouble}")
        proof.stamped += 1


def _message(head: LedgerHead) -> bytes:
    return head_bytes(head.size, head.at, head.sha256, head.sm3)


def _roots(place: Path) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(place.read_bytes())
    except (OSError, ValueError) as error:
        raise NoStamp(f"the authority's certificates cannot be read from {place}: {error}") from error
