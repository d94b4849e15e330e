"""People in and out as sheets: Excel and CSV, previewed row by row, confirmed, undone."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.directory.imports import jobs
    from dutycenter.directory.imports.services import Imports, factory

    config.register_service_factory(factory, Imports)
    config.add_job(jobs.work_on, name="directory.imports", seconds=jobs.SECONDS)
    config.add_job(jobs.forget, name="directory.imports.forget", cron="40 3 * * *")
    config.include("dutycenter.directory.imports.views")
