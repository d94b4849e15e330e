"""Letters to the installation's own mail relay, behind ``IMail``."""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.interfaces import IMail
from dutycenter.mail.null import NullMail
from dutycenter.mail.smtp import Relay, SmtpMail
from dutycenter.settings import Settings


def includeme(config: Configurator) -> None:
    settings: Settings = config.registry["dutycenter.settings"]
    config.register_service(SmtpMail(Relay.of(settings)) if settings.mail == "smtp" else NullMail(), IMail)
