from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.directory.proving import Proof, Proving
from dutycenter.directory.services import has_failed
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import NumberKind
from dutycenter.work import Work

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
NUMBER = "15412345678"


@pytest.fixture
def person_id(work: Work) -> int:
    with work.write() as request:
        person = Person(name="张伟", numbers=[PhoneNumber(number=NUMBER, kind=NumberKind.MOBILE)])
        request.db.add(Department(name="水利局", short_name="水利局", people=[person]))
        request.db.flush()
        return person.id


def take(work: Work, *proofs: Proof) -> int:
    with work.write() as request:
        return int(request.find_service(Proving).take(proofs))


def failed(work: Work) -> bool:
    with work.read() as request:
        return has_failed(request.db.scalars(select(PhoneNumber)).one())


def test_the_last_call_says_what_a_number_is_in_whatever_order_they_are_told(work: Work, person_id: int) -> None:
    dead, alive = Proof(person_id, NUMBER, NOW, right=False), Proof(person_id, NUMBER, LATER, right=True)
    assert take(work, dead) == 1
    assert failed(work)
    assert take(work, alive) == 1
    assert not failed(work)
    assert take(work, dead, alive, dead) == 0
    assert not failed(work)
    with work.read() as request:
        assert request.db.scalars(select(LedgerEntry.action)).all() == ["directory.numbers_proved"] * 2


def test_nothing_is_noted_of_a_number_that_its_person_no_longer_has(work: Work, person_id: int) -> None:
    assert take(work, Proof(person_id, "15400000000", NOW, right=False), Proof(999, NUMBER, NOW, right=True)) == 0


def test_what_somebody_says_last_holds(work: Work, person_id: int) -> None:
    for right in (False, True, False):
        with work.write() as request:
            proving = request.find_service(Proving)
            proving.say(request.db.scalars(select(PhoneNumber)).one(), right=right)
        assert failed(work) is not right
