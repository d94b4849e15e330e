"""Long computing beside a gevent hub: in a thread of the system, while the hub goes on."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched

T = TypeVar("T")
SLICE = 0.0001  # seconds after which Python lets another thread run


@contextmanager
def uncollected() -> Iterator[None]:
    """For making tens of thousands of objects that stay: the collector would look at each again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def aside(compute: Callable[[], T]) -> T:
    """What ``compute`` gives. Only for what is pure: no store, no switch, no locks.

    In a role on gevent other greenlets go on meanwhile; elsewhere it is simply called.
    """
    if not is_module_patched("threading"):
        return compute()
    before = sys.getswitchinterval()
    sys.setswitchinterval(SLICE)
    try:
        with uncollected():  # a collection would hold everybody for long
            found: T = get_hub().threadpool.apply(compute)
            gc.freeze()  # nor need any look at it again
    finally:
        sys.setswitchinterval(before)
    return found
