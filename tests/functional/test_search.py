"""The list of incidents: words found anywhere, filters that are kept and shared, a table to take away."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
from sqlalchemy import select

from dutycenter.incidents.services import Incidents
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from tests.functional.conftest import form_to, form_with

HOSTILE = "=HYPERLINK(1)<img src=x>"


def test_a_search_is_kept_shared_taken_away_and_exported(site: Any) -> None:
    with site.work.write() as request:
        incidents = request.find_service(Incidents)
        found = incidents.create({"title": HOSTILE, "level": "II"}).id
        incidents.note(found, "拖车到场")
        incidents.create({"title": "别的"})
    officer, auditor = site.logged_in(Role.OFFICER), site.logged_in(Role.AUDITOR)
    page = officer.get("/incidents", {"q": "拖车", "level": "II"})
    assert "in its timeline" in page.html.select_one("tbody").text
    assert "别的" not in page
    assert "<img src=x" not in page
    form = form_with(page, "shared")
    form["name"], form["shared"] = HOSTILE, True
    page = form.submit().follow()
    assert page.html.select_one(".filters [aria-current]").text.strip() == HOSTILE
    seen = auditor.get("/incidents")
    assert HOSTILE in seen.html.select_one(".filters").text
    assert not seen.html.select(".filters form")
    token = seen.html.select_one("meta[name=csrf-token]")["content"]
    auditor.post("/incidents/searches/1/remove", {"csrf_token": token}, status=404)
    page = form_to(page, "/remove").submit().follow()
    assert page.html.select_one(".filters") is None
    page = form_to(page, "/take-back").submit().follow()
    assert page.html.select_one(".filters")
    officer.post("/incidents/searches", {"csrf_token": officer.get("/incidents").html.select_one("meta[name=csrf-token]")["content"], "name": "x"}, status=400)  # fmt: skip

    book = openpyxl.load_workbook(io.BytesIO(officer.get("/incidents.xlsx", {"level": "II"}).body))
    assert [row[1].value for row in book.worksheets[0].iter_rows(min_row=2)] == [HOSTILE]
    assert book.worksheets[0]["B2"].data_type == "s"
    with site.work.read() as request:
        taken = request.db.scalars(select(LedgerEntry.data).where(LedgerEntry.action == "incidents.table_taken")).one()
        assert '"level":"II"' in taken
    site.logged_in(Role.DISPLAY).get("/incidents.xlsx", status=403)
