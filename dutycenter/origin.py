"""Where a telephone number is at home and which carrier it was given to, from data kept in ``phonenumbers``.

Nothing is asked over a network, and nothing is certain: a number that was carried
to another network keeps the name of its first one, and a telephone goes where its
owner goes. So this is a hint for people and never a ground for a decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import NumberParseException, is_valid_number, parse, region_code_for_number

HOME = "CN"
LONGEST = 32  # characters; what is longer is no number


@dataclass(frozen=True)
class Origin:
    """Place and carrier in the reader's language; an empty text where nothing is known."""

    place: str = ""
    carrier: str = ""

    def __str__(self) -> str:
        return " · ".join(part for part in (self.place, self.carrier) if part)


@lru_cache(maxsize=4096)
def origin_of(number: str, language: str, area_code: str = "") -> Origin:
    """Place and carrier of a number as it was dialled or as the line brought it.

    Args:
        number: digits, with or without country code and trunk zero; anything else gives an empty origin.
        language: of the reader, such as ``zh_CN`` or ``en``; English where the data doesn't know it.
        area_code: put before a landline number that has none, with its 0.
    """
    if len(number) > LONGEST:
        return Origin()
    # The tables take some 100 MB and a third of a second, which only processes that show numbers should pay.
    from phonenumbers import carrier, geocoder

    try:
        parsed = parse(number, HOME)
        if area_code and not is_valid_number(parsed):
            parsed = parse(area_code + number, HOME)
    except NumberParseException:
        return Origin()
    short = language.partition("_")[0]
    place = geocoder.description_for_number(parsed, short)
    if region_code_for_number(parsed) == HOME and place == geocoder.country_name_for_number(parsed, short):
        place = ""  # the country goes without saying
    return Origin(place, carrier.name_for_number(parsed, short))
