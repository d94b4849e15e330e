"""Units of work outside a web request: a faux request in its own transaction.

Roles, jobs and commands do what a view does: look services up on a request and
return; returning commits, raising rolls back. A GET view that must leave
evidence (a replay) opens one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pyramid.registry import Registry
from pyramid.request import Request, apply_request_extensions
from pyramid.threadlocal import RequestContext

from dutycenter.db import SAFE_METHODS
from dutycenter.db.engine import WRITES
from dutycenter.settings import Settings

T = TypeVar("T")


class Work:
    """Opens units of work on one application.

    Args:
        registry: of the configured application.
        actor: who does it, for the ledger: ``ivr``, ``dialer``, ``clerk`` …
    """

    def __init__(self, registry: Registry, actor: str) -> None:
        self.registry = registry
        self.actor = actor

    @property
    def settings(self) -> Settings:
        return settings_of(self.registry)

    @contextmanager
    def write(self, actor: str | None = None) -> Iterator[Any]:
        """A request that may change things; committed on return."""
        with self._request("POST", actor) as request:
            yield request

    @contextmanager
    def read(self, actor: str | None = None) -> Iterator[Any]:
        """A request that only looks."""
        with self._request("GET", actor) as request:
            yield request

    @contextmanager
    def _request(self, method: str, actor: str | None) -> Iterator[Any]:
        request = Request.blank("/", base_url="http://localhost")
        request.method = method
        request.registry = self.registry
        request.environ["dutycenter.actor"] = actor or self.actor
        apply_request_extensions(request)
        with RequestContext(request):
            try:
                with request.tm:
                    yield request
            finally:
                request._process_finished_callbacks()


def outside(request: Any, do: Callable[[], T]) -> T:
    """Commit what the request has written, do something that may take long, and go on in a new transaction.

    For orders to the switch: they are written before they are given, and no lock is held while it answers. What
    ``do`` raises comes through, with the new transaction begun. Rows that were loaded before are plain values from
    then on: load again what is to be changed.
    """
    request.tm.commit()
    try:
        return do()
    finally:
        request.tm.begin()
        request.db.connection(execution_options={WRITES: request.method not in SAFE_METHODS})


def settings_of(registry: Registry) -> Settings:
    """The application's settings."""
    settings: Settings = registry["dutycenter.settings"]
    return settings


def kept(registry: Registry, name: str, make: Callable[[], T]) -> T:
    """What this process keeps under a name, made by the first who asks.

    Not when the application is configured: ``pserve`` does that before gunicorn's
    worker patches the standard library, and an unpatched lock stops all greenlets.
    """
    if name not in registry:
        registry.setdefault(name, make())
    found: T = registry[name]
    return found
