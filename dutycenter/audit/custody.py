"""Custody: who heard a recording, when, from where and why. Also who asked and was refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pyramid.request import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dutycenter.calls.models import Recording
from dutycenter.incidents.models import IncidentCall
from dutycenter.interfaces import IClock, ILedger
from dutycenter.work import Work

SESSION_KEY = "replays"
GRANT = timedelta(minutes=30)
LONGEST_REASON = 200
SHORTEST_REASON = 2


class ReasonMissing(ValueError):
    """A replay needs a reason of some words."""


class Custody:
    """Grants and records replays for one reader.

    A reason is asked once for a case – an incident, a broadcast, a call – and
    holds for half an hour; every replay in that time is an entry of its own
    that names it.

    Args:
        session: the reader's page session.
        now: the moment of the request.
    """

    def __init__(self, session: dict[str, Any], now: datetime) -> None:
        self.session = session
        self.now = now

    def grant(self, case: str, reason: str) -> None:
        """Note the reason.

        Raises:
            ReasonMissing: it is empty, or as good as.
        """
        said = read_reason(reason)
        kept = {key: value for key, value in self._grants().items() if value["until"] > self.now.timestamp()}
        kept[case] = {"reason": said, "until": int((self.now + GRANT).timestamp())}
        self.session[SESSION_KEY] = kept

    def reason(self, case: str) -> str | None:
        """The reason given for this case, while it holds."""
        grant = self._grants().get(case)
        return str(grant["reason"]) if grant and grant["until"] > self.now.timestamp() else None

    def _grants(self) -> dict[str, Any]:
        grants: dict[str, Any] = self.session.get(SESSION_KEY, {})
        return grants


def read_reason(text: str) -> str:
    """A reason as it stays with the record.

    Raises:
        ReasonMissing: it is empty, or as good as.
    """
    said = " ".join(text.split())[:LONGEST_REASON]
    if len(said) < SHORTEST_REASON:
        raise ReasonMissing
    return said


def case_of(db: Session, recording: Recording) -> str:
    """What a recording belongs to: its incident, its broadcast, its call, or nothing but itself."""
    if recording.call_id is not None:
        incident = db.scalar(
            select(func.min(IncidentCall.incident_id)).where(IncidentCall.call_id == recording.call_id)
        )
        return f"incident:{incident}" if incident else f"call:{recording.call_id}"
    return broadcast_case(recording.broadcast_id) if recording.broadcast_id else f"recording:{recording.id}"


def broadcast_case(broadcast_id: int) -> str:
    """The case that all recordings of a broadcast belong to."""
    return f"broadcast:{broadcast_id}"


def custody_factory(context: object, request: Request) -> Custody:
    """The reader's custody."""
    return Custody(request.session, request.find_service(IClock).now())


def record_replay(request: Request, recording: Recording, reason: str) -> None:
    """Write a replay down in a transaction of its own, before the first byte leaves."""
    _record(request, "recording.replayed", recording, {"reason": reason})


def record_download(request: Request, recording: Recording, reason: str) -> None:
    """Write a download down, before the first byte leaves."""
    _record(request, "recording.downloaded", recording, {"reason": reason})


def record_search(request: Request, criteria: dict[str, str]) -> None:
    """Write down what an auditor looked for: their reads are as visible as anybody's."""
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append(
            "evidence.searched", "evidence:recordings", {**criteria, "address": request.client_addr or ""}
        )


def record_refusal(request: Request, recording: Recording) -> None:
    """Write down that somebody asked for a recording without giving a reason."""
    _record(request, "recording.refused", recording, {"why": "no reason given"})


def _record(request: Request, action: str, recording: Recording, data: dict[str, str]) -> None:
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append(
            action,
            f"recording:{recording.id}",
            {**data, "file": recording.file_name, "address": request.client_addr or ""},
        )
