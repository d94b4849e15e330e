"""The second factor: codes of thirty seconds (TOTP, RFC 6238), and codes on paper for a lost telephone.

A secret lies sealed in the store, so that a copy of the database alone makes
no codes. A code is good once: the time step that it belongs to is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # a telephone's clock may be half a minute off, as RFC 6238 section 5.2 recommends
PAPER_CODES = 10
PAPER_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper
PAPER_LETTERS = 10  # 31^10: 49 bits, behind the lock-out


class SealBroken(Exception):
    """A sealed secret cannot be opened: it was sealed under another key, or changed."""


class Seal:
    """Encrypts what must not be readable in a copy of the store.

    Args:
        key: the installation's secret, of any length.
    """

    def __init__(self, key: str) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"dutycenter second factor").derive(key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, secret: str) -> str:
        """The sealed form, for the store."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed.

        Raises:
            SealBroken: the key is another, or the text was changed.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken("sealed under another key, or changed") from None


def new_secret() -> str:
    """A random secret of 160 bits in base32, the form that authenticator programs read (RFC 4226, R6)."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, username: str, issuer: str) -> str:
    """What the QR code says to an authenticator program."""
    return str(
        pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=username, issuer_name=issuer)
    )


def step_at(moment: datetime) -> int:
    """The time step of a moment: whole half minutes since 1970."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(secret: str, moment: datetime) -> str:
    """The code of a moment."""
    return str(pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).at(int(moment.timestamp())))


def step_of(secret: str, typed: str, now: datetime, after: int) -> int | None:
    """The time step whose code was typed; None for a wrong, a stale or a used one.

    Args:
        secret: in base32.
        typed: as it came, blanks allowed.
        now: the moment.
        after: the last step whose code was used; only later ones are taken.
    """
    digits = "".join(typed.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    totp, current = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS), step_at(now)
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits) and step > after:
            found = step
    return found


def paper_codes() -> list[str]:
    """New codes to be written down, each good once: ``abcde-fghjk``."""
    half = PAPER_LETTERS // 2
    letters = ["".join(secrets.choice(PAPER_ALPHABET) for _ in range(PAPER_LETTERS)) for _ in range(PAPER_CODES)]
    return [f"{code[:half]}-{code[half:]}" for code in letters]


def paper_digest(typed: str) -> str | None:
    """What the store keeps of a paper code; None when this cannot be one.

    A plain hash is enough: the codes are random and long, not chosen by people.
    """
    letters = "".join(c for c in typed.casefold() if c.isalnum())
    if len(letters) != PAPER_LETTERS or not set(letters) <= set(PAPER_ALPHABET):
        return None
    return hashlib.sha256(letters.encode()).hexdigest()
