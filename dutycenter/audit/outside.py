"""What came back from outside – a package, a printed head – held against this installation."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from dutycenter.audit.verifier import Package, open_package
from dutycenter.ledger import keys
from dutycenter.ledger.anchors import printed_head
from dutycenter.ledger.models import LedgerHead
from dutycenter.work import Work


def check_package(work: Work, place: Path) -> Package:
    """Check a package with this installation's own cryptography, and that it is this installation's."""
    package = open_package(str(place), is_signed=_is_signed)
    if package.manifest is None:
        return package
    own = keys.raw(keys.verifying_key(work.settings.ledger_key_file))
    if package.keys[0][1] != own:
        package.accuse("the first public key", "is another installation's")
        return package
    told = package.manifest["head"]
    with work.read() as request:
        head = request.db.get(LedgerHead, told["size"])
    if head is None or (head.sha256.hex(), head.sm3.hex()) != (told["sha256"], told["sm3"]):
        package.accuse("the ledger's head", f"of {told['size']} entries is not in this ledger any more")
    return package


def printed_fault(db: Session, text: str) -> str | None:
    """What is wrong with a head as it was printed, held against the ledger; None when it is the same.

    Raises:
        ValueError: the text is no printed head.
    """
    size, sha256, sm3, key = printed_head(text)
    head = db.get(LedgerHead, size)
    if head is None:
        return f"covers {size} entries; the ledger has no such head any more"
    if (head.sha256.hex(), head.sm3.hex(), head.key_id) != (sha256, sm3, key):
        return "is not what the ledger holds now: the ledger was rewritten"
    return None


def _is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        return keys.is_signed(Ed25519PublicKey.from_public_bytes(key), signature, message)
    except ValueError:
        return False
