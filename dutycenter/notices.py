"""What the next page says at its top of what was just done."""

from __future__ import annotations

from pyramid.request import Request


def say(request: Request, words: str, undo: str = "", kind: str = "success") -> None:
    """Tell it once, on whatever page this browser opens next.

    Args:
        words: a msgid, or text that is in the reader's language already.
        undo: the address whose POST takes it back, for a button beside the words.
        kind: ``success``, ``warning`` or ``error``.
    """
    request.session.flash({"kind": kind, "text": request.localizer.translate(words), "undo": undo})
