"""Channel variables, and the holds on a finished channel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gevent.event import Event

from dutycenter.switch.rehearsal.wire import line


class Held:
    """Somebody still needs a finished channel: it is reported, but not destroyed before they let go."""

    def __init__(self) -> None:
        self._reported, self._released = Event(), Event()

    def wait(self) -> None:
        """Wait until the channel's report is out."""
        self._reported.wait()

    def release(self) -> None:
        """The channel may be destroyed."""
        self._released.set()

    def report(self) -> None:
        """The report is out."""
        self._reported.set()

    def let_go(self, patience: float) -> None:
        """Wait so many real seconds at most for the release."""
        self._released.wait(patience)


class Variables:
    """Channel variables in the order of their setting, each encoded once."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._lines: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._values.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def set(self, name: str, value: str | None) -> None:
        """Set one; nothing or None unsets it."""
        if value is None or value == "":
            self._values.pop(name, None)
            self._lines.pop(name, None)
            return
        self._values[name] = value
        self._lines[name] = line(f"variable_{name}", value)

    def update(self, pairs: Iterable[tuple[str, str]], **fields: Any) -> None:
        """Set several from templates."""
        for name, template in pairs:
            self.set(name, template.format(**fields) if "{" in template else template)

    def text(self) -> str:
        """All of them as header lines."""
        return "".join(self._lines.values())

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""
        return self._values.items()
