"""The least that calling can cost: ``bgapi originate`` for each number of a file, one after another."""

from __future__ import annotations

import sys
import time
import uuid
from pathlib import Path

from greenswitch import InboundESL


def main(host: str, port: str, password: str, file: str) -> None:
    """Call each number, then wait to be ended."""
    link = InboundESL(host, int(port), password)
    link.connect()
    for number in Path(file).read_text().split():
        made = uuid.uuid4()
        link.send(
            f"bgapi originate {{origination_uuid={made},originate_timeout=30,ignore_early_media=true,"
            f"origination_caller_id_number=07318888,dc_attempt={made}}}sofia/gateway/pstn/{number} "
            "notify XML dutycenter"
        )
    time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
