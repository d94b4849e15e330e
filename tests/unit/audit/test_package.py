"""A package proves itself: to us, and to a Python that has nothing of ours; every bit of it counts."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.audit import verifier
from dutycenter.audit.exports import Exports, make_waiting
from dutycenter.audit.models import EvidenceExport
from dutycenter.audit.outside import check_package
from dutycenter.calls.models import Recording
from dutycenter.incidents.attachments.services import Attachments, Owner
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IBroadcasts, IClock, ILedger
from dutycenter.ledger.keys import raw, verifying_key
from dutycenter.ledger.merkle import consistency_proof, root_of, sha256
from dutycenter.ledger.models import LedgerEntry
from dutycenter.ledger.rotation import rotate_key
from dutycenter.ledger.sealer import last_head, seal
from dutycenter.settings import load
from dutycenter.vocabulary import ReportState, Role
from dutycenter.work import Work
from tests.conftest import make_tables, open_store
from tests.support.recordings import record_call

SEED = 20261127


@dataclass(frozen=True)
class Made:
    work: Work
    file: Path
    printed: str  # a head of before, as a paper prints it

    @property
    def bytes(self) -> bytes:
        return self.file.read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A package of one of two recordings, made after the key was handed over."""
    here = tmp_path_factory.mktemp("package")
    configured = load({"voice": "silent", "rehearsal": "true"}, here=here)
    configured.var.mkdir(parents=True)
    make_tables(configured.database_url)
    work = open_store(configured)
    for number in range(2):
        record_call(work, channel=f"00000000-0000-4000-8000-{number:012d}")
    seal(work)
    with work.write() as request:
        head = last_head(request.db)
        printed = (
            f"dutycenter-head {head.size} {head.at:%Y-%m-%dT%H:%M:%SZ} sha256:{head.sha256.hex()}"
            f" sm3:{head.sm3.hex()} key:{head.key_id}"
        )
        request.find_service(ILedger).append("report.made", "report:1", {"heads": [printed, "no head"]})
    rotate_key(work)
    with work.write() as request:
        now = request.find_service(IClock).now()
        account = Account(username="a", name="审计员", role=Role.AUDITOR, password_hash="-", created_at=now)
        request.db.add(account)
        request.db.flush()
        services = (request.find_service(port) for port in (ILedger, IClock, IBroadcasts))
        Exports(request.db, *services, account.id, "192.0.2.7").of_recordings([1], "投诉 12")
    make_waiting(work)
    with work.read() as request:
        export = request.db.get(EvidenceExport, 1)
        assert (export.state, export.fault) == (ReportState.MADE, "")
        assert request.db.get(Recording, 1).seconds == 1
    yield Made(work, configured.exports_dir / export.file_name, printed)
    work.registry["dutycenter.engine"].dispose()


def faults(data: bytes) -> list[tuple[str, str]]:
    return list(verifier.Package(data).check().faults)


def owners(data: bytes, names: list[str]) -> list[tuple[int, str]]:
    """Where each file's header begins, and whose it is; the index last."""
    starts, at = [], 0
    for name in names:
        start, length = verifier.Package(data).check().spans[name]
        starts.append((at, name))
        at = start + length
    return [*starts, (at, verifier.INDEX)]


def owner_of(places: list[tuple[int, str]], at: int) -> str:
    return next(name for start, name in reversed(places) if at >= start)


class TestPackage:
    def test_any_zip_tool_reads_it(self, made: Made) -> None:
        with zipfile.ZipFile(made.file) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
        assert names[:3] == ["manifest.json", "manifest.sig", "report.pdf"]
        assert {"entries.jsonl", "verify.py", "README.txt"} <= set(names)

    def test_it_holds(self, made: Made) -> None:
        package = verifier.open_package(str(made.file))
        assert package.faults == []
        assert package.checked["recordings"] == 1
        assert package.keys[0][1] == raw(verifying_key(made.work.settings.ledger_key_file))
        assert len(package.keys) == 2

    def test_python_alone_agrees(self, made: Made, tmp_path: Path) -> None:
        with zipfile.ZipFile(made.file) as archive:
            archive.extract("verify.py", tmp_path)
        moved = tmp_path / "moved.zip"
        moved.write_bytes(made.bytes)
        script = [sys.executable, "-I", "-S", "verify.py"]
        good = subprocess.run([*script, "moved.zip"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "全部相符。Everything holds.")
        poor = subprocess.run(  # a console without Chinese characters
            [sys.executable, "-I", "-S", "-X", "utf8=0", "verify.py", "moved.zip"],
            cwd=tmp_path, capture_output=True, text=True, check=False, env={"LC_ALL": "C"},
        )  # fmt: skip
        assert (poor.returncode, "Everything holds." in poor.stdout) == (0, True)
        other = subprocess.run(
            [*script, "moved.zip", "--key", "0" * 64], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        changed = bytearray(made.bytes)
        changed[len(changed) // 2] ^= 1
        moved.write_bytes(changed)
        bad = subprocess.run([*script, "moved.zip"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (bad.returncode, "CHANGED" in bad.stdout) == (1, True)


class TestPrintedHead:
    def held(self, made: Made, folder: Path, printed: str) -> tuple[int, str]:
        """By Python alone: exit code and last line."""
        with zipfile.ZipFile(made.file) as archive:
            archive.extract("verify.py", folder)
        told = subprocess.run(
            [sys.executable, "-I", "-S", "verify.py", str(made.file), "--head", printed],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return told.returncode, (told.stdout + told.stderr).splitlines()[-1]

    def test_the_ledger_has_only_grown_since(self, made: Made, tmp_path: Path) -> None:
        code, said = self.held(made, tmp_path, made.printed)
        assert (code, said.endswith("Everything holds, and has since the printed head.")) == (0, True)

    @pytest.mark.parametrize("name", ["sha256", "sm3"])
    def test_a_ledger_that_was_rewritten_since_is_named(self, made: Made, tmp_path: Path, name: str) -> None:
        root = made.printed.partition(f"{name}:")[2][:64]
        other = made.printed.replace(root, root[::-1])
        assert self.held(made, tmp_path, other) == (1, "有内容被改动。Something was changed.")
        package = verifier.Package(made.bytes).check()
        assert package.hold_against(other) is None
        assert {subject for subject, _ in package.faults} == {"the printed head"}

    def test_a_head_that_it_does_not_lead_back_to_proves_nothing(self, made: Made, tmp_path: Path) -> None:
        size = made.printed.split()[1]
        for other in ("1", "1000000"):
            code, said = self.held(made, tmp_path, made.printed.replace(f" {size} ", f" {other} ", 1))
            assert (code, said.startswith("NOT PROVED")) == (2, True)

    def test_what_is_no_printed_head_is_refused(self, made: Made, tmp_path: Path) -> None:
        code, said = self.held(made, tmp_path, "dutycenter-head many words that say nothing")
        assert (code, "not a printed head" in said) == (2, True)


class TestFlippedBits:
    def test_each_is_named_by_what_it_belongs_to_and_nothing_else_is(self, made: Made) -> None:
        whole = made.bytes
        with zipfile.ZipFile(made.file) as archive:
            places = owners(whole, archive.namelist())
        rng, wrong = random.Random(SEED), []
        edges = [at for start, _ in places for at in range(start, min(start + 60, len(whole)))]
        chosen = [*rng.sample(edges, 150), *rng.sample(range(len(whole)), 150), *range(len(whole) - 22, len(whole))]
        for at in chosen:
            changed = bytearray(whole)
            changed[at] ^= 1 << rng.randrange(8)
            named = {subject for subject, _ in faults(bytes(changed))}
            if named != {owner_of(places, at)}:
                wrong.append(f"byte {at} of {owner_of(places, at)}: {named}")
        assert not wrong, "\n".join(wrong)

    @settings(max_examples=40)
    @given(st.data())
    def test_whatever_is_done_to_it_is_seen(self, made: Made, data: st.DataObject) -> None:
        whole = made.bytes
        start = data.draw(st.integers(0, len(whole) - 1))
        stop = data.draw(st.integers(start, min(len(whole), start + 5000)))
        other = data.draw(st.binary(max_size=40))
        changed = whole[:start] + other + whole[stop:]
        assert (faults(changed) == []) == (changed == whole)


class TestForgery:
    def rebuilt(self, made: Made, change: dict[str, bytes]) -> bytes:
        """The package written again, whole as a ZIP, with other contents."""
        with zipfile.ZipFile(made.file) as archive:
            parts = [(name, change.get(name, archive.read(name))) for name in archive.namelist()]
        import zlib

        out, index = b"", b""
        for name, content in parts:
            crc = zlib.crc32(content)
            index += verifier.index_record(name.encode(), crc, len(content), len(out))
            out += verifier.local_header(name.encode(), crc, len(content)) + content
        return out + index + verifier.index_end(len(parts), len(index), len(out))

    def test_a_recording_exchanged_with_its_checksums_is_named(self, made: Made) -> None:
        name = next(one for one in verifier.Package(made.bytes).check().spans if one.startswith("recordings/"))
        assert {subject for subject, _ in faults(self.rebuilt(made, {name: b"RIFF"}))} == {name}

    def test_a_manifest_made_to_fit_is_named(self, made: Made) -> None:
        manifest = json.loads(verifier.Package(made.bytes).check().read("manifest.json"))
        manifest["reason"] = "another"
        forged = json.dumps(manifest).encode()
        assert {subject for subject, _ in faults(self.rebuilt(made, {"manifest.json": forged}))} == {"manifest.json"}


class TestPrimitives:
    @given(st.data())
    def test_paths_between_heads_lead_where_the_ledgers_own_lead(self, data: st.DataObject) -> None:
        second = data.draw(st.integers(2, 70))
        first = data.draw(st.integers(1, second - 1))
        leaves = [sha256(bytes([leaf])) for leaf in range(second)]
        path = consistency_proof(lambda start, stop: root_of(sha256, leaves[start:stop]), first, second)
        roots = [root_of(sha256, leaves[:size]).hex() for size in (first, second)]
        steps = [step.hex() for step in path]
        assert verifier.roots_from(sha256, first, second, roots[0], steps) == tuple(roots)
        wrong = data.draw(st.sampled_from([steps[:-1], [*steps, steps[0]], [roots[1], *steps[1:]]]))
        assert verifier.roots_from(sha256, first, second, roots[0], wrong) != tuple(roots)

    @given(st.binary(max_size=300), st.integers(0, 300))
    def test_sm3_is_openssls(self, data: bytes, cut: int) -> None:
        import hashlib

        assert verifier.sm3_pure([data[:cut], data[cut:]]) == hashlib.new("sm3", data).hexdigest()

    def test_ed25519_is_rfc_8032s(self) -> None:
        # RFC 8032, 7.1, tests 1 and 2
        for key, message, signature in (
            (
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ):  # fmt: skip
            arguments = bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message)
            assert verifier.is_signed(*arguments)
            assert not verifier.is_signed(arguments[0], arguments[1], arguments[2] + b"x")
            assert not verifier.is_signed(arguments[0], bytes(64), arguments[2])


class TestAttachments:
    """Files that came with an incident's reports are in its package, held against what the ledger was told."""

    def packed(self, work: Work, *, changed: bool) -> bytes:
        with work.write() as request:
            now = request.find_service(IClock).now()
            account = Account(username="a", name="审计员", role=Role.AUDITOR, password_hash="-", created_at=now)
            request.db.add(account)
            request.db.flush()
            incident = request.find_service(Incidents).create({"title": "塌方"})
            attachments, owner = request.find_service(Attachments), Owner(incident_id=incident.id)
            for name, content in (
                ("../../现场.pdf", b"%PDF-1.7 1"),
                ("b.pdf", b"%PDF-1.7 2"),
                ("c.pdf", b"%PDF-1.7 3"),
            ):
                row = attachments.add(owner, name, io.BytesIO(content), account.id)
            attachments.remove(row.id)
            place = attachments.store.place(attachments.get(1).sha256)
            attachments.store.place(attachments.get(2).sha256).unlink()
            services = (request.find_service(port) for port in (ILedger, IClock, IBroadcasts))
            Exports(request.db, *services, account.id, "192.0.2.7").of_incident(incident.id, "投诉 12")
        if changed:
            place.chmod(0o640)
            place.write_bytes(b"%PDF-1.7 9")
        make_waiting(work)
        with work.read() as request:
            export = request.db.get(EvidenceExport, 1)
            assert (export.state, export.fault) == (ReportState.MADE, "")
            told = request.db.scalars(select(LedgerEntry.subject).where(LedgerEntry.action == "attachment.exported"))
            assert list(told) == ["attachment:1", "attachment:2"]
        return (work.settings.exports_dir / export.file_name).read_bytes()

    def test_what_was_struck_out_or_is_missing_is_not_there_but_on_record(
        self, sqlite_work: Work, tmp_path: Path
    ) -> None:
        package = verifier.Package(self.packed(sqlite_work, changed=False)).check()
        assert (package.faults, package.checked["attachments"]) == ([], 1)
        assert package.read("attachments/1.pdf") == b"%PDF-1.7 1"
        assert package.manifest["attachments"] == {"attachments/1.pdf": "attachment:1"}
        entries = package.read("entries.jsonl").decode()
        assert "attachment.removed" in entries
        (tmp_path / "report.pdf").write_bytes(package.read("report.pdf"))
        report = "".join(page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages)
        assert "现场.pdf" in report
        assert "文件缺失" in report
        assert "c.pdf" not in report

    def test_another_file_than_the_ledger_was_told_of_is_named(self, sqlite_work: Work, tmp_path: Path) -> None:
        data = self.packed(sqlite_work, changed=True)
        (tmp_path / "moved.zip").write_bytes(data)
        named = ("attachments/1.pdf", "is not the attachment that the ledger was told of")
        assert faults(data) == check_package(sqlite_work, tmp_path / "moved.zip").faults == [named]
        (tmp_path / "verify.py").write_bytes(verifier.Package(data).check().read("verify.py"))
        alone = subprocess.run(
            [sys.executable, "-I", "-S", "verify.py", "moved.zip"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (alone.returncode, " ".join(named) in alone.stdout.replace(": ", " ")) == (1, True)
