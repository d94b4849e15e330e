"""Telephone numbers as they arrive from the line: cleaned for display, matched to people."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.directory.models import Person, PhoneNumber

_SEPARATORS = re.compile(r"[ ().\-]")
_NUMBER = re.compile(r"\+?[0-9*#]{1,24}", re.ASCII)
_CHINA = re.compile(r"(?:\+|00)86(?=[0-9]{7,})")
_MOBILE_WITH_TRUNK_ZERO = re.compile(r"0(?=1[3-9][0-9]{9}\Z)")


def clean_number(raw: str) -> str:
    """The number to show and keep, or an empty text when ``raw`` is none.

    A caller ID is whatever the caller's equipment sent. Only digits, ``*``, ``#``
    and a leading ``+`` pass, whole or not at all: what remains of a hostile text
    after cutting would look like somebody's number.
    """
    text = _SEPARATORS.sub("", raw[:64])
    return text if _NUMBER.fullmatch(text) else ""


def dialled_form(number: str) -> str:
    """A cleaned number as the directory keeps it: without country code and trunk zero of a mobile."""
    return _MOBILE_WITH_TRUNK_ZERO.sub("", _CHINA.sub("", number))


def person_of(db: Session, number: str) -> int | None:
    """The id of the one person who has this number; None when nobody has, or several share it."""
    wanted = dialled_form(number)
    if not wanted:
        return None
    found = db.scalars(
        select(PhoneNumber.person_id)
        .join(Person, Person.id == PhoneNumber.person_id)
        .where(PhoneNumber.number == wanted, Person.removed_at.is_(None))
        .distinct()
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None
