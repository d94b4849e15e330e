"""Times and goals as people say them, in the language of whoever reads."""

from __future__ import annotations

from itertools import pairwise

from pyramid.i18n import TranslationStringFactory

from broadcast.goal_grammar import UNITS, GoalError, Token, tokens_of
from broadcast.messages import Translate

_ = TranslationStringFactory("dutycenter")

MINUTE = 60
JOINED = {"and": _(" and "), "or": _(" or ")}
SIGNS = {"open": "(", "close": ")", "times": "×", "percent": "%"}


def duration_words(seconds: int, translate: Translate) -> str:
    """Seconds as people say them."""
    minutes, rest = divmod(seconds, MINUTE)
    if not rest and minutes:
        return translate(_("${n} min", mapping={"n": minutes}))
    if not minutes:
        return translate(_("${n} s", mapping={"n": seconds}))
    return translate(_("${m} min ${s} s", mapping={"m": minutes, "s": rest}))


def goal_words(text: str, seconds: int | None, translate: Translate) -> str:
    """A goal in words, whichever language it was written in.

    ``seconds`` is by when it is to be met; without it, what the text says itself.
    A text that cannot be read is shown as it stands.
    """
    try:
        tokens = tokens_of(text)
    except GoalError:
        return text
    wanted, limit = _without_limit(tokens)
    goal = "".join(_said(token, translate) for token in wanted) or translate(_("everybody"))
    by = limit if seconds is None else seconds
    if by is None:
        return goal
    return translate(_("${goal}, within ${time}", mapping={"goal": goal, "time": duration_words(by, translate)}))


def _without_limit(tokens: list[Token]) -> tuple[list[Token], int | None]:
    for at, (first, second) in enumerate(pairwise(tokens)):
        if (first.kind, second.kind) == ("number", "unit"):
            before = tokens[:at]
            while before and before[-1].kind in ("within", "and"):
                before.pop()
            return before, round(float(first.text) * UNITS[second.text])
    return [token for token in tokens if token.kind != "end"], None


def _said(token: Token, translate: Translate) -> str:
    if token.kind in JOINED:
        return translate(JOINED[token.kind])
    return SIGNS.get(token.kind, token.text)
