"""Instructions: given, warned of once, reminded, done; what is wrong is named by its field."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from dutycenter.incidents.instructions.open_items import open_instructions
from dutycenter.incidents.instructions.services import InstructionFault, Instructions, watch
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock
from dutycenter.ledger.models import LedgerEntry
from dutycenter.work import Work


@pytest.fixture
def incident(work: Work) -> int:
    with work.write() as request:
        return request.find_service(Incidents).create({"title": "湘江大桥追尾"}).id


def give(work: Work, incident: int, officer: int, given: float = 0, due: float | None = 60, **more: str) -> int:
    """``given`` and ``due`` in minutes from now."""
    with work.write() as request:
        now = request.find_service(IClock).now()
        texts = {"leader": "李建国", "text": "立即疏导交通", "owner": "市公安局", **more}
        return request.find_service(Instructions).give(
            incident, **texts, given_at=now + timedelta(minutes=given),
            due_at=None if due is None else now + timedelta(minutes=due), account_id=officer,
        ).id  # fmt: skip


def told(work: Work) -> list[str]:
    with work.read() as request:
        query = select(LedgerEntry.action).where(LedgerEntry.action.like("instruction.%")).order_by(LedgerEntry.id)
        return [action.partition(".")[2] for action in request.db.scalars(query)]


def test_it_is_followed_up_until_it_is_done(work: Work, incident: int, officer: int) -> None:
    late, calm = give(work, incident, officer, given=-60, due=-1), give(work, incident, officer, due=None)
    give(work, incident, officer, given=-60, due=10)
    watch(work)
    watch(work)
    assert told(work) == ["given"] * 3 + ["overdue", "near"]
    with work.read() as request:
        assert open_instructions(request)[0].subject == f"instruction:{late}"
        assert len(open_instructions(request, incident)) == 3
        assert open_instructions(request, incident + 1) == []
    with work.write() as request:
        instructions = request.find_service(Instructions)
        instructions.remind(late, "电话催办:王强称正在路上", officer)
        with pytest.raises(InstructionFault):
            instructions.finish(late, " ", officer)
        instructions.finish(late, "已疏导", officer)
        instructions.finish(late, "别的", officer)
        assert instructions.get(late).done_note == "已疏导"
        assert calm in [one.id for one in instructions.open()]
        assert late not in [one.id for one in instructions.open()]
        assert instructions.of(incident)[-1].id == late
        instructions.reopen(late)
        assert instructions.open()[0].id == late
    with work.read() as request:
        lines = [e.text for e in request.db.get(Incident, incident).entries if e.kind == "instruction"]
        assert len(lines) == 3 + 1 + 3
    watch(work)
    assert told(work)[5:] == ["reminded", "done", "reopened"]


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"leader": " ", "text": "\u202e", "owner": ""}, {"leader", "text", "owner"}),
        ({"given": 10}, {"given_at"}),
        ({"due": -5}, {"due_at"}),
        ({"text": "长" * 4001}, {"text"}),
        ({"leader": "长" * 65}, {"leader"}),
    ],
)
def test_what_is_wrong_is_named(
    work: Work, incident: int, officer: int, wrong: dict[str, object], fields: set[str]
) -> None:
    with pytest.raises(InstructionFault) as fault:
        give(work, incident, officer, **wrong)  # type: ignore[arg-type]
    assert set(fault.value.faults) == fields
