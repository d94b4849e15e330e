"""A conversation by keypad: what happened on a leg → what to do next, and a record of both.

``engine`` is pure and advances until it must wait; ``definition`` and ``lint``
read flow files; ``session`` drives one leg and has its scribe (``scribes``)
write down what happens; ``prompts`` and ``voice`` make what is said, ahead of
time; ``role`` is the ivr process.
"""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.interfaces import IVoice
from dutycenter.settings import Settings
from ivr_flows.jobs import make_prompts
from ivr_flows.services import Uploads, uploads_factory
from ivr_flows.voice import voice_for


def includeme(config: Configurator) -> None:
    settings: Settings = config.registry["dutycenter.settings"]
    config.register_service(voice_for(settings), IVoice)
    config.register_service_factory(uploads_factory, Uploads)
    config.include("ivr_flows.views")
    config.add_job(make_prompts, name="prompts.make", seconds=600)
