"""The keys that sign heads: Ed25519, readable by their owner alone, each vouched for by the one before it.

The first key is made at first start; its public half is what everybody may
hold the ledger against, for good. A later key is vouched for by an entry
(``ledger.key_rotated``) that the key before it signed, and signs every head
that covers this entry. So the first public key proves all of them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from dutycenter.ledger.canonical import said_in

ROTATED = "ledger.key_rotated"


class KeyTrouble(Exception):
    """The key cannot be used; says what to do."""


@dataclass(frozen=True)
class Rotation:
    """A new key takes over: what the entry says, and where it stands in the tree."""

    position: int
    old: str  # key ids
    new: str
    public_key: str  # the new key, raw, as hexadecimal
    signature: str  # by the old key, as hexadecimal


@dataclass(frozen=True)
class Chain:
    """Which key signs heads of which size.

    Attributes:
        keys: ``(position, key)``: the key signs heads larger than ``position``; oldest first.
        faults: ``(position, what)`` of rotations that prove nothing.
    """

    keys: tuple[tuple[int, Ed25519PublicKey], ...]
    faults: tuple[tuple[int, str], ...] = ()

    def key_for(self, size: int) -> Ed25519PublicKey:
        """The key that a head of ``size`` leaves must be signed with."""
        return next(key for position, key in reversed(self.keys) if size > position)


def chain_of(first: Ed25519PublicKey, rotations: Iterable[Rotation]) -> Chain:
    """Follow the rotations, oldest first; one that its old key didn't sign changes nothing and is named."""
    keys, faults = [(-1, first)], []
    for rotation in rotations:
        old = keys[-1][1]
        try:
            new = Ed25519PublicKey.from_public_bytes(bytes.fromhex(rotation.public_key))
            signature = bytes.fromhex(rotation.signature)
        except ValueError:
            faults.append((rotation.position, "names no key"))
            continue
        if (rotation.old, rotation.new) != (key_id(old), key_id(new)) or not is_signed(
            old, signature, rotation_bytes(rotation.old, rotation.public_key)
        ):
            faults.append((rotation.position, "a new key that the key before it doesn't vouch for"))
            continue
        keys.append((rotation.position, new))
    return Chain(tuple(keys), tuple(faults))


def rotation_of(position: int, data: str) -> Rotation:
    """Read a rotation from its entry's data; what is missing stays empty and so proves nothing."""
    said = said_in(data)
    return Rotation(position, *(str(said.get(name, "")) for name in ("old", "new", "public_key", "signature")))


def rotation_bytes(old: str, public_key: str) -> bytes:
    """What the old key signs to vouch for the new one."""
    return f"dutycenter ledger key {old} is followed by {public_key}".encode()


def public_file(key_file: Path) -> Path:
    """Where the public half of the first key lies: beside it."""
    return key_file.with_name(key_file.name + ".pub")


def later_file(key_file: Path, id: str) -> Path:
    """Where a later key lies."""
    return key_file.with_name(f"{key_file.name}.{id}")


def first_key(key_file: Path) -> Ed25519PrivateKey:
    """The first private key, made now if there was never one.

    Raises:
        KeyTrouble: it is gone, or is of another kind.
    """
    if not key_file.exists():
        if public_file(key_file).exists():
            raise KeyTrouble(f"{key_file} is gone, though its public half is there: put it back from its safe place")
        _make_first(key_file)
    key = _private(key_file)
    if not public_file(key_file).exists():
        public_file(key_file).write_bytes(_public_pem(key))
    return key


def later_key(key_file: Path, id: str) -> Ed25519PrivateKey:
    """The private key that took over under this id.

    Raises:
        KeyTrouble: it is not there, or not that key.
    """
    place = later_file(key_file, id)
    if not place.exists():
        raise KeyTrouble(f"{place} is missing: heads cannot be signed without it")
    key = _private(place)
    if key_id(key.public_key()) != id:
        raise KeyTrouble(f"{place} holds another key")
    return key


def make_later(key_file: Path) -> Ed25519PrivateKey:
    """Make the key that takes over next, and write it beside the first."""
    key = Ed25519PrivateKey.generate()
    place = later_file(key_file, key_id(key.public_key()))
    place.touch(mode=0o600)
    place.write_bytes(_private_pem(key))
    return key


def verifying_key(key_file: Path) -> Ed25519PublicKey:
    """The first public key: the one that heads are held against.

    Raises:
        KeyTrouble: there is none, or it is of another kind.
    """
    place = public_file(key_file)
    try:
        key = load_pem_public_key(place.read_bytes())
    except FileNotFoundError:
        raise KeyTrouble(f"{place} is missing: nothing can be checked without it") from None
    except ValueError:
        raise KeyTrouble(f"{place} cannot be read as a key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyTrouble(f"{place} holds no Ed25519 key")
    return key


def raw(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes of RFC 8032."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key: the start of its SHA-256."""
    return hashlib.sha256(raw(key)).hexdigest()[:16]


def is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Is this the key's signature of the message?"""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _private(place: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(place.read_bytes(), password=None)
    except ValueError:
        raise KeyTrouble(f"{place} cannot be read as a key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTrouble(f"{place} holds no Ed25519 key")
    return key


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _make_first(key_file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    key_file.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place: two processes that start at once keep one key.
    aside = key_file.with_name(f"{key_file.name}.{os.getpid()}")
    aside.touch(mode=0o600)
    aside.write_bytes(_private_pem(key))
    try:
        key_file.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
