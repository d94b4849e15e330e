"""No mail: every letter is refused, in words that say what to set."""

from __future__ import annotations

from dutycenter.interfaces import Letter, MailRefused


class NullMail:
    """``IMail`` of an installation without a relay."""

    def send(self, letter: Letter) -> str:
        """See ``IMail.send``; always refuses, so that nothing looks sent that wasn't."""
        raise MailRefused("no mail relay is set (mail = smtp, mail.host, mail.port)")
