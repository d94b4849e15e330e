"""A leg that does what its story says, and a book of prompts that are really there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dutycenter.clock import SystemClock
from dutycenter.interfaces import ILeg, LegGone, OutsideCall
from dutycenter.settings import Settings
from ivr_flows import wav
from ivr_flows.prompts import PromptBook, load_catalogue
from ivr_flows.voice import voice_for

UUID = "7bebe4f2-7977-4e29-88a2-600f39c21378"


class HandClock(SystemClock):
    """Time that moves when somebody waits, and only then."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class StoryLeg:
    """An ``ILeg`` on which happens what the story says, in product time without waiting.

    The story has one word for each method called that waits: ``play`` and
    ``ask`` take the seconds after which the other side leaves, or for ``ask``
    a key, or None to let it end; ``queue`` a cause, ``record`` seconds,
    ``bridge`` a truth. An exception is raised. What is missing lets it end.
    """

    def __init__(
        self, story: Iterable[Any] = (), clock: HandClock | None = None, inbound: bool = True, **variables: str
    ) -> None:
        self.channel_uuid = UUID
        self.variables: Mapping[str, str] = variables
        self.caller_number, self.called_number = "13800000001", "07318888"
        self.inbound = inbound
        self.done: list[tuple[Any, ...]] = []
        self.before: Callable[[str], None] = lambda what: None
        self._story = iter(story)
        self._clock = clock or HandClock()
        self.gone = False

    def _next(self, *what: Any) -> Any:
        if self.gone:
            raise LegGone("hung up")
        self.before(what[0])
        self.done.append(what)
        word = next(self._story, None)
        if isinstance(word, BaseException):
            self.gone = isinstance(word, LegGone)
            raise word
        return word

    def _leave_after(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self.gone = True
        raise LegGone("hung up")

    def answer(self) -> None:
        self._next("answer")

    def play(self, files: Iterable[Path]) -> None:
        played = list(files)
        word = self._next("play", *played)
        if isinstance(word, float):
            self._leave_after(word)
        self._clock.sleep(sum(map(wav.seconds_of, played)))

    def ask(self, files: Iterable[Path], keys: str, wait: float) -> str:
        played = list(files)
        word = self._next("ask", *played)
        if isinstance(word, float):
            self._leave_after(word)
        if isinstance(word, str):
            self._clock.sleep(1.0)
            assert word in keys
            return word
        self._clock.sleep(sum(map(wav.seconds_of, played)) + wait)
        return ""

    def enter(self, files: Iterable[Path], digits: int, wait: float) -> str:
        played = list(files)
        word = self._next("enter", *played)
        if isinstance(word, float):
            self._leave_after(word)
        self._clock.sleep(sum(map(wav.seconds_of, played)) + wait)
        return str(word or "")

    def join(self, room: str) -> None:
        word = self._next("join", room)
        if isinstance(word, float):
            self._leave_after(word)

    desk = ""

    def place(self, name: str) -> int | None:
        return None

    def announce(self, files: Iterable[Path]) -> None:
        self.done.append(("announce", *files))

    def hush(self) -> None:
        pass

    def tell(self, files: Iterable[Path]) -> None:
        self.done.append(("tell", *files))

    def bridge_out(self, outside: OutsideCall, keys: str = "") -> str:
        return str(self._next("bridge_out", outside.number) or "")

    def queue(self, name: str, keys: str = "", early: str = "") -> str:
        word = self._next("queue", name)
        if word == "answered":
            self.gone = True
        return word or "timeout"

    def record_message(self, file_name: str, limit: float) -> float:
        word = self._next("record", file_name)
        self._clock.sleep(word or 0.0)
        return float(word or 0.0)

    def bridge(self, extension: str) -> bool:
        return bool(self._next("bridge", extension))

    def set(self, variable: str, value: str) -> None:
        if self.gone:
            raise LegGone("hung up")
        self.done.append(("set", variable, value))

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        if not self.gone:
            self.before("hangup")
            self.done.append(("hangup", cause))
            self.gone = True

    @property
    def names(self) -> list[str]:
        return [what[0] for what in self.done]


class UnrulyLeg(StoryLeg):
    """Takes words where they don't belong as silence."""

    def ask(self, files: Iterable[Path], keys: str, wait: float) -> str:
        try:
            return super().ask(files, keys, wait)
        except (AssertionError, TypeError):
            return ""

    def record_message(self, file_name: str, limit: float) -> float:
        try:
            return super().record_message(file_name, limit)
        except (ValueError, TypeError):
            return 0.0

    def queue(self, name: str, keys: str = "", early: str = "") -> str:
        return str(super().queue(name))


def _is_a_leg(leg: StoryLeg) -> ILeg:
    return leg


@pytest.fixture
def cast() -> Any:
    """The stand-ins of this file, for tests to make their own."""
    return SimpleNamespace(HandClock=HandClock, StoryLeg=StoryLeg, UnrulyLeg=UnrulyLeg, UUID=UUID)


@pytest.fixture(scope="session")
def prompts_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prompts")


@pytest.fixture
def book(settings: Settings, prompts_dir: Path) -> PromptBook:
    """Silent prompts of plausible length, all made."""
    settings = replace(settings, prompts_dir=prompts_dir)
    made = PromptBook(load_catalogue(settings), voice_for(settings), prompts_dir)
    assert made.make_all(settings.languages).faults == []
    return made
