"""Text messages: a second way to the same people, with the same receipts."""

from __future__ import annotations

from pyramid.config import Configurator

from broadcast.sms import outbox, replies
from broadcast.sms.jobs import send_texts
from dutycenter.work import settings_of


def includeme(config: Configurator) -> None:
    config.register_service_factory(outbox.factory, outbox.Outbox)
    config.register_service_factory(replies.factory, replies.Replies)
    config.add_job(send_texts, name="broadcast.texts", seconds=1)
    config.include("broadcast.sms.views")
    config.include("broadcast.sms.callbacks")
    if settings_of(config.registry).rehearsal:
        config.include("broadcast.sms.rehearsal")  # the simulated telephones receive them
