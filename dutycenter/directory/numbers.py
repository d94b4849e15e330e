"""Telephone numbers: what can be dialled, and which numbers are the same line.

The forms are those of the public numbering plan (电信网编号计划, 工信部 2017): mobile
numbers begin with 1[3-9] and have 11 digits, a long-distance number is 0, area
code and 7 or 8 digits, service numbers begin with 400, 800, 95 or 96.
"""

from __future__ import annotations

import re

from pyramid.i18n import TranslationString, TranslationStringFactory

from dutycenter.vocabulary import NumberKind

_ = TranslationStringFactory("dutycenter")

MARKS = re.compile(r"[\s\-()\uff08\uff09.\u00b7]+")  # brackets of both widths, the middle dot
COUNTRY = re.compile(r"^(?:\+|00)86")
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0[1-9]\d{1,2}[2-9]\d{6,7}")
LOCAL = re.compile(r"[2-9]\d{6,7}")
SERVICE = re.compile(r"[48]00\d{7}|9[56]\d{3,6}|1[02-9]\d{3}")
EXTENSION = re.compile(r"[1-9]\d{2,5}")
LONGEST = 12
# A broadcast must never ring where people call for their lives.
EMERGENCY = frozenset({"110", "112", "119", "120", "122", "911", "999", "12395"})


class NumberFault(ValueError):
    """It cannot be dialled. ``args[0]`` is a translation string that says why."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


def bare(text: str) -> str:
    """The number without marks and country code, as it would be dialled."""
    return COUNTRY.sub("", MARKS.sub("", text))


def dialled(text: str, kind: NumberKind) -> str:
    """The digits to dial for what somebody typed.

    Raises:
        NumberFault: it is no number of this kind that the duty room may call.
    """
    number = bare(text)
    _refuse_absurd(number)
    if kind is NumberKind.MOBILE:
        if not MOBILE.fullmatch(number):
            raise NumberFault(_("A mobile number has 11 digits and begins with 13 to 19."))
        return number
    if any(form.fullmatch(number) for form in (MOBILE, LANDLINE, LOCAL, SERVICE, EXTENSION)):
        return number
    raise NumberFault(
        _("This is no number that can be dialled. Enter area code and number such as 0731 8886 1234, or an extension.")
    )


def _refuse_absurd(number: str) -> None:
    if not number:
        raise NumberFault(_("Enter a number."))
    if number.startswith(("+", "00")):
        raise NumberFault(_("Numbers abroad cannot be called from here."))
    if not (number.isascii() and number.isdigit()):
        raise NumberFault(_("Only digits, spaces, hyphens and brackets belong in a number."))
    if number in EMERGENCY:
        raise NumberFault(_("Emergency numbers are never called by this system."))
    if len(number) > LONGEST:
        raise NumberFault(_("This number has ${n} digits; 12 are the most.", mapping={"n": len(number)}))
    if len(number) < 3:
        raise NumberFault(_("This number is too short."))


def is_dialable(number: str, kind: NumberKind) -> bool:
    """Can a kept number be dialled as it is?"""
    try:
        return dialled(number, kind) == number
    except NumberFault:
        return False


def same_line(number: str, area_code: str) -> list[str]:
    """The forms under which the line of a caller's number may be kept.

    A caller ID may come with country code, with a 0 before a mobile number, or
    with the area code that local people leave out.
    """
    digits = bare(number)
    if not digits.isdigit():
        return []
    forms = [digits]
    if digits.startswith("0") and MOBILE.fullmatch(digits[1:]):
        forms.append(digits[1:])
    elif area_code and digits.startswith(area_code) and LOCAL.fullmatch(digits.removeprefix(area_code)):
        forms.append(digits.removeprefix(area_code))
    elif area_code and LOCAL.fullmatch(digits):
        forms.append(area_code + digits)
    elif LANDLINE.fullmatch("0" + digits) and not MOBILE.fullmatch(digits):
        forms.append("0" + digits)
    return forms


def area_code_of(number: str) -> str:
    """The area code of a long-distance number; empty when it has none."""
    if not number.startswith("0"):
        return ""
    return number[:3] if number.startswith(("010", "02")) else number[:4]
