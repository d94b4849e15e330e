"""Long computing beside a gevent hub: in a thread of the system, while the hub goes on."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched

T = TypeVar("T")
SLICE = 0.0005  # seconds after which Python lets another thread run


def aside(compute: Callable[[], T]) -> T:
    """What ``compute`` gives. Only for what is pure: no store, no switch, no locks.

    In a role on gevent other greenlets go on meanwhile; elsewhere it is simply called.
    """
    if not is_module_patched("threading"):
        return compute()
    before = sys.getswitchinterval()
    sys.setswitchinterval(SLICE)
    gc.disable()  # a collection among that many new objects would hold everybody for long
    try:
        found: T = get_hub().threadpool.apply(compute)
    finally:
        gc.enable()
        sys.setswitchinterval(before)
    return found
