"""When is it enough? Goals over posts, departments and counts.

Input: a text such as ``(书记 OR 县长) AND 应急局×1 AND 水利×2 within 5 min``.
Output: a small program that the kernel evaluates over the acknowledgements of a
run. Grammar, loosest first; ``或`` is OR, ``且`` and ``与`` are AND::

    goal   = either ["within" number unit | number unit "内"]
    either = all {"OR" all}
    all    = term {"AND" term}
    term   = "(" either ")" | number "%" | name [("×" | "x" | "*") count]

A name stands for whatever the resolver says: the people of a post, a department,
a group; a name with a sign or one of 或 且 与 in it stands in quotes. Without a count one of them is enough. ``80%`` is a share of everybody.
"""

# mypy: allow-untyped-defs
# Compiled functions are typed by numba: by their signature, or by who calls them.
from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numba import njit, types

from broadcast.kernel.layout import FOREVER, I4, I8, MICRO, Int32s, Int64s

AND, OR = -1, -2  # of the program; a value >= 0 pushes a leaf
EVERYBODY = "*"

Resolver = Callable[[str], Collection[int] | None]


class GoalError(ValueError):
    """A goal that cannot be read: ``position`` (0-based), what was ``expected``."""

    def __init__(self, text: str, position: int, expected: str, found: str) -> None:
        self.text, self.position = text, position
        self.expected, self.found = expected, found
        super().__init__(
            f"at character {position + 1}: expected {expected}, found {found}\n"
            f"  {text}\n  {' ' * _columns(text[:position])}^"
        )


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two."""
    return sum(2 if ord(c) >= 0x1100 else 1 for c in text)


@dataclass(frozen=True)
class Goal:
    """A compiled goal. ``within`` in seconds, infinite if the text has no limit.

    ``first`` (leaves + 1,) are offsets into ``members``; ``need`` (leaves,) counts;
    ``program`` is postfix over the leaves.
    """

    text: str
    need: Int32s
    first: Int32s
    members: Int32s
    program: Int32s
    within: float
    names: tuple[str, ...]

    def met(self, acknowledged: Collection[int]) -> bool:
        """Whether these people are enough, whenever they acknowledged."""
        order = np.array(sorted(acknowledged), np.int32)
        when = np.zeros(len(order), np.int64)
        return self.time(order, when) < math.inf

    def time(self, order: Int32s, when: Int64s) -> float:
        """Seconds until it was met, for people in order of acknowledgement.

        ``when`` in microseconds; infinite if it never was. ``within`` is not looked at.
        """
        micros = goal_time(self.need, self.first, self.members, self.program, order, when)
        return math.inf if micros >= FOREVER else micros / MICRO

    def people(self) -> frozenset[int]:
        """Everybody whom the goal names."""
        return frozenset(int(i) for i in self.members)


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
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise GoalError(text, start, "a name, a number or a bracket", repr(text[start]))
        kind = match.lastgroup or ""
        start = match.start(kind)
        found.extend(_word(match[kind], start) if kind == "word" else [])
        if kind == "quoted":
            found.append(_Token("name", match[kind][1:-1], start))
        elif kind != "word":
            found.append(_Token(kind, match[kind], start))
        at = match.end()
    found.append(_Token("end", "", len(text.rstrip())))
    return found


def _word(word: str, at: int) -> list[_Token]:
    """A run of characters that no sign divides: a keyword, a unit, or a name."""
    lower = word.lower()
    if lower in ("and", "or", "within", "x"):
        return [_Token("times" if lower == "x" else lower, word, at)]
    if lower in UNITS:
        return [_Token("unit", lower, at)]
    limit = CHINESE_LIMIT.fullmatch(word)
    if limit is not None:
        unit = _Token("unit", limit["unit"], at)
        return [unit, _Token("inside", limit["inside"], at + len(limit["unit"]))]
    counted = LATIN_COUNT.fullmatch(word)
    if counted is not None:
        name, count = counted["name"], counted["count"]
        return [
            _Token("name", name, at),
            _Token("times", "x", at + len(name)),
            _Token("number", count, at + len(name) + 1),
        ]
    if re.fullmatch(r"[xX]\d+", word):
        return [_Token("times", "x", at), _Token("number", word[1:], at + 1)]
    return [_Token("name", word, at)]


class _Parser:
    def __init__(self, text: str, resolver: Resolver) -> None:
        self.text, self.resolver = text, resolver
        self.tokens = _tokens(text)
        self.next = 0
        self.program: list[int] = []
        self.leaves: dict[tuple[str, int], int] = {}
        self.members: list[list[int]] = []
        self.need: list[int] = []
        self.names: list[str] = []

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def fail(self, expected: str, token: _Token | None = None) -> GoalError:
        token = token or self.token
        found = repr(token.text) if token.kind != "end" else "the end"
        return GoalError(self.text, token.at, expected, found)

    def accept(self, kind: str) -> _Token | None:
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
            raise self.fail("AND, OR, 'within 5 min' or the end")
        return within

    def limit_follows(self) -> bool:
        at = self.next + (self.token.kind == "and")
        kinds = [t.kind for t in self.tokens[at : at + 2]]
        return kinds == ["number", "unit"]

    def duration(self) -> float:
        number = self.accept("number")
        if number is None:
            raise self.fail("a number of minutes")
        unit = self.accept("unit")
        if unit is None:
            raise self.fail("a unit: s, min, h, 秒, 分钟, 小时")
        self.accept("inside")
        seconds = float(number.text) * UNITS[unit.text]
        if seconds <= 0.0:
            raise self.fail("a time above zero", number)
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
            self.either()
            if not self.accept("close"):
                raise self.fail(f"')' for the bracket at character {bracket.at + 1}")
            return
        if number := self.accept("number"):
            if not self.accept("percent"):
                raise self.fail("'%' after a share of everybody")
            self.share(number)
            return
        name = self.accept("name")
        if name is None:
            raise self.fail("a post, a department or '('")
        self.leaf(name)

    def share(self, number: _Token) -> None:
        percent = float(number.text)
        if not 0.0 < percent <= 100.0:
            raise self.fail("a share between 0 and 100 %", number)
        everybody = self.resolver(EVERYBODY)
        if not everybody:
            raise self.fail("a plan with people in it", number)
        count = math.ceil(percent / 100.0 * len(everybody) - 1e-9)
        self.push(f"{number.text}%", everybody, count)

    def leaf(self, name: _Token) -> None:
        count = 1
        if self.accept("times"):
            number = self.accept("number")
            if number is None:
                raise self.fail("a count after '×'")
            if "." in number.text or int(number.text) < 1:
                raise self.fail("a whole count of at least 1", number)
            count = int(number.text)
        people = self.resolver(name.text)
        if people is None:
            raise self.fail("a known post, department or group", name)
        if len(set(people)) < count:
            raise self.fail(f"at least {count} in the plan for it; there are {len(set(people))}", name)
        self.push(name.text, people, count)

    def push(self, name: str, people: Collection[int], count: int) -> None:
        key = (name, count)
        if key not in self.leaves:
            self.leaves[key] = len(self.need)
            self.need.append(count)
            self.members.append(sorted(set(people)))
            self.names.append(name)
        self.program.append(self.leaves[key])


def compile_goal(text: str, resolver: Resolver) -> Goal:
    """Read a goal.

    ``resolver`` gives the recipients (positions in the plan) that a name stands
    for, or None if it knows no such name; it is asked for ``*`` (everybody) when
    the goal has a share. Raises :class:`GoalError`, also for a goal that not
    enough people are in the plan to meet.
    """
    parser = _Parser(text, resolver)
    within = parser.goal()
    first = np.cumsum([0, *(len(m) for m in parser.members)])
    members = [i for leaf in parser.members for i in leaf]
    return Goal(
        text=text.strip(),
        need=np.array(parser.need, np.int32),
        first=first.astype(np.int32),
        members=np.array(members, np.int32),
        program=np.array(parser.program, np.int32),
        within=within,
        names=tuple(parser.names),
    )


@njit(types.int64(I4, I4, I4, I4, I4, I8), cache=True)
def goal_time(need, first, members, program, order, when):
    """When a goal was met, in microseconds, or FOREVER.

    Each leaf is met when the ``need``-th of its members acknowledged; AND is the
    later of two times and OR the earlier, as both only ever become true.
    """
    people = 0
    for i in members:
        people = max(people, i + 1)
    at = np.full(people, FOREVER, np.int64)
    for k in range(order.size):
        if order[k] < people:
            at[order[k]] = when[k]
    stack = np.zeros(program.size + 1, np.int64)
    top = 0
    for step in program:
        if step >= 0:
            times = np.sort(at[members[first[step] : first[step + 1]]])
            stack[top] = times[need[step] - 1]
            top += 1
        else:
            top -= 1
            a, b = stack[top - 1], stack[top]
            stack[top - 1] = max(a, b) if step == AND else min(a, b)
    return stack[0] if top else FOREVER
