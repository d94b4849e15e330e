"""The read-only end of the river: queries, charts, documents.

facts (``gather``, ``queries``) → paper (``periodic``, ``chapters``, ``papers``)
→ pages (``render``, ``charts``) and spreadsheets (``sheet``). Asking is a row,
making is the clerk's.
"""

from __future__ import annotations

from pathlib import Path

from pyramid.config import Configurator
from pyramid.i18n import TranslationStringFactory

from dutycenter.frame.assets import ContentHash
from dutycenter.interfaces import IReports

_ = TranslationStringFactory("dutycenter")

DAY = 24 * 3600
ABOUT = r"{about:\d{4}|\d{4}-\d\d|\d{4}-Q[1-4]|\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d}"
ID = r"{id:\d{1,9}}"

ROUTES = {
    "reports": "/reports",
    "reports.board": "/reports/board",
    "reports.calendar": "/reports/calendar",
    "reports.range": "/reports/ranges",
    "reports.day": r"/reports/days/{day:\d{4}-\d\d-\d\d}",
    "reports.incident": f"/reports/incidents/{ID}",
    "reports.letter": f"/reports/letters/{ID}/again",
    "reports.ask": f"/reports/{ABOUT}/ask",
    "reports.send": f"/reports/{ABOUT}/send",
    "reports.read": f"/reports/{ABOUT}/read",
    "reports.rows": f"/reports/{ABOUT}/rows/{{kind:[a-z]+}}",
    "reports.pdf": f"/reports/{ABOUT}.pdf",
    "reports.sheet": f"/reports/{ABOUT}.xlsx",
    "report_brief": f"/incidents/{ID}/brief",
    "report_evidence": f"/incidents/{ID}/evidence",
    "report_receipts": f"/broadcasts/{ID}/receipts/paper",
    "report_shift_log": f"/roster/shifts/{ID}/log",
    "report_roster": r"/roster/weeks/{id:\d{4}-\d\d-\d\d}",
    "report_situation": f"/incidents/documents/{ID}/paper",
    "report_word": f"/incidents/documents/{ID}.docx",
    "report_month_roster": r"/roster/months/{id:\d{4}-\d\d}",
    "report_handover": f"/roster/handovers/{ID}/paper",
    "report_file": f"/papers/{ID}/{{name:[0-9A-Za-z_.-]+}}",
}

PAPERS = (
    ("incident", "report_brief", _("Incident brief")),
    ("incident", "report_evidence", _("Evidence statement")),
    ("situation_report", "report_situation", _("PDF in official layout")),
    ("situation_report", "report_word", _("Word document")),
    ("broadcast", "report_receipts", _("Broadcast receipts")),
    ("shift", "report_shift_log", _("Shift log")),
    ("week", "report_roster", _("Duty roster")),
    ("month", "report_month_roster", _("Duty roster")),
    ("handover", "report_handover", _("Handover record")),
)


def includeme(config: Configurator) -> None:
    from reports import jobs, letters
    from reports.services import Reports, factory

    config.register_service_factory(factory, IReports)
    config.register_service_factory(factory, Reports)
    config.add_static_view("reports-static", "reports:static", cache_max_age=30 * DAY)
    config.add_cache_buster("reports:static", ContentHash(Path(__file__).parent / "static"))
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    for of, route, label in PAPERS:
        config.add_paper(of, route, label)
    config.scan("reports.views")
    config.add_job(jobs.ask_for_what_is_due, name="reports.first_day", cron=jobs.FIRST_DAY)
    config.add_job(jobs.ask_for_what_is_due, name="reports.catch_up", seconds=jobs.CATCH_UP_SECONDS)
    config.add_job(jobs.make_waiting, name="reports.make", seconds=jobs.MAKE_SECONDS)
    config.add_job(letters.send_waiting, name="reports.send", seconds=letters.SEND_SECONDS)
