"""Numbers typed in by hand, for people who are not in the directory."""

from __future__ import annotations

from broadcast.messages import Translate, clean_text
from broadcast.models import Recipient, RecipientNumber
from broadcast.people import Lines
from broadcast.settle import Ground
from dutycenter.directory.numbers import MOBILE, NumberFault, dialled
from dutycenter.interfaces import ExtraNumber
from dutycenter.vocabulary import NumberKind

MOST_NAME = 64


def kind_of(number: str) -> NumberKind:
    """What kind of line a number looks like."""
    return NumberKind.MOBILE if MOBILE.fullmatch(number) else NumberKind.OFFICE


def number_fault(text: str, translate: Translate) -> str:
    """What is wrong with a number as typed, in the reader's words; empty when nothing is."""
    try:
        dialled(text, NumberKind.OFFICE)
    except NumberFault as fault:
        return translate(fault.words)
    return ""


def recipient_for(extra: ExtraNumber, lines: Lines) -> Recipient:
    """A recipient of a typed number, which ``number_fault`` finds right."""
    number = dialled(extra.number, NumberKind.OFFICE)
    name = clean_text(extra.name).replace("\n", " ")[:MOST_NAME] or number
    if lines.within is not None:
        ground = Ground.NOT_OURS.value
    elif number in lines.kept_free:
        ground = Ground.DUTY_NUMBER.value
    else:
        ground = "" if lines.carry(number) else Ground.NO_LINE.value
    numbers = [] if ground else [RecipientNumber(number=number, kind=kind_of(number), position=0)]
    return Recipient(name=name, numbers=numbers, outcome_ground=ground)
