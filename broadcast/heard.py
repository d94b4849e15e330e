"""What speaks for a machine at the other end, in words."""

from __future__ import annotations

from pyramid.i18n import TranslationStringFactory

from dutycenter.calls.hearing.estimate import Ground

_ = TranslationStringFactory("dutycenter")

_WORDS = {
    Ground.BEEP: _("a beep after the greeting, then silence"),
    Ground.NETWORK_TONE: _("a tone of the network"),
    Ground.LONG_GREETING: _("a long greeting without a pause"),
    Ground.TALKS_ON: _("speaks on, whatever is said"),
    Ground.REPEATS: _("says the same again and again"),
    Ground.AT_ONCE: _("answered before it could have rung"),
    Ground.LATE: _("answered as late as a voicemail"),
    Ground.SHORT_GREETING: _("a short greeting, as people say it"),
    Ground.SILENT: _("nothing was heard"),
}


def machine_words(ground: str) -> list[str]:
    """The grounds of an estimate, as ``calls.hearing`` keeps them, as msgids; words that are not known are left out."""
    known = {ground.value: words for ground, words in _WORDS.items()}
    return [known[word] for word in ground.split() if word in known]
