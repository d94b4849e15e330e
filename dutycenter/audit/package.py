"""The evidence package: one ZIP that proves itself to anybody who has Python and nothing of ours.

``verifier`` (``verify.py`` in the package) knows every byte of it. Nothing is
compressed and nothing dated, so that whatever is changed can be named.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dutycenter.audit import verifier
from dutycenter.ledger.canonical import instant
from dutycenter.ledger.keys import Rotation
from dutycenter.ledger.models import LedgerHead
from dutycenter.ledger.proofs import EntryProof, Growth

MOST_BYTES = 2**32 - 2**20  # a ZIP of the old kind, which every tool reads
FORMAT = "dutycenter-evidence/1"
SIGNED = b"dutycenter package\n"
README = """证据包 / Evidence package

核验（只需 Python 3.9 及以上，无需联网）：
    python3 verify.py 本文件.zip
Check it (Python 3.9 or newer, no network):
    python3 verify.py THIS.zip

手中若有月报或其他文件上印的台账签名头，可核验台账是否由它延续而来：
If you hold a head of the ledger that a paper prints, see whether the ledger has grown from it:
    python3 verify.py THIS.zip --head "dutycenter-head …"

report.pdf 供阅读；entries.jsonl 为台账条目及其证明；recordings/ 为录音原件；attachments/ 为随报告收到的附件。
report.pdf is for reading; entries.jsonl holds the ledger's entries and their proofs; recordings/ the originals;
attachments/ files that came with reports.
"""


class TooLarge(ValueError):
    """More than one package holds: choose fewer recordings."""


@dataclass(frozen=True)
class Part:
    """One file of the package, from bytes or from a file."""

    name: str
    source: bytes | Path

    def chunks(self) -> Iterator[bytes]:
        if isinstance(self.source, bytes):
            yield self.source
            return
        with self.source.open("rb") as file:
            while chunk := file.read(verifier.CHUNK):
                yield chunk


@dataclass(frozen=True)
class Contents:
    """What a package says.

    Attributes:
        about: who made it, when and why; free of secrets.
        rotations: the keys that followed the first one, under the head.
        growth: from each earlier head that somebody may hold in print to this one.
        recordings: name in the package: ``recording:ID``.
        attachments: name in the package: ``attachment:ID``.
    """

    about: Mapping[str, Any]
    first_key: bytes
    rotations: Sequence[Rotation]
    head: LedgerHead
    proofs: Sequence[EntryProof]
    growth: Sequence[Growth]
    recordings: Mapping[str, str]
    attachments: Mapping[str, str]
    parts: Sequence[Part]


def write_package(place: Path, contents: Contents, key: Ed25519PrivateKey) -> None:
    """Write the ZIP.

    Args:
        place: where; written aside first, so that it is there whole or not at all.
        key: of the ledger, the one that signed the head.

    Raises:
        TooLarge: it would be larger than a plain ZIP may be.
    """
    parts = [
        *contents.parts,
        Part(verifier.ENTRIES, "".join(_line(proof) for proof in contents.proofs).encode()),
        Part(verifier.GROWTH, "".join(_grown(growth) for growth in contents.growth).encode()),
        Part("verify.py", Path(verifier.__file__).read_bytes()),
        Part("README.txt", README.encode()),
    ]
    manifest = json.dumps(_manifest(contents, parts), ensure_ascii=False, indent=1, sort_keys=True).encode()
    signature = json.dumps({"signature": key.sign(SIGNED + manifest).hex()}).encode()
    whole = [Part(verifier.MANIFEST, manifest), Part(verifier.SIGNATURE, signature), *parts]
    aside = place.with_name(f".{place.name}")
    place.parent.mkdir(parents=True, exist_ok=True)
    with aside.open("wb") as file:
        for chunk in _zip(whole):
            file.write(chunk)
    aside.replace(place)


def _zip(parts: Iterable[Part]) -> Iterator[bytes]:
    index, offset, count = b"", 0, 0
    for part in parts:
        name, crc, size = part.name.encode("ascii"), 0, 0
        for chunk in part.chunks():
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        if offset + size + len(index) > MOST_BYTES:
            raise TooLarge("The package would be larger than 4 GB. Choose fewer recordings.")
        header = verifier.local_header(name, crc, size)
        yield header
        yield from part.chunks()
        index += verifier.index_record(name, crc, size, offset)
        offset, count = offset + len(header) + size, count + 1
    yield index + verifier.index_end(count, len(index), offset)


def _manifest(contents: Contents, parts: Sequence[Part]) -> dict[str, Any]:
    head = contents.head
    later = [vars(rotation) for rotation in contents.rotations if rotation.position < head.size]
    return {
        "format": FORMAT,
        **contents.about,
        "head": {
            "size": head.size,
            "at": instant(head.at),
            "sha256": head.sha256.hex(),
            "sm3": head.sm3.hex(),
            "key_id": head.key_id,
            "signature": head.signature.hex(),
        },
        "keys": [{"position": -1, "public_key": contents.first_key.hex()}, *later],
        "files": [_listed(part) for part in parts],
        "recordings": dict(contents.recordings),
        "attachments": dict(contents.attachments),
    }


def _listed(part: Part) -> dict[str, Any]:
    sha256, sm3, size = hashlib.sha256(), hashlib.new("sm3"), 0
    for chunk in part.chunks():
        sha256.update(chunk)
        sm3.update(chunk)
        size += len(chunk)
    return {"name": part.name, "bytes": size, "sha256": sha256.hexdigest(), "sm3": sm3.hexdigest()}


def _grown(growth: Growth) -> str:
    line = {
        "size": growth.size,
        "roots": {"sha256": growth.root_sha256.hex(), "sm3": growth.root_sm3.hex()},
        "sha256": [step.hex() for step in growth.sha256],
        "sm3": [step.hex() for step in growth.sm3],
    }
    return json.dumps(line, separators=(",", ":")) + "\n"


def _line(proof: EntryProof) -> str:
    line = {
        "position": proof.position,
        "sha256": [step.hex() for step in proof.sha256],
        "sm3": [step.hex() for step in proof.sm3],
        "written": proof.entry.decode(),
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
