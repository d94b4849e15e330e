"""Each filter of the audit desk finds what it names, and nothing else, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from broadcast.models import Broadcast
from dutycenter.audit import search
from dutycenter.audit.search import Query, find
from dutycenter.calls.models import ODD, Call, Recording
from dutycenter.incidents.models import IncidentCall
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IBroadcasts
from dutycenter.vocabulary import BroadcastState, CallResult, CallState, Disposition, RecordingKind, RecordingState
from dutycenter.work import Work

START = datetime(2026, 11, 1, 4, tzinfo=UTC)


def write(work: Work) -> str:
    """Five recordings, a day apart; the number of an incident with a caller and a broadcast."""
    with work.write() as request:
        db = request.db
        incident = request.find_service(Incidents).create({"title": "t"})
        db.add(
            Broadcast(
                id=7, incident_id=incident.id, title="t", message="", created_at=START, state=BroadcastState.FINISHED
            )
        )
        for n, of in enumerate(OF, start=1):
            at = START + timedelta(days=n)
            row: dict[str, Any] = {
                "id": n, "channel_uuid": f"c{n}", "file_name": f"{n}.wav", "kind": RecordingKind.CALL,
                "state": RecordingState.KEPT, "started_at": at, "seconds": 60.0 * n, "number": f"1380013800{n}",
                "number_reversed": f"1380013800{n}"[::-1], "findings": {}, "result": CallResult.ANSWERED,
            }  # fmt: skip
            if "call_id" in of:
                db.execute(
                    insert(Call).values(
                        id=of["call_id"], channel_uuid=f"c{n}", state=CallState.ENDED, arrived_at=at, caller_number=""
                    )
                )
            db.execute(insert(Recording).values(**row | of))
        db.execute(insert(IncidentCall).values(incident_id=incident.id, call_id=1))
        return str(incident.number)


OF: tuple[dict[str, Any], ...] = (
    {"call_id": 1},
    {"findings": {"truncated": True}},
    {"kind": RecordingKind.NOTICE, "broadcast_id": 7, "result": Disposition.BUSY},
    {"state": RecordingState.MISSING, "findings": {"missing_ms": 4000}},
    {"kind": RecordingKind.VOICEMAIL},
)
FILTERS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "everything": ({}, [5, 4, 3, 2, 1]),
    "odd": ({"odd": True}, [4, 2]),
    "odd and missing": ({"odd": True, "state": RecordingState.MISSING}, [4]),
    "a number": ({"number": "13800138003"}, [3]),
    "the end of a number": ({"number": "8002"}, [2]),
    "a day": ({"since": date(2026, 11, 3), "until": date(2026, 11, 3)}, [2]),
    "long": ({"longer": 240}, [5, 4]),
    "short": ({"shorter": 60}, [1]),
    "a kind": ({"kind": RecordingKind.VOICEMAIL}, [5]),
    "a result": ({"result": Disposition.BUSY}, [3]),
    "an unknown incident": ({"incident": "2026-9999"}, []),
    "after a place": ({"odd": True, "after": (START + timedelta(days=4), 4)}, [2]),
}


def found(work: Work, **asked: Any) -> list[int]:
    with work.read() as request:
        page = find(request.db, Query(**asked), work.settings.time_zone, request.find_service(IBroadcasts))
    return [recording.id for recording, _leg in page.rows]


def test_each_filter_finds_what_it_names(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = write(work)
    wanted = {name: ids for name, (_asked, ids) in FILTERS.items()}
    assert {name: found(work, **asked) for name, (asked, _ids) in FILTERS.items()} == wanted
    assert found(work, incident=incident) == [3, 1]
    monkeypatch.setattr(search, "COUNTED", 2)  # so many have such a number that another way is quicker
    assert found(work, number="138") == [5, 4, 3, 2, 1]


def test_what_is_odd_comes_from_an_index(sqlite_work: Work) -> None:
    """Its condition is word for word the index's; with another one the whole table would be read."""
    with sqlite_work.read() as request:
        asked = f"EXPLAIN QUERY PLAN SELECT id FROM recordings WHERE {ODD} ORDER BY started_at DESC, id DESC LIMIT 51"
        plan = str(request.db.execute(text(asked)).all())
    assert "ix_recordings_odd" in plan
    assert "TEMP B-TREE" not in plan
