"""Time stamps by OpenSSL's authority, on both databases."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from dutycenter.interfaces import ILedger
from dutycenter.ledger.authority import Authority, NoStamp, StampCheck, authority_of, stamp_last_head
from dutycenter.ledger.keys import verifying_key
from dutycenter.ledger.models import LedgerTimestamp
from dutycenter.ledger.sealer import seal
from dutycenter.ledger.verify import Proof, prove
from dutycenter.work import Work
from tests.support.authority import local_authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with local_authority(tmp_path_factory.mktemp("authority")) as known:
        yield known


@pytest.fixture
def stamping(work: Work, authority: tuple[str, Path]) -> Work:
    """An installation that knows the authority, with sealed entries."""
    work.registry["dutycenter.settings"] = replace(
        work.settings, ledger_tsa_url=authority[0], ledger_tsa_roots=authority[1]
    )
    tell(work)
    return work


def tell(work: Work) -> None:
    for number in range(3):
        with work.write() as request:
            request.find_service(ILedger).append("call.arrived", f"call:{number}")
    seal(work)


def proof_of(work: Work) -> Proof:
    with work.read() as request:
        return prove(
            request.db,
            verifying_key(work.settings.ledger_key_file),
            work.settings.ledger_anchor_file,
            stamps=StampCheck(authority_of(work.settings)),
        )


class TestStamp:
    def test_a_head_is_stamped_once_and_the_stamp_holds(self, stamping: Work) -> None:
        assert stamp_last_head(stamping)
        seal(stamping)
        assert not stamp_last_head(stamping)
        proof = proof_of(stamping)
        assert (proof.faults, proof.stamped) == ([], 1)

    def test_openssl_agrees(self, stamping: Work, authority: tuple[str, Path], tmp_path: Path) -> None:
        stamp_last_head(stamping)
        with stamping.read() as request:
            reply = request.db.scalars(select(LedgerTimestamp.reply)).one()
        (tmp_path / "reply.tsr").write_bytes(reply)
        query = authority[1].with_name("query.tsq")
        judged = subprocess.run(
            ["openssl", "ts", "-verify", "-queryfile", query, "-in", tmp_path / "reply.tsr", "-CAfile", authority[1]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Verification: OK" in judged.stdout

    def test_a_stamp_on_something_else_is_refused(self, stamping: Work, authority: tuple[str, Path]) -> None:
        stamp = authority_of(stamping.settings).stamp(b"one head")
        assert stamp is not None
        with pytest.raises(NoStamp, match="Mismatch"):
            authority_of(stamping.settings).check(stamp.reply, b"another head")

    def test_an_authority_that_nobody_vouches_for_is_refused(self, stamping: Work, tmp_path: Path) -> None:
        with local_authority(tmp_path / "stranger") as (address, _roots):
            known = authority_of(stamping.settings)
            assert isinstance(known, Authority)
            with pytest.raises(NoStamp):
                Authority(address, known.roots).stamp(b"a head")

    def test_an_authority_that_is_away_stops_nothing(self, stamping: Work) -> None:
        stamping.registry["dutycenter.settings"] = replace(stamping.settings, ledger_tsa_url="http://127.0.0.1:9/")
        assert not stamp_last_head(stamping)
        assert proof_of(stamping).holds

    def test_without_an_authority_nothing_is_asked(self, work: Work) -> None:
        tell(work)
        assert not stamp_last_head(work)
