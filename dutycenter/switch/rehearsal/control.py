"""Telling the simulated telephones what to do, from another process: the page and the rehearsed story.

The ``rehearsal …`` commands go over the same event socket as everything else.
"""

from __future__ import annotations

import json
from typing import Any

from dutycenter.interfaces import SwitchError
from dutycenter.settings import Settings
from dutycenter.switch.freeswitch import ensure_password, read_password
from dutycenter.switch.link import InboundLink
from dutycenter.switch.rehearsal.numbers import is_number


class Control:
    """Commands to the rehearsal switch of the settings; a connection for each.

    Every method raises ``SwitchAway`` when it cannot be reached, and
    ``SwitchError`` with the switch's words when it refuses.
    """

    def __init__(self, settings: Settings) -> None:
        ensure_password(settings.switch_password_file)
        self._settings = settings

    def call(self, number: str, character: str, **wishes: object) -> str:
        """A citizen calls the hotline.

        Args:
            number: shown to the duty desk.
            character: how the citizen behaves: ``reports``, ``fire``, ``flood``, ``gives_up``, ``leaves_message``,
                ``silent``, ``hangs_up_at_once``, ``hand``.
            wishes: what is different this time: ``says``, ``keys``, ``think``, ``patience``, ``talks_for``, ``message``.

        Returns:
            The leg's uuid.
        """
        if not is_number(number):
            raise SwitchError(f"{number[:40]!r} is no telephone number")
        wished = " " + json.dumps(wishes, ensure_ascii=True) if wishes else ""
        return self._ask(f"call {number} {_word(character)}{wished}").removeprefix("+OK ")

    def press(self, uuid: str, key: str) -> None:
        """Press a key on this leg's telephone."""
        self._ask(f"press {_word(uuid)} {_word(key)}")

    def say(self, uuid: str, text: str = "") -> None:
        """Speak into this leg's telephone."""
        self._ask(f"say {_word(uuid)} {' '.join(text.split())[:200]}")

    def answer(self, uuid: str) -> None:
        """Pick up the telephone that rings."""
        self._ask(f"answer {_word(uuid)}")

    def hangup(self, uuid: str) -> None:
        """Lay down the receiver, or refuse the call that rings."""
        self._ask(f"hangup {_word(uuid)}")

    def character(self, number: str, character: str) -> None:
        """Give a number's owner a character: one of ``People``'s, ``hand``, or ``usual`` again."""
        self._ask(f"character {_word(number)} {_word(character)}")

    def desk(self, desk: str, answers_after: float | None) -> None:
        """Let a desk (or ``all``) answer by itself after so many seconds, or by hand only."""
        self._ask(f"desk {_word(desk)} " + ("hand" if answers_after is None else f"auto {answers_after:g}"))

    def gateway(self, name: str, up: bool) -> None:
        """Take a gateway down, or up again."""
        self._ask(f"gateway {_word(name)} {'up' if up else 'down'}")

    def vanish(self, uuid: str) -> None:
        """Let a leg be gone without any event that tells of it."""
        self._ask(f"vanish {_word(uuid)}")

    def phones(self) -> list[dict[str, Any]]:
        """All simulated telephones with a leg up, and what they do."""
        found: list[dict[str, Any]] = json.loads(self._ask("phones"))
        return found

    def _ask(self, command: str) -> str:
        settings = self._settings
        password = read_password(settings.switch_password_file)
        link = InboundLink(settings.switch_host, settings.switch_port, password)
        link.connect()
        try:
            return link.ask(f"api rehearsal {command}").strip()
        finally:
            link.end("closed")


def _word(text: str) -> str:
    """One argument of a command.

    Raises:
        SwitchError: it would be more than one.
    """
    if not text or not text.isprintable() or any(sign.isspace() for sign in text) or len(text) > 64:
        raise SwitchError(f"{text[:40]!r} is not understood")
    return text
