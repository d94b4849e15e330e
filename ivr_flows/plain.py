"""Events, effects and states as plain JSON values, for golden files and logs.

``{"ask": {"prompts": [...], "keys": "14", "wait": 5}}``; what has no fields is
its name alone: ``"started"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from ivr_flows.conversation import Effect, Event
from ivr_flows.engine import State


def _name(kind: type[Any]) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).lstrip("_")


_EVENTS: dict[str, type[Any]] = {_name(kind): kind for kind in get_args(Event)}


def plain(thing: Event | Effect) -> Any:
    """An event or effect as a JSON value."""
    values = {f.name: _value(getattr(thing, f.name)) for f in fields(thing)}
    name = _name(type(thing))
    return {name: values} if values else name


def plain_state(state: State) -> dict[str, Any]:
    """A state as a JSON value; what is empty is left out."""
    values = {f.name: _value(getattr(state, f.name)) for f in fields(state)}
    return {name: value for name, value in values.items() if value}


def event_from(value: Any) -> Event:
    """The event that ``plain`` wrote.

    Raises:
        ValueError: it is none.
    """
    name, given = (value, {}) if isinstance(value, str) else next(iter(value.items()))
    try:
        event: Event = _EVENTS[name](**given)
    except (KeyError, TypeError):
        raise ValueError(f"no event: {value!r}") from None
    return event


def _value(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value
