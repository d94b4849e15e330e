"""Telling the simulated telephones what to do, from another process: the ``rehearsal`` command over the socket."""

from __future__ import annotations

import json
import re
from typing import Any

from dutycenter.interfaces import RefusedValue
from dutycenter.settings import Settings
from dutycenter.switch.freeswitch import read_password
from dutycenter.switch.link import InboundLink

_WORD = re.compile(r"[0-9A-Za-z_*#+.-]{1,64}", re.ASCII)


class Control:
    """Commands to the simulated telephones; each makes its own connection.

    All raise ``SwitchAway`` when the rehearsal switch cannot be reached,
    ``SwitchError`` with its own words when it refuses, and ``RefusedValue`` for
    a word that is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def call(self, number: str, character: str, **wishes: Any) -> str:
        """A citizen calls the hotline; the leg's id."""
        answer = self.ask("call", number, character, text=json.dumps(wishes) if wishes else "")
        return answer.removeprefix("+OK ").strip()

    def ask(self, *words: str, text: str = "") -> str:
        """Any ``rehearsal`` command: plain words, then free text without line ends."""
        for word in words:
            if not _WORD.fullmatch(word):
                raise RefusedValue(f"not a word for the rehearsal switch: {word[:64]!r}")
        said = " ".join(text.split())
        link = InboundLink(
            self._settings.switch_host,
            self._settings.switch_port,
            read_password(self._settings.switch_password_file),
        )
        link.connect()
        try:
            return link.ask(" ".join(["api", "rehearsal", *words, *([said] if said else [])]))
        finally:
            link.end("closed")
