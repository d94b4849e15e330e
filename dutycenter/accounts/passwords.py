"""Passwords: argon2id hashes, one-time passwords, and what a good one is."""

from __future__ import annotations

import secrets
from functools import lru_cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyramid.i18n import TranslationString, TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

MIN_LENGTH = 10
MAX_LENGTH = 128  # argon2 reads all of it: more would only be a way to keep us busy
ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper
ONE_TIME_GROUPS, ONE_TIME_LETTERS = 3, 4  # 31^12: 59 bits

# The heads of published lists of leaked passwords, and what is typed in offices; compared without case and marks.
COMMON = frozenset(
    """
    123456789 1234567890 12345678910 0123456789 1111111111 0000000000 8888888888 6666666666 1234512345 1122334455
    9876543210 0987654321 147258369 123123123 1231231231 123321123321 5201314520 520131400 1314520520 a123456789
    aa12345678 abc1234567 abcd123456 abcd12345678 abcde12345 abcdefghij qwertyuiop qwerty1234 qwerty12345 qwerty123456
    1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y asdfghjkl zxcvbnm123 qazwsxedc qazwsxedc123 password password1 password12
    password123 password1234 passw0rd p4ssw0rd passw0rd123 letmein123 welcome123 welcome1234 admin12345 admin123456
    admin1234567 administrator administrator1 iloveyou123 iloveyou1314 woaini1314 woaini1314520 woaini520 woaini123456
    dutycenter dutycenter1 dutycenter123 zhongguo123 zhongguo2026 changeme123 changeme1234 yingji1234 yingji12345
    """.split()  # noqa: SIM905 – a list of quoted words would hide the words
)

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Its argon2id hash with the library's current costs."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Is this the password? As slow for an unknown account (``None``) as for a known one."""
    try:
        right = _hasher.verify(password_hash or _nobodys_hash(), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None and len(password) <= MAX_LENGTH


def is_outdated(password_hash: str) -> bool:
    """Was it hashed with lower costs than today's?"""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


def one_time_password() -> str:
    """A random password to be read from paper or over the telephone, and changed at the first log-in."""
    groups = (
        "".join(secrets.choice(ONE_TIME_ALPHABET) for _letter in range(ONE_TIME_LETTERS))
        for _group in range(ONE_TIME_GROUPS)
    )
    return "-".join(groups)


def fault_of(password: str, username: str, name: str) -> TranslationString | None:
    """What is wrong with a new password, or None when it will do."""
    if len(password) < MIN_LENGTH:
        return _("Use at least ${n} characters; several words are easy to remember.", mapping={"n": MIN_LENGTH})
    if len(password) > MAX_LENGTH:
        return _("Use at most ${n} characters.", mapping={"n": MAX_LENGTH})
    plain = "".join(c for c in password.casefold() if c.isalnum())
    if username.casefold() in password.casefold() or (len(name) > 1 and name in password):
        return _("The password must not contain your username or name.")
    if plain in COMMON or len(set(password)) < 5 or _is_run(plain):
        return _("This password is among the first that anybody would try; choose another.")
    return None


def _is_run(text: str) -> bool:
    """Is it one run of neighbours, such as 3456789012 or hgfedcba?"""
    steps = {(ord(b) - ord(a)) % 10 if a.isdigit() and b.isdigit() else ord(b) - ord(a)
             for a, b in pairwise(text)}  # fmt: skip
    return len(text) > 2 and len(steps) == 1
