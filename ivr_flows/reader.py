"""Reading YAML with a line number for every fault, and all faults at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12


@dataclass(frozen=True)
class Mark:
    """A place in a file; lines count from 1."""

    line: int


@dataclass(frozen=True)
class FlowFault:
    """One thing wrong with a file."""

    file: str
    line: int
    node: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.node + ': ' if self.node else ''}{self.text}"


class FlowError(ValueError):
    """A file cannot be used; ``str()`` lists every fault, one a line."""

    def __init__(self, faults: Iterable[FlowFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class Faults:
    """What has been found wrong in one file so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[FlowFault] = []

    def add(self, line: int, node: str, text: str) -> None:
        self._found.append(FlowFault(self.file, line, node, text))

    def raise_if_any(self) -> None:
        if self._found:
            raise FlowError(sorted(self._found, key=lambda fault: fault.line))


def read_yaml(path: Path, faults: Faults) -> Reader:
    """The mapping that a file holds.

    Raises:
        FlowError: it can't be read, is too large, or is no YAML mapping.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise FlowError([FlowFault(faults.file, 1, "", f"larger than {MAX_BYTES // 1024} kB")])
        text = raw.decode("utf-8")
        _refuse_tricks(text, faults.file)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise FlowError([FlowFault(faults.file, 1, "", error.strerror or str(error))]) from None
    except UnicodeDecodeError:
        raise FlowError([FlowFault(faults.file, 1, "", "not UTF-8 text")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        text = getattr(error, "problem", None) or "not YAML"
        raise FlowError([FlowFault(faults.file, mark.line + 1 if mark else 1, "", text)]) from None
    if not isinstance(root, yaml.MappingNode):
        raise FlowError([FlowFault(faults.file, 1, "", "expected `name: value` lines")])
    return Reader(root, faults)


def _refuse_tricks(text: str, file: str) -> None:
    """Look at the file as a stream, before a tree is made of it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise FlowError([FlowFault(file, line, "", "YAML aliases (*name) are not allowed")])
        if depth > MAX_DEPTH:
            raise FlowError([FlowFault(file, line, "", "nested too deeply")])


class Reader:
    """A typed look at one YAML value; wrong types become faults and stand-in values."""

    def __init__(self, value: yaml.Node | None, faults: Faults, node: str = "", line: int = 1) -> None:
        self.node = node
        self._faults = faults
        self._value = value
        self.mark = Mark(value.start_mark.line + 1 if value is not None else line)
        self._fields: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        if isinstance(value, yaml.MappingNode):
            for key, child in value.value:
                name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
                if name in self._fields:
                    self._fault_at(key, f"{name} stands here twice")
                self._fields[name] = (key, child)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._value, yaml.MappingNode)

    def fault(self, text: str) -> None:
        self._faults.add(self.mark.line, self.node, text)

    def _fault_at(self, value: yaml.Node, text: str) -> None:
        self._faults.add(value.start_mark.line + 1, self.node, text)

    def only(self, *names: str) -> None:
        """Fault every name that isn't one of these."""
        for name, (key, _) in self._fields.items():
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"
                self._fault_at(key, f"unknown name {name}; {hint}")

    def text(self, name: str, pattern: str, needed: bool = True) -> str:
        """A text that matches, or an empty one."""
        if name not in self._fields:
            if needed:
                self.fault(f"{name} is missing")
            return ""
        return self._child(name).as_text(pattern, name)

    def as_text(self, pattern: str, name: str = "") -> str:
        place = f"{name}: " if name else ""
        if not isinstance(self._value, yaml.ScalarNode):
            self.fault(f"{place}expected a text")
            return ""
        text = str(self._value.value)
        if not re.fullmatch(pattern, text, re.DOTALL):
            self.fault(f"{place}{text[:40]!r} is not allowed here")
            return ""
        return text

    def number(self, name: str, least: float, most: float, default: float, whole: bool = False) -> float:
        if name not in self._fields:
            return default
        text = self._child(name).as_text(r".{1,20}", name)
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = -1
        if not least <= value <= most:
            self._fault_at(
                self._fields[name][1], f"{name}: expected {'a whole' if whole else 'a'} number, {least} to {most}"
            )
            return default
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when it isn't there."""
        return self.text(name, "true|false", needed=False) == "true"

    def items(self, name: str, needed: bool = True) -> Iterator[Reader]:
        """The members of a list, which must not be empty."""
        if name not in self._fields:
            if needed:
                self.fault(f"{name} is missing")
            return
        value = self._fields[name][1]
        if not isinstance(value, yaml.SequenceNode) or not value.value:
            self._fault_at(value, f"{name}: expected a list, such as [a, b]")
            return
        for child in value.value:
            yield Reader(child, self._faults, self.node)

    def texts(self, name: str, pattern: str, needed: bool = True) -> list[str]:
        return [item.as_text(pattern, name) for item in self.items(name, needed)]

    def mapping(self, name: str) -> Reader:
        """A mapping below this one; an empty one when it isn't there."""
        if name not in self._fields:
            return Reader(None, self._faults, self.node, self.mark.line)
        child = self._child(name)
        if not child.is_mapping:
            child.fault(f"{name}: expected `name: value` lines")
        return child

    def pairs(self, name: str, pattern: str, needed: bool = True) -> Iterator[tuple[str, str]]:
        """Names and texts of a mapping below this one."""
        if needed and name not in self._fields:
            self.fault(f"{name} is missing")
        child = self.mapping(name)
        for key in child._fields:
            yield key, child.text(key, pattern)

    def mappings(self, name: str, pattern: str) -> Iterator[tuple[str, Reader]]:
        """Names and mappings of a mapping below this one."""
        if name not in self._fields:
            self.fault(f"{name} is missing")
        yield from self.mapping(name).entries(pattern)

    def entries(self, pattern: str) -> Iterator[tuple[str, Reader]]:
        """Names and mappings of this mapping."""
        for key in self.names_like(pattern):
            place, value = self._fields[key]
            child = Reader(value, self._faults, key)
            if not child.is_mapping:
                child.fault("expected `name: value` lines")
                continue
            child.mark = Mark(place.start_mark.line + 1)
            yield key, child

    def names_like(self, pattern: str) -> list[str]:
        """All names of this mapping; those that don't match are faults."""
        for key, (place, _) in self._fields.items():
            if not re.fullmatch(pattern, key):
                self._fault_at(place, f"{key[:40]!r} is no name here")
        return [key for key in self._fields if re.fullmatch(pattern, key)]

    def single(self, known: Collection[str]) -> tuple[str, Reader]:
        """The one known name of this mapping and what stands below it."""
        names = [name for name in self._fields if name in known]
        self.only(*known)
        if len(self._fields) != 1:
            self.fault(f"expected exactly one of {', '.join(known)}")
        if not names:
            return "", self
        child = self._child(names[0])
        if not child.is_mapping:
            empty = isinstance(child._value, yaml.ScalarNode) and not child._value.value
            if not empty:
                child.fault(f"{names[0]}: expected `name: value` lines")
            child = Reader(None, self._faults, self.node, self.mark.line)
        return names[0], child

    def _child(self, name: str) -> Reader:
        return Reader(self._fields[name][1], self._faults, self.node)
