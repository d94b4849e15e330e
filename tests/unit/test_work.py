"""What stands around units of work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The server makes the application before its workers patch the standard library.
HOLDERS_OF_LOCKS = """
import gc, sys, threading
from pathlib import Path
from dutycenter.bootstrap import open_work

made = open_work(Path(sys.argv[1]), "test")
kinds = (type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Event, threading.Semaphore)
ours = ("dutycenter.", "broadcast.", "ivr_flows.", "reports.")
for one in gc.get_objects():
    if str(type(one).__module__).startswith(ours):
        if any(isinstance(value, kinds) for value in getattr(one, "__dict__", {}).values()):
            print(type(one).__qualname__)
"""


def test_no_lock_is_made_before_the_servers_worker_patches_the_standard_library(tmp_path: Path) -> None:
    """One that was, stops every page of the process as soon as two want it."""
    ini = tmp_path / "one.ini"
    ini.write_text("[app:main]\nuse = egg:dutycenter\n")
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HOLDERS_OF_LOCKS, ini], check=True, capture_output=True, text=True
    )
    assert found.stdout.split() == []
