"""Letters over SMTP (RFC 5321).

A relay takes a letter with its answer to the final dot. Until the last line of
the letter is on the way, whatever goes wrong means that it was not taken; when
the connection breaks after that, nobody can know.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from dutycenter.interfaces import Letter, MailRefused, MailUnknown
from dutycenter.settings import Settings

TAKEN = 250


@dataclass(frozen=True)
class Relay:
    """Where letters go; ``security`` is none, starttls or tls, ``timeout`` seconds."""

    host: str
    port: int
    sender: str
    security: str = "none"
    user: str = ""
    password_file: Path | None = None
    timeout: float = 30.0

    @classmethod
    def of(cls, settings: Settings) -> Relay:
        return cls(
            host=settings.mail_host,
            port=settings.mail_port,
            sender=settings.mail_sender,
            security=settings.mail_security,
            user=settings.mail_user,
            password_file=settings.mail_password_file,
            timeout=settings.mail_timeout,
        )


class SmtpMail:
    """``IMail`` through a relay."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    def send(self, letter: Letter) -> str:
        """See ``IMail.send``. One connection for each letter: there are few."""
        try:
            content = _message(letter, self.relay.sender).as_bytes()
            server = self._connect()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailRefused(_words(error)) from None
        try:
            self._introduce(server, letter)
            return self._hand_over(server, content)
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        r = self.relay
        if r.security == "tls":
            return smtplib.SMTP_SSL(r.host, r.port, timeout=r.timeout, context=ssl.create_default_context())
        return smtplib.SMTP(r.host, r.port, timeout=r.timeout)

    def _introduce(self, server: smtplib.SMTP, letter: Letter) -> None:
        """Everything before the letter itself: no failure here can have delivered it."""
        try:
            if self.relay.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            if self.relay.user and self.relay.password_file is not None:
                server.login(self.relay.user, self.relay.password_file.read_text().strip())
            for code, said in (server.mail(self.relay.sender), server.rcpt(letter.to)):
                if code not in (TAKEN, TAKEN + 1):
                    raise MailRefused(f"{code} {_decoded(said)}")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailRefused(_words(error)) from None

    @staticmethod
    def _hand_over(server: smtplib.SMTP, content: bytes) -> str:
        try:
            code, said = server.data(content)
        except smtplib.SMTPDataError as error:  # the relay didn't want to hear it
            raise MailRefused(_words(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnknown(_words(error)) from None
        if code != TAKEN:
            raise MailRefused(f"{code} {_decoded(said)}")
        return f"{code} {_decoded(said)}"


def _message(letter: Letter, sender: str) -> EmailMessage:
    """Raises ValueError: a header would hold a line break."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.message_id}>"
    message.set_content(letter.text)
    for part in letter.attachments:
        kind, _, subtype = part.media_type.partition("/")
        message.add_attachment(part.content, maintype=kind, subtype=subtype, filename=part.name)
    return message


def _decoded(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"
