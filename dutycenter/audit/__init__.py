"""The audit desk above the features: search, replay, custody, verify."""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.audit.custody import Custody, custody_factory
from dutycenter.audit.jobs import verify_everything, verify_when_asked


def includeme(config: Configurator) -> None:
    config.register_service_factory(custody_factory, Custody)
    config.add_route("audit.recordings", "/recordings")
    config.add_route("audit.recording", r"/recordings/{id:\d{1,15}}")
    config.add_route("audit.audio", r"/recordings/{id:\d{1,15}}/audio")
    config.add_route("audit.evidence", "/evidence")
    config.scan("dutycenter.audit.views")
    config.add_job(verify_everything, name="evidence.nightly", cron="30 3 * * *")
    config.add_job(verify_when_asked, name="evidence.asked", seconds=3)
