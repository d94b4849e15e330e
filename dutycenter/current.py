"""Which request is served just now, for parts of Pyramid that are not told: the words of a template, above all.

Pyramid keeps it per thread, in an object that is made before gunicorn's
gevent workers teach threads to be greenlets: requests that take turns within
one worker would then see each other's, and a page be written in the language
of somebody else. A context belongs to a greenlet as well as to a thread.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from pyramid.threadlocal import ThreadLocalManager

_served: ContextVar[tuple[Any, ...]] = ContextVar("requests served", default=())


def keep_by_context() -> None:
    """Let Pyramid keep its stack of requests by context; doing it again changes nothing."""
    ThreadLocalManager.push = ThreadLocalManager.set = _push
    ThreadLocalManager.pop = _pop
    ThreadLocalManager.get = _get
    ThreadLocalManager.clear = _clear


def _push(_manager: Any, info: Any) -> None:
    _served.set((*_served.get(), info))


def _pop(_manager: Any) -> Any:
    stack = _served.get()
    _served.set(stack[:-1])
    return stack[-1] if stack else None


def _get(manager: Any) -> Any:
    stack = _served.get()
    return stack[-1] if stack else manager.default()


def _clear(_manager: Any) -> None:
    _served.set(())
