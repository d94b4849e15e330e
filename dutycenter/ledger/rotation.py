"""Handing over to a new signing key without breaking the chain."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dutycenter.interfaces import ILedger
from dutycenter.ledger.keys import (
    ROTATED,
    KeyTrouble,
    key_id,
    later_file,
    make_later,
    raw,
    rotation_bytes,
)
from dutycenter.ledger.sealer import last_head, seal, sealed_rotations, signer_of
from dutycenter.work import Work


def rotate_key(work: Work) -> str:
    """Make a new key, have the present one vouch for it, and seal with it; the old private key is then destroyed.

    Returns:
        The new key's id.

    Raises:
        KeyTrouble: the present key isn't there, or nothing was ever sealed.
    """
    key_file = work.settings.ledger_key_file
    seal(work)
    old = _present(work, key_file)
    new = make_later(key_file)
    old_id, new_id, public = key_id(old.public_key()), key_id(new.public_key()), raw(new.public_key()).hex()
    with work.write() as request:
        request.find_service(ILedger).append(
            ROTATED,
            f"key:{new_id}",
            {
                "old": old_id,
                "new": new_id,
                "public_key": public,
                "signature": old.sign(rotation_bytes(old_id, public)).hex(),
            },
        )
    seal(work)
    with work.read() as request:
        sealed = any(rotation.new == new_id for rotation in sealed_rotations(request.db))
    if sealed:
        _file_of(key_file, old_id).unlink(missing_ok=True)
    return new_id


def _present(work: Work, key_file: Path) -> Ed25519PrivateKey:
    with work.read() as request:
        head = last_head(request.db)
        if head is None:
            raise KeyTrouble("nothing was sealed yet: there is no key to hand over from")
        return signer_of(request.db, head.size, key_file)


def _file_of(key_file: Path, id: str) -> Path:
    place = later_file(key_file, id)
    return place if place.exists() else key_file
