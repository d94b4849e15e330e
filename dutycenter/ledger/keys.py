"""The key that signs heads: Ed25519, made at first start, readable by its owner alone."""

from __future__ import annotations

import hashlib
import os
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


class KeyTrouble(Exception):
    """The key cannot be used; says what to do."""


def public_file(key_file: Path) -> Path:
    """Where the public half lies: beside the key."""
    return key_file.with_name(key_file.name + ".pub")


def signing_key(key_file: Path) -> Ed25519PrivateKey:
    """The private key, made now if there is none yet."""
    if not key_file.exists():
        _make(key_file)
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTrouble(f"{key_file} holds no Ed25519 key")
    return key


def verifying_key(key_file: Path) -> Ed25519PublicKey:
    """The public key that heads are checked against.

    Raises:
        KeyTrouble: there is none, or it is of another kind.
    """
    try:
        key = load_pem_public_key(public_file(key_file).read_bytes())
    except FileNotFoundError:
        raise KeyTrouble(f"{public_file(key_file)} is missing: nothing can be checked without it") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyTrouble(f"{public_file(key_file)} holds no Ed25519 key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key: the start of its SHA-256."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Is this the key's signature of the message?"""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _make(key_file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    key_file.parent.mkdir(parents=True, exist_ok=True)
    public_file(key_file).write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    # Written aside and linked into place: two processes that start at once keep one key.
    aside = key_file.with_name(f"{key_file.name}.{os.getpid()}")
    aside.touch(mode=0o600)
    aside.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key_file.hardlink_to(aside)
    except FileExistsError:
        winner = load_pem_private_key(key_file.read_bytes(), password=None)
        public_file(key_file).write_bytes(
            winner.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    finally:
        aside.unlink()
