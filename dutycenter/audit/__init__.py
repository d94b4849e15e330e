"""The audit desk above the features: search, replay, custody, packages, retention, verify."""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.audit.custody import Custody, custody_factory
from dutycenter.audit.describe import describe, follow_corrections
from dutycenter.audit.exports import Exports, exports_factory, make_waiting
from dutycenter.audit.jobs import verify_everything, verify_when_asked
from dutycenter.audit.listening import make_copies
from dutycenter.audit.retention import Retention, remove_destroyed, retention_factory

ID = r"{id:\d{1,9}}"


def includeme(config: Configurator) -> None:
    config.register_service_factory(custody_factory, Custody)
    config.register_service_factory(exports_factory, Exports)
    config.register_service_factory(retention_factory, Retention)
    config.add_route("audit.recordings", "/recordings")
    config.add_route("audit.film", f"/recordings/film/{ID}")
    config.add_route("audit.recording", r"/recordings/{id:\d{1,15}}")
    config.add_route("audit.audio", r"/recordings/{id:\d{1,15}}/audio")
    config.add_route("audit.inline", r"/recordings/{id:\d{1,15}}/inline")
    config.add_route("audit.download", r"/recordings/{id:\d{1,15}}/download")
    config.add_route("audit.note", r"/recordings/{id:\d{1,15}}/notes")
    config.add_route("audit.evidence", "/evidence")
    config.add_route("audit.custody", "/evidence/custody")
    config.add_route("audit.told", f"/evidence/told/{ID}")
    config.add_route("audit.told_sheet", f"/evidence/told/{ID}.xlsx")
    config.add_route("audit.exports", "/evidence/packages")
    config.add_route("audit.export_new", "/evidence/packages/new")
    config.add_route("audit.export", f"/evidence/packages/{ID}.zip")
    config.add_route("audit.retention", "/evidence/retention")
    config.add_route("audit.propose", "/evidence/retention/proposals")
    config.add_route("audit.confirm", f"/evidence/retention/proposals/{ID}")
    config.add_route("audit.hold", "/evidence/retention/holds")
    config.add_route("audit.lift", f"/evidence/retention/holds/{ID}")
    for views in ("views", "inline_views", "package_views", "retention_views", "told_views"):
        config.scan(f"dutycenter.audit.{views}")
    config.add_job(verify_everything, name="evidence.nightly", cron="30 3 * * *")
    config.add_job(verify_when_asked, name="evidence.asked", seconds=3)
    config.add_job(make_waiting, name="evidence.packages", seconds=3)
    config.add_job(describe, name="recordings.describe", seconds=5)
    config.add_job(follow_corrections, name="recordings.corrections", cron="10 3 * * *")
    config.add_job(remove_destroyed, name="recordings.remove", seconds=60)
    if config.registry["dutycenter.settings"].listening_copies:
        config.add_job(make_copies, name="recordings.listening", seconds=30)
