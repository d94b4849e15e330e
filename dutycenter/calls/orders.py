"""Orders to the switch: written before they are given, and no lock is held while it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pyramid.i18n import TranslationStringFactory

from dutycenter.interfaces import RefusedValue, SwitchError

_ = TranslationStringFactory("dutycenter")

T = TypeVar("T")
Apart = Callable[[Callable[[], Any]], Any]
"""Runs something outside the transaction, which is committed before (``dutycenter.work.outside``)."""


class DeskError(Exception):
    """What was asked of a desk cannot be done; ``reason`` is a msgid that says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def give(apart: Apart, do: Callable[[], T], undo: Callable[[], object]) -> T:
    """Give an order; ``undo`` writes down that it was not taken. Both load again what they change.

    Raises:
        SwitchError: the switch is away or refused; ``undo`` has run.
    """
    try:
        result: T = apart(do)
    except RefusedValue as error:
        undo()
        raise SwitchError(str(error)) from None
    except SwitchError:
        undo()
        raise
    return result


def give_for_desk(apart: Apart, do: Callable[[], T], undo: Callable[[], object]) -> T:
    """The same.

    Raises:
        DeskError: the switch is away or refused; ``undo`` has run.
    """
    try:
        return give(apart, do, undo)
    except SwitchError:
        raise DeskError(_("The telephone system did not do it. The call is unchanged; try again.")) from None
