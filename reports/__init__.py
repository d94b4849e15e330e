"""The read-only end of the river: queries, charts, documents.

facts (``gather``, ``queries``) → paper (``month_paper``, ``chapters``) → pages
(``render``, ``charts``). Asking is a row, making is the clerk's.
"""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.interfaces import IReports


def includeme(config: Configurator) -> None:
    from reports import jobs
    from reports.services import Reports, factory

    config.register_service_factory(factory, IReports)
    config.register_service_factory(factory, Reports)
    config.add_route("reports", "/reports")
    config.add_route("reports.months", "/reports/months")
    config.add_route("reports.ask", r"/reports/{month:\d{4}-\d{2}}/ask")
    config.add_route("reports.pdf", r"/reports/{month:\d{4}-\d{2}}.pdf")
    config.scan("reports.views")
    config.add_job(jobs.ask_for_last_month, name="reports.first_day", cron=jobs.FIRST_DAY)
    config.add_job(jobs.ask_for_last_month, name="reports.catch_up", seconds=jobs.CATCH_UP_SECONDS)
    config.add_job(jobs.make_waiting, name="reports.make", seconds=jobs.MAKE_SECONDS)
