"""``/settings/deadlines``: the administrator's page of the deadline rules."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.directory.models import District
from dutycenter.incidents.deadlines import REPORT_LABELS
from dutycenter.incidents.models import DeadlineRule
from dutycenter.incidents.rules.form import REPORTS, RuleForm, blank, of_rule, read
from dutycenter.incidents.rules.services import NoSuchRule, Rules
from dutycenter.notices import say
from dutycenter.vocabulary import IncidentClass, Level, SourceChannel

_ = TranslationStringFactory("dutycenter")


def listing(request: Request) -> dict[str, Any]:
    """Every rule that stands."""
    return {"rules": request.find_service(Rules).current(), "report_labels": REPORT_LABELS}


def new(request: Request) -> dict[str, Any]:
    """The form of a new rule."""
    return _form(request, None, blank())


def add(request: Request) -> dict[str, Any] | Response:
    """Keep a new rule."""
    form = _read(request)
    if form.faults:
        request.response.status_int = 422
        return _form(request, None, form)
    request.find_service(Rules).add(form.values)
    return _back(request, _("The rule holds for what is reported from now on."))


def edit(request: Request) -> dict[str, Any]:
    """The form of a rule."""
    rule = _rule(request)
    return _form(request, rule, of_rule(rule))


def change(request: Request) -> dict[str, Any] | Response:
    """Keep a rule's new version."""
    rule, form = _rule(request), _read(request)
    if form.faults:
        request.response.status_int = 422
        return _form(request, rule, form)
    _new, moved = request.find_service(Rules).replace(rule.id, form.values, move=request.POST.get("move") == "yes")
    if moved:
        said = _("The rule is changed; running deadlines held against it: ${n}.", mapping={"n": moved})
    else:
        said = _("The rule is changed. Deadlines that were set before stay as they are.")
    return _back(request, said)


def switch(request: Request) -> Response:
    """Use a rule, or no more."""
    rule, on = _rule(request), request.matchdict["turn"] == "on"
    request.find_service(Rules).switch(rule.id, enabled=on)
    words = _("The rule is used again.") if on else _("The rule is used no more; deadlines that run go on.")
    undo = request.route_path("deadline_rules.switch", id=rule.id, turn="off" if on else "on")
    return _back(request, words, undo)


def _form(request: Request, rule: DeadlineRule | None, form: RuleForm) -> dict[str, Any]:
    rules = request.find_service(Rules)
    return {
        "rule": rule,
        "form": form,
        "running": rules.running(rule.id) if rule else 0,
        "earlier": rules.earlier(rule) if rule else [],
        "districts": request.db.scalars(select(District).order_by(District.code)).all(),
        "reports": REPORTS,
        "report_labels": REPORT_LABELS,
        "IncidentClass": IncidentClass,
        "Level": Level,
        "SourceChannel": SourceChannel,
    }


def _read(request: Request) -> RuleForm:
    return read(request.POST, lambda district: request.db.get(District, district) is not None)


def _rule(request: Request) -> DeadlineRule:
    try:
        return request.find_service(Rules).get(int(request.matchdict["id"]))
    except NoSuchRule:
        raise HTTPNotFound from None


def _back(request: Request, words: TranslationString, undo: str = "") -> Response:
    say(request, words, undo)
    return HTTPSeeOther(request.route_path("deadline_rules"))


def includeme(config: Configurator) -> None:
    one = r"/settings/deadlines/{id:\d{1,9}}"
    for name, pattern, view, method, template in (
        ("deadline_rules", "/settings/deadlines", listing, "GET", "rules"),
        ("deadline_rules.new", "/settings/deadlines/new", new, "GET", "rule"),
        ("deadline_rules.new", "", add, "POST", "rule"),
        ("deadline_rules.one", one, edit, "GET", "rule"),
        ("deadline_rules.one", "", change, "POST", "rule"),
        ("deadline_rules.switch", one + "/{turn:on|off}", switch, "POST", None),
    ):
        if pattern:
            config.add_route(name, pattern)
        renderer = f"dutycenter:incidents/rules/templates/{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission="admin", renderer=renderer)
