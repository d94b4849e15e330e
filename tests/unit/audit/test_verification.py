"""Everything proved, or named: recordings and papers beside the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from dutycenter.audit.verification import Verification, put_on_record, verify
from dutycenter.calls.models import Recording
from dutycenter.ledger.sealer import seal
from dutycenter.work import Work
from tests.support.recordings import record_call


def record(work: Work) -> Path:
    """A call with a recording of one second, taken in and sealed."""
    file = record_call(work)
    seal(work)
    return file


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4000] ^= 1
    file.write_bytes(content)


class TestVerify:
    def test_an_untouched_recording_is_proved(self, work: Work) -> None:
        record(work)
        found = verify(work)
        assert found.holds, found.faults
        assert found.recordings == 1

    @pytest.mark.parametrize(("harm", "named"), [(flip_a_bit, "was changed"), (Path.unlink, "is gone")])
    def test_a_changed_file_is_named(self, work: Work, harm: object, named: str) -> None:
        file = record(work)
        harm(file)  # type: ignore[operator]
        assert [fault.what for fault in verify(work).faults] == [f"the file {named}"]

    def test_a_row_that_was_given_another_hash_is_named(self, work: Work) -> None:
        flip_a_bit(record(work))
        with work.write() as request:
            request.db.execute(update(Recording).values(sha256="0" * 64))
        assert {fault.what for fault in verify(work).faults} == {
            "its row says something else than the ledger",
            "the file was changed",
        }

    def test_without_the_public_key_nothing_is_called_good(self, work: Work) -> None:
        record(work)
        work.settings.ledger_key_file.with_name("ledger.key.pub").unlink()
        assert not verify(work).holds

    def test_a_verification_is_itself_on_record(self, work: Work) -> None:
        record(work)
        put_on_record(work, verify(work))
        seal(work)
        again: Verification = verify(work)
        assert again.holds
        assert again.proof.entries > 0
