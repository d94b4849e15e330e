"""Pages of the plans: the list, one plan in words, its form with a preview, its versions."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPConflict, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response

from broadcast.plans import form as forms
from broadcast.plans.checks import finding_of, finding_words, why_words
from broadcast.plans.content import Content, read
from broadcast.plans.fields import FIELDS
from broadcast.plans.models import Plan
from broadcast.plans.naming import difference, in_words, names_for
from broadcast.plans.picking import ICONS, picks
from broadcast.plans.services import ChangedMeanwhile, Plans
from broadcast.plans.who import Meaning
from broadcast.plans.words import suits_words, who_words
from broadcast.wishes import LIMITS
from dutycenter.directory.services import Directory
from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.typed import row_id
from dutycenter.vocabulary import EscalationKind, IncidentClass, Level, PlanLight, ReachedRule, SmsWhen, StepWhom

_ = TranslationStringFactory("dutycenter")

MOST_SEARCH = 60
TIERS = (_("First"), _("Second"), _("Third"), _("Fourth"))
LIGHTS = {PlanLight.GREEN: "good", PlanLight.AMBER: "warn", PlanLight.RED: "act"}


def listing(request: Request) -> dict[str, Any]:
    """All plans with what the latest check says."""
    plans = request.find_service(Plans)
    rows = plans.listed()
    contents = {plan.id: plans.content(plan) for plan in rows}
    translate = request.localizer.translate
    names = names_for(request.db, contents.values())
    suits = {plan_id: suits_words(content, names, translate) for plan_id, content in contents.items()}
    return {"plans": rows, "suits": suits, "LIGHTS": LIGHTS}


def show(request: Request) -> dict[str, Any]:
    """One plan in words, what is wrong with it, and its versions."""
    plan = _plan(request)
    plans, translate = request.find_service(Plans), request.localizer.translate
    content = plans.content(plan)
    meant = request.find_service(Meaning).of(content.who, request.find_service(IClock).now())
    check = plan.check
    findings = [finding_of(kept) for kept in check.findings] if check is not None else []
    return {
        "plan": plan,
        "version": plans.version(plan),
        "sections": in_words(request.db, content, translate),
        "people": len(meant.people),
        "check": check,
        "asked": check is not None
        and check.asked_at is not None
        and (check.checked_at is None or check.asked_at > check.checked_at),
        "findings": [(one, *finding_words(one, translate)) for one in findings],
        "why_words": lambda why: why_words(why, translate),
        "LIGHTS": LIGHTS,
    }


def version(request: Request) -> dict[str, Any]:
    """An older version in words, and what is different now."""
    plan = _plan(request)
    plans, translate = request.find_service(Plans), request.localizer.translate
    found = plans.version(plan, int(request.matchdict["version"]))
    if found is None:
        raise HTTPNotFound(_("There is no such version."))
    return {
        "plan": plan,
        "version": found,
        "sections": in_words(request.db, read(found.content), translate),
        "changes": difference(request.db, read(found.content), plans.content(plan), translate),
    }


# --- changing ---------------------------------------------------------------------


def new(request: Request) -> dict[str, Any]:
    """An empty form, or a copy of a plan."""
    plans = request.find_service(Plans)
    source = plans.plan(row_id(request.GET.get("copy", "")))
    content = Content("") if source is None else plans.content(source)
    if source is not None:
        mapping = {"title": content.title}
        form = forms.Form.of(content)
        form.title = request.localizer.translate(_("Copy of ${title}", mapping=mapping))
        return _form_page(request, None, form, {})
    return _form_page(request, None, forms.Form.of(content), {})


def edit(request: Request) -> dict[str, Any]:
    """The form of a plan."""
    plan = _plan(request)
    return _form_page(request, plan, forms.Form.of(request.find_service(Plans).content(plan), plan.version), {})


def create(request: Request) -> dict[str, Any] | Response:
    """Take a new plan in."""
    form = forms.Form.read(request)
    content, faults = form.content(request.localizer.translate)
    if faults:
        return _again(request, None, form, faults)
    plan = request.find_service(Plans).create(content, form.note)
    say(request, _("Saved. The plan is being checked."))
    return HTTPSeeOther(request.route_path("plans.plan", id=plan.id))


def save(request: Request) -> dict[str, Any] | Response:
    """Take a new version of a plan."""
    plan = _plan(request)
    form = forms.Form.read(request)
    content, faults = form.content(request.localizer.translate)
    if not faults:
        try:
            saved = request.find_service(Plans).save(plan.id, content, form.base, form.note)
        except ChangedMeanwhile:
            faults = {
                "base": request.localizer.translate(
                    _("Somebody saved another version meanwhile. Compare it with yours, then save again to replace it.")
                )
            }
            form.base = plan.version
        else:
            if saved is not None:
                undo = request.route_path("plans.restore", id=plan.id, version=saved.version - 1)
                say(request, _("Saved as version ${n}.", mapping={"n": saved.version}), undo)
            return HTTPSeeOther(request.route_path("plans.plan", id=plan.id))
    return _again(request, plan, form, faults)


def preview(request: Request) -> dict[str, Any]:
    """What stands in the form, in words."""
    translate = request.localizer.translate
    content, faults = forms.Form.read(request).content(translate)
    meant = request.find_service(Meaning).of(content.who, request.find_service(IClock).now())
    return {"sections": in_words(request.db, content, translate), "people": len(meant.people), "faults": faults}


def restore(request: Request) -> Response:
    """Make an older version the current one."""
    plan = _plan(request)
    number, before = int(request.matchdict["version"]), plan.version
    try:
        made = request.find_service(Plans).restore(plan.id, number)
    except LookupError:
        raise HTTPNotFound(_("There is no such version.")) from None
    words = _("Version ${old} is in force again, as version ${new}.", mapping={"old": number, "new": made.version})
    say(request, words, request.route_path("plans.restore", id=plan.id, version=before))
    return HTTPSeeOther(request.route_path("plans.plan", id=plan.id))


def remove(request: Request) -> Response:
    """Take a plan out of use, or put it back."""
    plan = _plan(request)
    plans = request.find_service(Plans)
    if request.matchdict["verb"] == "remove":
        plans.remove(plan.id)
        back = request.route_path("plans.remove", id=plan.id, verb="put-back")
        say(request, _("${title} is no longer in use.", mapping={"title": plan.title}), back)
        return HTTPSeeOther(request.route_path("plans.list"))
    plans.put_back(plan.id)
    return HTTPSeeOther(request.route_path("plans.plan", id=plan.id))


def check(request: Request) -> Response:
    """Have plans checked now: one, or all."""
    plans = request.find_service(Plans)
    if "id" in request.matchdict:
        plan = _plan(request)
        plans.ask_check(plan)
        return HTTPSeeOther(request.route_path("plans.plan", id=plan.id))
    for plan in plans.listed():
        plans.ask_check(plan)
    say(request, _("All plans are being checked."))
    return HTTPSeeOther(request.route_path("plans.list"))


def search(request: Request) -> dict[str, Any]:
    """What may be picked, for the picker."""
    found = picks(
        request.db,
        request.find_service(Directory),
        request.GET.get("q", "")[:MOST_SEARCH],
        request.localizer.translate,
        plans=request.GET.get("plans") == "1",
    )
    return {"picks": found, "text": request.GET.get("q", "")[:MOST_SEARCH].strip()}


# --- within -----------------------------------------------------------------------


def _plan(request: Request) -> Plan:
    plan = request.find_service(Plans).plan(int(request.matchdict["id"]))
    if plan is None:
        raise HTTPNotFound(_("There is no such plan."))
    return plan


def _form_page(request: Request, plan: Plan | None, form: forms.Form, faults: dict[str, str]) -> dict[str, Any]:
    translate = request.localizer.translate
    content, _faults = form.content(translate)
    names = names_for(request.db, [content])
    meant = request.find_service(Meaning).of(content.who, request.find_service(IClock).now())
    directory = request.find_service(Directory)
    return {
        "plan": plan,
        "form": form,
        "faults": faults,
        "step_faults": forms.step_faults(faults),
        "who_names": {who.token: who_words(who, names.who.get(who.token, ""), translate) for who in form.who},
        "ICONS": ICONS,
        "tiers": [translate(one) for one in TIERS],
        "classes": list(IncidentClass),
        "levels": list(Level),
        "districts": directory.districts(),
        "departments": directory.departments(),
        "rules": list(ReachedRule),
        "sms": list(SmsWhen),
        "kinds": list(EscalationKind),
        "whoms": list(StepWhom),
        "limits": LIMITS,
        "fields": [(one.label, one.written(request.locale_name)) for one in FIELDS],
        "sections": in_words(request.db, content, translate),
        "people": len(meant.people),
    }


def _again(request: Request, plan: Plan | None, form: forms.Form, faults: dict[str, str]) -> dict[str, Any]:
    request.response.status_int = HTTPConflict.code if "base" in faults else 422
    return _form_page(request, plan, form, faults)


def includeme(config: Configurator) -> None:
    one = r"/plans/{id:\d{1,9}}"
    config.add_route("plans.list", "/plans")
    config.add_route("plans.new", "/plans/new")
    config.add_route("plans.preview", "/plans/preview")
    config.add_route("plans.check_all", "/plans/check")
    config.add_route("plans.search", "/plans/who")
    config.add_route("plans.plan", one)
    config.add_route("plans.edit", one + "/edit")
    config.add_route("plans.check", one + "/check")
    config.add_route("plans.version", one + r"/versions/{version:\d{1,9}}")
    config.add_route("plans.restore", one + r"/versions/{version:\d{1,9}}/restore")
    config.add_route("plans.remove", one + "/{verb:remove|put-back}")

    def page(view: Any, route: str, permission: str, template: str = "", method: str = "GET") -> None:
        renderer = f"broadcast.plans:templates/{template}.jinja2" if template else None
        config.add_view(view, route_name=route, permission=permission, renderer=renderer, request_method=method)

    page(listing, "plans.list", "view", "list")
    page(show, "plans.plan", "view", "plan")
    page(version, "plans.version", "view", "version")
    page(new, "plans.new", "admin", "form")
    page(create, "plans.new", "admin", "form", "POST")
    page(edit, "plans.edit", "admin", "form")
    page(save, "plans.edit", "admin", "form", "POST")
    page(preview, "plans.preview", "admin", "preview", "POST")
    page(restore, "plans.restore", "admin", method="POST")
    page(remove, "plans.remove", "admin", method="POST")
    page(check, "plans.check", "view", method="POST")
    page(check, "plans.check_all", "view", method="POST")
    page(search, "plans.search", "view", "picks")
