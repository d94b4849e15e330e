"""The pages of written reports: edit, versions, send, confirm."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.incidents.documents.content import LABELS, LIMITS, TextFault
from dutycenter.incidents.documents.models import SituationReport
from dutycenter.incidents.documents.services import Documents, NoSuchDocument, Overwritten
from dutycenter.incidents.services import NoSuchIncident
from dutycenter.notices import say
from dutycenter.typed import row_id
from dutycenter.vocabulary import SendingMeans, SituationKind
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

TEMPLATES = "dutycenter:incidents/documents/templates/"


def begin(request: Request) -> Response:
    """Draft a report of an incident, or go on with the one that is open."""
    kind = request.POST.get("kind", "")
    if kind not in set(SituationKind):
        raise HTTPBadRequest(_("There is no such kind of report."))
    language = settings_of(request.registry).reports_language
    try:
        report = request.find_service(Documents).draft(
            int(request.matchdict["id"]), SituationKind(kind), request.identity.id, language
        )
    except NoSuchIncident:
        raise HTTPNotFound from None
    return _to(request, report)


def show(request: Request) -> dict[str, Any]:
    """The report: an editor while it is a draft, frozen once it went out."""
    return _page(request, _report(request))


def save(request: Request) -> dict[str, Any] | Response:
    """Write what was typed; ``keep`` as a version. Scripts get a line with what became of it."""
    report, post = _report(request), request.POST
    scripted = bool(request.headers.get("HX-Request"))
    typed = {name: post[name] for name in LIMITS if name in post}
    try:
        report = request.find_service(Documents).save(
            report.id, typed, row_id(post.get("version", "")), request.identity.id, keep=post.get("keep") == "yes"
        )
    except TextFault as fault:
        return _refused(request, report, typed, scripted=scripted, fault=fault.words)
    except Overwritten:
        return _refused(request, report, typed, scripted=scripted, overwritten=True)
    if scripted:
        return _saved(request, report)
    return _to(request, report)


def version(request: Request) -> dict[str, Any]:
    """An earlier version, to read and to take back."""
    report = _report(request)
    found = next((one for one in report.versions if one.number == int(request.matchdict["number"])), None)
    if found is None:
        raise HTTPNotFound
    return {**_base(request, report), "shown": found}


def restore(request: Request) -> Response:
    """Take an earlier version's text."""
    report = _report(request)
    try:
        request.find_service(Documents).restore(report.id, int(request.matchdict["number"]), request.identity.id)
    except TextFault as fault:
        raise _bad(request, fault.words) from None
    except NoSuchDocument:
        raise HTTPNotFound from None
    say(request, _("The earlier text is back; what stood here is among the versions."))
    return _to(request, report)


def discard(request: Request) -> Response:
    """Throw a draft away."""
    report = _report(request)
    try:
        request.find_service(Documents).discard(report.id)
    except TextFault as fault:
        raise _bad(request, fault.words) from None
    say(request, _("The draft was thrown away."), request.route_path("situation_report.take_back", id=report.id))
    return HTTPSeeOther(request.route_path("incident", id=report.incident_id))


def take_back(request: Request) -> Response:
    """Undo ``discard``."""
    report = _report(request)
    try:
        request.find_service(Documents).take_back(report.id)
    except TextFault as fault:
        raise _bad(request, fault.words) from None
    return _to(request, report)


def send(request: Request) -> dict[str, Any] | Response:
    """Note that it went out."""
    report, post = _report(request), request.POST
    means = post.get("means", "")
    try:
        if means not in set(SendingMeans):
            raise TextFault(_("Choose how it went."))
        request.find_service(Documents).send(
            report.id, post.get("to_whom", ""), SendingMeans(means), post.get("note", ""), request.identity.id,
            seen_version=row_id(post.get("version", "")), to_confirm=post.get("to_confirm") == "yes",
        )  # fmt: skip
    except TextFault as fault:
        return _refused(request, report, {}, scripted=False, fault=fault.words)
    except Overwritten:
        return _refused(request, report, {}, scripted=False, overwritten=True)
    say(request, _("Sent, and on record. The report is not changed any more."))
    return _to(request, report)


def confirm(request: Request) -> Response:
    """It was confirmed by telephone, or not after all."""
    documents, sending_id = request.find_service(Documents), int(request.matchdict["id"])
    try:
        if request.matchdict["verb"] == "undo":
            sending = documents.unconfirm(sending_id)
        else:
            sending = documents.confirm(sending_id, request.POST.get("with", ""), request.identity.id)
            undo = request.route_path("situation_report.confirm", id=sending_id, verb="undo")
            say(request, _("Confirmed by telephone: on record."), undo)
    except NoSuchDocument:
        raise HTTPNotFound from None
    except TextFault as fault:
        raise _bad(request, fault.words) from None
    return _to(request, sending.report)


def _refused(
    request: Request, report: SituationReport, typed: dict[str, str], *, scripted: bool,
    fault: TranslationString | None = None, overwritten: bool = False,
) -> dict[str, Any] | Response:  # fmt: skip
    request.tm.doom()
    status = 409 if overwritten else 422
    if scripted:
        said = fault or _(
            "${name} has changed this report meanwhile. Nothing of yours was written; copy it, and load the page anew.",
            mapping={"name": report.edited_by.name},
        )
        return Response(json={"said": request.localizer.translate(said)}, status=status)
    request.response.status_int = status
    return _page(request, report, typed=typed, fault=fault, overwritten=overwritten)


def _saved(request: Request, report: SituationReport) -> Response:
    at = report.edited_at.astimezone(settings_of(request.registry).time_zone)
    said = _("Saved ${at}", mapping={"at": f"{at:%H:%M:%S}"})
    return Response(json={"version": report.version, "said": request.localizer.translate(said)})


def _page(request: Request, report: SituationReport, **more: Any) -> dict[str, Any]:
    typed = more.get("typed", {})
    return {
        **_base(request, report),
        "texts": {name: typed.get(name, getattr(report, name)) for name in LIMITS},
        "means": SendingMeans,
        "fault": more.get("fault"),
        "overwritten": more.get("overwritten", False),
    }


def _base(request: Request, report: SituationReport) -> dict[str, Any]:
    may_write = bool(request.has_permission("desk"))
    return {
        "report": report,
        "name": request.find_service(Documents).name(report),
        "labels": LABELS,
        "limits": LIMITS,
        "may_write": may_write,
        "editable": may_write and report.sent_at is None and report.discarded_at is None,
    }


def _report(request: Request) -> SituationReport:
    try:
        return request.find_service(Documents).get(int(request.matchdict["id"]))
    except NoSuchDocument:
        raise HTTPNotFound from None


def _bad(request: Request, words: TranslationString) -> HTTPBadRequest:
    request.tm.doom()
    return HTTPBadRequest(words)


def _to(request: Request, report: SituationReport) -> Response:
    return HTTPSeeOther(request.route_path("situation_report", id=report.id))


def includeme(config: Configurator) -> None:
    one = r"/incidents/documents/{id:\d{1,9}}"
    for name, pattern, view, method, permission, template in (
        ("situation_report.begin", r"/incidents/{id:\d{1,9}}/documents", begin, "POST", "desk", None),
        ("situation_report", one, show, "GET", "view", "document"),
        ("situation_report", "", save, "POST", "desk", "document"),
        ("situation_report.version", one + r"/versions/{number:\d{1,6}}", version, "GET", "view", "version"),
        ("situation_report.version", "", restore, "POST", "desk", None),
        ("situation_report.discard", one + "/discard", discard, "POST", "desk", None),
        ("situation_report.take_back", one + "/take-back", take_back, "POST", "desk", None),
        ("situation_report.send", one + "/send", send, "POST", "desk", "document"),
        ("situation_report.confirm", r"/incidents/documents/sendings/{id:\d{1,9}}/{verb:confirm|undo}", confirm,
         "POST", "desk", None),
    ):  # fmt: skip
        if pattern:
            config.add_route(name, pattern)
        renderer = f"{TEMPLATES}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission=permission, renderer=renderer)
