"""Keys follow one another, each vouched for; none is made where one is missing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dutycenter.interfaces import ILedger
from dutycenter.ledger.keys import ROTATED, KeyTrouble, later_file, public_file, verifying_key
from dutycenter.ledger.models import LedgerHead
from dutycenter.ledger.rotation import rotate_key
from dutycenter.ledger.sealer import seal
from dutycenter.ledger.verify import Proof, prove
from dutycenter.work import Work


def tell(work: Work, action: str = "call.arrived", data: dict[str, str] | None = None) -> None:
    with work.write() as request:
        request.find_service(ILedger).append(action, "call:1", data)


def proof_of(work: Work) -> Proof:
    with work.read() as request:
        return prove(request.db, verifying_key(work.settings.ledger_key_file), work.settings.ledger_anchor_file)


class TestRotateKey:
    def test_the_first_public_key_proves_heads_of_all_keys(self, work: Work) -> None:
        tell(work)
        first = rotate_key(work)
        tell(work)
        seal(work)
        second = rotate_key(work)
        tell(work)
        seal(work)
        assert proof_of(work).faults == []
        with work.read() as request:
            ids = list(request.db.scalars(select(LedgerHead.key_id).order_by(LedgerHead.size)))
        assert ids[1:] == [first, first, second, second]
        assert ids[0] not in (first, second)

    def test_the_old_private_key_is_destroyed_and_the_public_one_stays(self, work: Work) -> None:
        tell(work)
        key_file = work.settings.ledger_key_file
        first = rotate_key(work)
        assert (key_file.exists(), public_file(key_file).exists()) == (False, True)
        second = rotate_key(work)
        assert (later_file(key_file, first).exists(), later_file(key_file, second).exists()) == (False, True)
        assert later_file(key_file, second).stat().st_mode & 0o077 == 0

    def test_an_entry_that_only_claims_to_be_a_rotation_changes_nothing_and_is_named(self, work: Work) -> None:
        tell(work)
        seal(work)
        tell(work, ROTATED, {"old": "a", "new": "b", "public_key": "00" * 32, "signature": "00" * 64})
        tell(work)
        seal(work)
        assert [fault.subject for fault in proof_of(work).faults] == ["leaf:1"]

    def test_there_must_be_something_to_hand_over(self, work: Work) -> None:
        with pytest.raises(KeyTrouble, match="nothing was sealed"):
            rotate_key(work)


class TestSeal:
    def test_a_key_that_is_gone_is_never_made_anew(self, work: Work) -> None:
        tell(work)
        seal(work)
        work.settings.ledger_key_file.unlink()
        tell(work)
        with pytest.raises(KeyTrouble, match="is gone"):
            seal(work)
        assert proof_of(work).unsealed == 1

    def test_a_public_half_that_was_lost_at_once_is_written_again(self, work: Work) -> None:
        tell(work)
        seal(work)
        public_file(work.settings.ledger_key_file).unlink()
        tell(work)
        seal(work)
        assert proof_of(work).holds
