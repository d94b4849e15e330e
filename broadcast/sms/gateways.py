"""Gateways for text messages: Kannel, the console that only shows them, and the twin that refuses."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx

from broadcast.sms.parts import Alphabet, alphabet_of, count
from dutycenter.interfaces import ISms, SmsRefused, SmsReply, SmsUncertain
from dutycenter.secret import secret_key
from dutycenter.settings import Settings

log = logging.getLogger(__name__)

NUMBER = re.compile(r"[0-9]{3,20}", re.ASCII)
REFERENCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
REPORTS = 1 | 2 | 8 | 16  # delivered, not delivered, taken by the operator's centre, refused by it
LONGEST_DETAIL = 200


@dataclass(frozen=True)
class Gateway:
    """One gateway: its name in rows and on screens, its pace, and how to hand messages over."""

    name: str
    rate: float  # messages a second
    port: ISms


class NullSms:
    """Takes nothing: an installation without text messages."""

    def send(self, number: str, text: str, reference: str) -> SmsReply:
        """See ``ISms.send``."""
        raise SmsRefused("text messages are switched off (sms = null)")


class ConsoleSms:
    """Shows in the log what would be sent."""

    def send(self, number: str, text: str, reference: str) -> SmsReply:
        """See ``ISms.send``."""
        log.info("SMS to %s, %d parts: %s", number, count(text).parts, text.replace("\n", " / "))
        return SmsReply()


class Kannel:
    """Kannel's ``sendsms``. An answer of 2xx means taken, 4xx surely not; of anything else nobody knows.

    Args:
        url: of ``sendsms``.
        user: of Kannel's ``sendsms-user``.
        password: of the same.
        sender: the number that texts come from.
        report_url: where delivery reports go, with the secret in its path.
        timeout: real seconds for the whole exchange.
    """

    def __init__(
        self, url: str, *, user: str, password: str, sender: str, report_url: str, timeout: float = 10.0
    ) -> None:
        self.url = url
        self.fixed = {"username": user, "password": password, "from": sender, "charset": "UTF-8"}
        self.report_url = report_url
        # No proxy of the environment comes between: it could answer for a gateway that never heard of the message.
        self.client = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False)

    def send(self, number: str, text: str, reference: str) -> SmsReply:
        """See ``ISms.send``."""
        if not NUMBER.fullmatch(number) or not REFERENCE.fullmatch(reference):
            raise SmsRefused("the number is none that can be written to")
        query = self.fixed | {
            "to": number,
            "text": text,
            "coding": "2" if alphabet_of(text) is Alphabet.UCS2 else "0",
            "dlr-mask": str(REPORTS),
            "dlr-url": f"{self.report_url}?{urlencode({'ref': reference})}&type=%d&smsc=%i&said=%A",
        }
        try:
            # A new connection each time: on one that was kept, nobody can say whether the message went out.
            answer = self.client.get(self.url, params=query, headers={"Connection": "close"})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise SmsRefused(f"no connection: {_words(str(error))}") from None
        except httpx.HTTPError as error:
            raise SmsUncertain(f"{type(error).__name__}: {_words(str(error))}") from None
        said = f"{answer.status_code} {_words(answer.text)}"
        if answer.is_success:
            return SmsReply(said)
        if answer.is_client_error:
            raise SmsRefused(said)
        raise SmsUncertain(said)


def make_gateways(settings: Settings) -> Sequence[Gateway]:
    """The gateways that the settings ask for, in the order in which they are preferred."""
    if settings.sms == "null":
        return [Gateway("null", settings.sms_rate, NullSms())]
    if settings.sms == "console":
        return [Gateway("console", settings.sms_rate, ConsoleSms())]
    password = secret_key(settings.sms_kannel_password_file)
    report_url = f"{settings.sms_callback_url.rstrip('/')}/sms/report/{secret_key(settings.sms_callback_token_file)}"
    return [
        Gateway(
            urlsplit(url).netloc.rpartition("@")[2][:64],
            settings.sms_rate,
            Kannel(
                url,
                user=settings.sms_kannel_user,
                password=password,
                sender=settings.sms_sender or settings.hotline_number,
                report_url=report_url,
                timeout=settings.sms_timeout,
            ),
        )
        for url in settings.sms_kannel_urls
    ]


def _words(text: str) -> str:
    """A gateway's words as they may be kept: one line of what can be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * LONGEST_DETAIL]).split())[:LONGEST_DETAIL]
