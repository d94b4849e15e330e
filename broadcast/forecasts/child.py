"""The answering process: a line of JSON in, a line of JSON out, until its parent closes the pipe."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import configure_mappers

from broadcast.forecasts.answers import Answering
from dutycenter.db.engine import make_engine
from dutycenter.db.models import MODELS

log = logging.getLogger(__name__)
POLITE = 5  # behind whoever answers telephones


def main() -> None:
    """Answer until the input ends."""
    logging.basicConfig(level=logging.WARNING)
    with suppress(OSError):
        os.nice(POLITE)
    for models in MODELS:
        import_module(models)
    configure_mappers()
    answers, sys.stdout = sys.stdout, sys.stderr
    hello = json.loads(sys.stdin.readline() or "{}")
    if not hello:
        return
    answering = Answering(make_engine(hello["database"]), ZoneInfo(hello["zone"]))
    for line in sys.stdin:
        try:
            told: dict[str, Any] = {"answer": answering.answer(json.loads(line))}
        except Exception as error:
            log.exception("A question could not be answered.")
            told = {"fault": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
