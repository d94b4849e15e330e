"""Whose papers they are."""

from __future__ import annotations

from dataclasses import dataclass

from dutycenter.settings import Settings
from reports.words import Words


@dataclass(frozen=True)
class House:
    """The duty room as papers name it. ``rehearsal``: its telephones are simulated, and every paper says so."""

    authority: str
    duty_room: str
    rehearsal: bool = False

    @classmethod
    def of(cls, settings: Settings) -> House:
        return cls(settings.authority, settings.duty_room, settings.rehearsal)

    def warnings(self, words: Words) -> list[str]:
        """What stands on the face of every paper."""
        if not self.rehearsal:
            return []
        return [words.gettext("Made with simulated telephones: not an official document")]
