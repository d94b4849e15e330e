"""Rows written in one statement are the rows that the session would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from dutycenter.calls.models import Leg
from dutycenter.db.bulk import insert_all, update_all
from dutycenter.interfaces import ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Direction
from dutycenter.work import Work

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)
HOSTILE = "'); DROP TABLE legs; -- \"\\u0000\\ 李\n%(x)s :rows"


def leg(uuid: str, **more: object) -> dict[str, object]:
    return {"channel_uuid": uuid, "direction": Direction.OUTBOUND, "created_at": MOMENT, **more}


class TestBulk:
    def test_values_of_every_kind_come_back_as_they_went_in(self, work: Work) -> None:
        beijing = MOMENT.astimezone(timezone(timedelta(hours=8)))
        with work.write() as request:
            insert_all(
                request.db,
                Leg,
                [leg("a", number=HOSTILE[:64], answered_at=beijing), leg("b", number="", answered_at=None)],
            )
            insert_all(request.db, Leg, [])
        with work.write() as request:
            update_all(request.db, Leg, [{"channel_uuid": "b", "ended_at": beijing, "hangup_cause": HOSTILE[:64]}])
            update_all(request.db, Leg, [])
        with work.read() as request:
            first, second = request.db.scalars(select(Leg).order_by(Leg.channel_uuid))
            assert (first.number, first.answered_at, first.ended_at) == (HOSTILE[:64], MOMENT, None)
            assert (first.direction, first.gateway, first.hangup_cause) == (Direction.OUTBOUND, "", "")
            assert (second.ended_at, second.answered_at, second.hangup_cause) == (MOMENT, None, HOSTILE[:64])

    def test_what_the_table_refuses_is_refused(self, work: Work) -> None:
        with pytest.raises(Exception, match=r"(?i)unique|constraint"), work.write() as request:
            insert_all(request.db, Leg, [leg("a"), leg("a")])
        with pytest.raises(Exception, match="without a zone"), work.write() as request:
            insert_all(request.db, Leg, [leg("c") | {"created_at": datetime(2026, 1, 1)}])
        with work.read() as request:
            assert request.db.scalars(select(Leg)).all() == []

    def test_entries_keep_their_order_and_belong_to_the_transaction(self, work: Work) -> None:
        with work.write() as request:
            ledger = request.find_service(ILedger)
            alone = ledger.append("test.begun", "test:1", {})
            ledger.append_all([("test.happened", "test:1", {"n": n, "text": HOSTILE}) for n in range(50)])
        with work.read() as request:
            rows = list(request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))
            assert rows[0].id == alone
            assert [f'"n":{n},' in row.data for n, row in enumerate(rows[1:])] == [True] * 50
            assert len({row.transaction_id for row in rows}) == 1
