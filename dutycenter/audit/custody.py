"""Custody: who heard a recording, when, from where and why. Also who asked and was refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pyramid.request import Request

from dutycenter.calls.models import Recording
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

    A reason is asked once for a recording and holds for half an hour; every
    replay in that time is an entry of its own that names it.

    Args:
        session: the reader's page session.
        now: the moment of the request.
    """

    def __init__(self, session: dict[str, Any], now: datetime) -> None:
        self.session = session
        self.now = now

    def grant(self, recording_id: int, reason: str) -> None:
        """Note the reason.

        Raises:
            ReasonMissing: it is empty, or as good as.
        """
        said = " ".join(reason.split())[:LONGEST_REASON]
        if len(said) < SHORTEST_REASON:
            raise ReasonMissing
        kept = {key: value for key, value in self._grants().items() if value["until"] > self.now.timestamp()}
        kept[str(recording_id)] = {"reason": said, "until": int((self.now + GRANT).timestamp())}
        self.session[SESSION_KEY] = kept

    def reason(self, recording_id: int) -> str | None:
        """The reason given for this recording, while it holds."""
        grant = self._grants().get(str(recording_id))
        return str(grant["reason"]) if grant and grant["until"] > self.now.timestamp() else None

    def _grants(self) -> dict[str, Any]:
        grants: dict[str, Any] = self.session.get(SESSION_KEY, {})
        return grants


def custody_factory(context: object, request: Request) -> Custody:
    """The reader's custody."""
    return Custody(request.session, request.find_service(IClock).now())


def record_replay(request: Request, recording: Recording, reason: str) -> None:
    """Write a replay down in a transaction of its own, before the first byte leaves."""
    _record(request, "recording.replayed", recording, {"reason": reason})


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
