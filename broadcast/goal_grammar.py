"""The language of goals: when is it enough?

Input: a text such as ``(书记 OR 县长) AND 应急局×1 AND 水利×2 within 5 min``.
Output: its leaves and a small postfix program over them. Grammar, loosest first;
``或`` is OR, ``且`` and ``与`` are AND::

    goal   = either ["within" number unit | number unit "内"]
    either = all {"OR" all}
    all    = term {"AND" term}
    term   = "(" either ")" | number "%" | name [("×" | "x" | "*") count]

A name stands for whatever the resolver says: the people of a post, a department,
a group; a name with a sign or one of 或 且 与 in it stands in quotes. Without a count
one of them is enough. ``80%`` is a share of everybody. Pure: no kernel, no store.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from pyramid.i18n import TranslationString, TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

AND, OR = -1, -2  # of the program; a value >= 0 pushes a leaf
EVERYBODY = "*"
LONGEST = 2000  # characters; more nobody reads back
DEEPEST = 30  # brackets within brackets
MOST_SECONDS = 7 * 24 * 3600

UNKNOWN = _("a known post, department or group")
TOO_FEW = _("at least ${count} in the plan for it; there are ${there}")

Resolver = Callable[[str], Collection[int] | None]


class GoalError(ValueError):
    """A goal that cannot be read.

    ``position`` is 0-based, ``words`` what was expected there, to be translated,
    and ``found`` the text that stands there instead, empty at the end.
    """

    def __init__(self, text: str, position: int, words: TranslationString, found: str) -> None:
        self.text, self.position = text, position
        self.words, self.found = words, found
        super().__init__(
            f"at character {position + 1}: expected {self.expected}, found {repr(found) if found else 'the end'}\n"
            f"  {text}\n  {' ' * _columns(text[:position])}^"
        )

    @property
    def expected(self) -> str:
        """What was expected, in English."""
        return str(self.words.interpolate())


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two."""
    return sum(2 if ord(c) >= 0x1100 else 1 for c in text)


@dataclass(frozen=True)
class Reading:
    """A goal as it was read. ``within`` in seconds, infinite if the text has no limit.

    A leaf is a name, the people whom it stands for, and how many of them are needed;
    ``program`` is postfix over the leaves, with AND and OR.
    """

    text: str
    names: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    need: tuple[int, ...]
    program: tuple[int, ...]
    within: float

    def met(self, acknowledged: Collection[int]) -> bool:
        """Whether these people are enough."""
        there = frozenset(acknowledged)
        stack: list[bool] = []
        for step in self.program:
            if step >= 0:
                stack.append(len(there.intersection(self.members[step])) >= self.need[step])
            else:
                last = stack.pop()
                stack[-1] = (stack[-1] and last) if step == AND else (stack[-1] or last)
        return stack[0]


TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<open>[(（])|(?P<close>[)）])"
    r"|(?P<times>[×✕*＊])|(?P<percent>[%％])"
    r"|(?P<or>或者|或|\|\||\|)|(?P<and>并且|而且|且|与|&&|&|，|,)"
    r"|(?P<inside>以内|之内|内)|(?P<quoted>\"[^\"]*\"|“[^”]*”|「[^」]*」)"
    r"|(?P<word>[^\s()（）×✕*＊%％或且与&|，,\"“”「」]+))"
)
UNITS = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "秒": 1.0, "秒钟": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "分": 60.0, "分钟": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "小时": 3600.0,
}  # fmt: skip
LATIN_COUNT = re.compile(r"(?P<name>.*[^\sA-Za-z0-9])[xX](?P<count>\d+)$")
CHINESE_LIMIT = re.compile(r"(?P<unit>秒钟?|分钟?|小时)(?P<inside>以内|之内|内)?$")


@dataclass(frozen=True)
class Token:
    """A piece of a goal: what it is, its text, and its place in the whole."""

    kind: str
    text: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """The pieces of a goal, with one of kind ``end`` after them.

    Raises :class:`GoalError` where a character begins none.
    """
    found: list[Token] = []
    at = 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise GoalError(text, start, _("a name, a number or a bracket"), text[start])
        kind = match.lastgroup or ""
        start = match.start(kind)
        found.extend(_word(match[kind], start) if kind == "word" else [])
        if kind == "quoted":
            found.append(Token("name", match[kind][1:-1], start))
        elif kind != "word":
            found.append(Token(kind, match[kind], start))
        at = match.end()
    found.append(Token("end", "", len(text.rstrip())))
    return _joined(found)


def _joined(tokens: list[Token]) -> list[Token]:
    """Digits that begin a name belong to it: ``119指挥中心``."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        before = joined[-2].kind if len(joined) > 1 else ""
        if (
            last is not None
            and (last.kind, token.kind) == ("number", "name")
            and last.at + len(last.text) == token.at
            and before not in ("times", "within")
        ):
            joined[-1] = Token("name", last.text + token.text, last.at)
        else:
            joined.append(token)
    return joined


def _word(word: str, at: int) -> list[Token]:
    """A run of characters that no sign divides: a keyword, a unit, or a name."""
    lower = word.lower()
    if lower in ("and", "or", "within", "x"):
        return [Token("times" if lower == "x" else lower, word, at)]
    if lower in UNITS:
        return [Token("unit", lower, at)]
    limit = CHINESE_LIMIT.fullmatch(word)
    if limit is not None:
        unit = Token("unit", limit["unit"], at)
        return [unit, Token("inside", limit["inside"], at + len(limit["unit"]))]
    counted = LATIN_COUNT.fullmatch(word)
    if counted is not None:
        name, count = counted["name"], counted["count"]
        return [
            Token("name", name, at),
            Token("times", "x", at + len(name)),
            Token("number", count, at + len(name) + 1),
        ]
    if re.fullmatch(r"[xX]\d+", word):
        return [Token("times", "x", at), Token("number", word[1:], at + 1)]
    return [Token("name", word, at)]


class _Parser:
    def __init__(self, text: str, resolver: Resolver) -> None:
        self.text, self.resolver = text, resolver
        self.tokens = tokens_of(text)
        self.next = 0
        self.program: list[int] = []
        self.leaves: dict[tuple[str, int], int] = {}
        self.members: list[list[int]] = []
        self.need: list[int] = []
        self.names: list[str] = []
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def fail(self, words: TranslationString, token: Token | None = None) -> GoalError:
        token = token or self.token
        return GoalError(self.text, token.at, words, token.text)

    def accept(self, kind: str) -> Token | None:
        if self.token.kind != kind:
            return None
        self.next += 1
        return self.tokens[self.next - 1]

    def goal(self) -> float:
        self.either()
        within = math.inf
        if self.token.kind == "within":
            self.next += 1
            within = self.duration()
        elif self.token.kind in ("number", "and") and self.limit_follows():
            self.accept("and")
            within = self.duration()
        if self.token.kind != "end":
            raise self.fail(_("AND, OR, 'within 5 min' or the end"))
        return within

    def limit_follows(self) -> bool:
        at = self.next + (self.token.kind == "and")
        kinds = [t.kind for t in self.tokens[at : at + 2]]
        return kinds == ["number", "unit"]

    def duration(self) -> float:
        number = self.accept("number")
        if number is None:
            raise self.fail(_("a number of minutes"))
        unit = self.accept("unit")
        if unit is None:
            raise self.fail(_("a unit: s, min, h, 秒, 分钟, 小时"))
        self.accept("inside")
        seconds = float(number.text) * UNITS[unit.text]
        if seconds <= 0.0:
            raise self.fail(_("a time above zero"), number)
        if seconds > MOST_SECONDS:
            raise self.fail(_("a time of at most seven days"), number)
        return seconds

    def either(self) -> None:
        self.all()
        while self.accept("or"):
            self.all()
            self.program.append(OR)

    def all(self) -> None:
        self.term()
        while self.token.kind == "and" and not self.limit_follows():
            self.next += 1
            self.term()
            self.program.append(AND)

    def term(self) -> None:
        if bracket := self.accept("open"):
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.fail(_("fewer brackets within brackets"), bracket)
            self.either()
            self.depth -= 1
            if not self.accept("close"):
                raise self.fail(_("')' for the bracket at character ${at}", mapping={"at": bracket.at + 1}))
            return
        if number := self.accept("number"):
            if not self.accept("percent"):
                raise self.fail(_("'%' after a share of everybody"))
            self.share(number)
            return
        name = self.accept("name")
        if name is None:
            raise self.fail(_("a post, a department or '('"))
        self.leaf(name)

    def share(self, number: Token) -> None:
        percent = float(number.text)
        if not 0.0 < percent <= 100.0:
            raise self.fail(_("a share between 0 and 100 %"), number)
        everybody = self.resolver(EVERYBODY)
        if not everybody:
            raise self.fail(_("a plan with people in it"), number)
        count = math.ceil(percent / 100.0 * len(everybody) - 1e-9)
        self.push(f"{number.text}%", everybody, count)

    def leaf(self, name: Token) -> None:
        count = 1
        if self.accept("times"):
            number = self.accept("number")
            if number is None:
                raise self.fail(_("a count after '×'"))
            if "." in number.text or int(number.text) < 1:
                raise self.fail(_("a whole count of at least 1"), number)
            count = int(number.text)
        people = self.resolver(name.text)
        if people is None:
            raise self.fail(UNKNOWN, name)
        if len(set(people)) < count:
            raise self.fail(TOO_FEW % {"count": count, "there": len(set(people))}, name)
        self.push(name.text, people, count)

    def push(self, name: str, people: Collection[int], count: int) -> None:
        key = (name, count)
        if key not in self.leaves:
            self.leaves[key] = len(self.need)
            self.need.append(count)
            self.members.append(sorted(set(people)))
            self.names.append(name)
        self.program.append(self.leaves[key])


def read_goal(text: str, resolver: Resolver) -> Reading:
    """Read a goal.

    ``resolver`` gives the people (as whole numbers) that a name stands for, or None
    if it knows no such name; it is asked for ``*`` (everybody) when the goal has a
    share. Raises :class:`GoalError`, also for a goal that not enough people are there
    to meet.
    """
    if len(text) > LONGEST:
        raise GoalError(text[:LONGEST], LONGEST, _("at most ${most} characters", mapping={"most": LONGEST}), "…")
    parser = _Parser(text, resolver)
    within = parser.goal()
    return Reading(
        text=text.strip(),
        names=tuple(parser.names),
        members=tuple(tuple(m) for m in parser.members),
        need=tuple(parser.need),
        program=tuple(parser.program),
        within=within,
    )
