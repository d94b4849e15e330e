"""What the roster refuses."""

from __future__ import annotations

from pyramid.i18n import TranslationString


class RosterFault(ValueError):
    """The roster cannot be so. ``args[0]`` is a translation string for the reader."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words
