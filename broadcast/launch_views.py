"""The launch page (叫谁 · 说什么 · 多快), and what changes on it while one chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response

from broadcast import board, launch
from broadcast.lines import gateway_lines
from broadcast.plans.models import Plan, PlanVersion
from broadcast.plans.naming import names_for
from broadcast.plans.services import Plans
from broadcast.plans.suggestions import Facts, Suggestion, suggest
from broadcast.plans.words import step_words
from broadcast.services import Broadcasts
from broadcast.settle import Ground
from broadcast.wishes import LIMITS, WishError
from dutycenter.frame.labels import label
from dutycenter.incidents.models import Incident
from dutycenter.typed import whole
from dutycenter.vocabulary import ReachedRule, SmsWhen
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

SHOWN = 60  # people in the table before one asks for all
SUGGESTED = 4


def new(request: Request) -> dict[str, Any]:
    """An empty form, or one with what the incident and the plan propose."""
    incident = _asked(request, "incident", Incident, _("There is no such incident."))
    plan = _asked(request, "plan", Plan, _("There is no such plan."))
    version = None if plan is None else request.find_service(Plans).version(plan)
    return _page(request, launch.Form.proposed(request, incident, version), incident, {}, plan)


def create(request: Request) -> Response | dict[str, Any]:
    """Draft and launch in one transaction; what is wrong is said beside what was typed."""
    form = launch.Form.read(request)
    broadcasts = request.find_service(Broadcasts)
    meant = launch.chosen(request, form).meant
    try:
        broadcast_id = broadcasts.draft(form.wish(meant, launch.plan_of(request, form.plan_version_id)), form.token)
        broadcasts.launch(broadcast_id)
    except WishError as error:
        request.tm.doom()
        request.response.status_int = 422
        incident = request.db.get(Incident, form.incident_id) if form.incident_id is not None else None
        version = request.db.get(PlanVersion, form.plan_version_id) if form.plan_version_id else None
        return _page(request, form, incident, error.faults, None if version is None else version.plan)
    return HTTPSeeOther(request.route_path("broadcast.board", id=broadcast_id))


def called(request: Request) -> dict[str, Any]:
    """Whom the form means now."""
    return _called(request, launch.Form.read(request), everybody=request.POST.get("everybody") == "yes")


def hear(request: Request) -> dict[str, Any]:
    """The message spoken now, as a player; nothing is kept but the prompt."""
    try:
        prompt = request.find_service(Broadcasts).preview(request.POST.get("message", "")[: launch.MAX_TEXT])
    except WishError as error:
        return {"fault": str(error), "path": "", "seconds": 0.0}
    folder = settings_of(request.registry).prompts_dir
    return {
        "fault": "",
        "path": request.route_path("broadcast.voice", name=str(prompt.path.resolve().relative_to(folder.resolve()))),
        "seconds": prompt.seconds,
    }


def voice(request: Request) -> Response:
    """A made prompt, by its name below the folder of prompts."""
    folder = settings_of(request.registry).prompts_dir.resolve()
    name = request.matchdict["name"]
    path = (folder / name).resolve() if "\0" not in name else folder
    if not path.is_relative_to(folder) or path.suffix != ".wav" or not path.is_file():
        raise HTTPNotFound(_("There is no such prompt. Make it again with “Hear it”."))
    return FileResponse(str(path), request=request, content_type="audio/wav")


def _page(
    request: Request, form: launch.Form, incident: Incident | None, faults: Mapping[str, str], plan: Plan | None
) -> dict[str, Any]:
    content = launch.plan_of(request, form.plan_version_id)
    translate = request.localizer.translate
    steps = []
    if content is not None:
        names = names_for(request.db, [content])
        steps = [step_words(step, names, translate) for step in content.steps]
    return _called(request, form) | {
        "form": form,
        "incident": incident,
        "faults": faults,
        "plan": plan,
        "steps": steps,
        "suggestions": _suggestions(request, incident),
        "plans": request.find_service(Plans).listed(),
        "fields": launch.insertable(request, incident),
        "limits": LIMITS,
        "rules": list(ReachedRule),
        "sms": list(SmsWhen),
    }


def _called(request: Request, form: launch.Form, *, everybody: bool = False) -> dict[str, Any]:
    chosen = launch.chosen(request, form)
    return {
        "chosen": chosen,
        "without": form.without,
        "lines": gateway_lines(request.db).at_once(LIMITS["channels"][1], chosen.calls),
        "shown": None if everybody else SHOWN,
        "grounds": board.GROUNDS,
        "Ground": Ground,
    }


def _suggestions(request: Request, incident: Incident | None) -> list[tuple[Suggestion, str]]:
    """Plans that suit the incident, the best first, each with why in words."""
    if incident is None:
        return []
    plans, translate = request.find_service(Plans), request.localizer.translate
    facts = Facts(incident.incident_class, incident.level, incident.district_id)
    words = {
        "class": translate(label(incident.incident_class)) if incident.incident_class else "",
        "level": translate(label(incident.level)) if incident.level else "",
        "district": incident.district.name if incident.district else "",
    }
    asked = {"class": _("class not known yet"), "level": _("level not known yet"), "district": _("place not known yet")}
    found = suggest(((plan.id, plans.content(plan)) for plan in plans.listed()), facts)[:SUGGESTED]
    return [
        (
            one,
            " · ".join([*(words[m] for m in one.matches), *(translate(asked[u]) for u in one.unsure)])
            or translate(_("for any incident")),
        )
        for one in found
    ]


def _asked(request: Request, name: str, model: Any, missing: str) -> Any:
    raw = request.GET.get(name, "")
    if not raw:
        return None
    wanted = whole(raw)
    found = request.db.get(model, wanted) if wanted is not None else None
    if found is None:
        raise HTTPNotFound(missing)
    return found


def includeme(config: Configurator) -> None:
    config.add_route("broadcast.new", "/broadcasts/new")
    config.add_route("broadcast.called", "/broadcasts/new/called")
    config.add_route("broadcast.hear", "/broadcasts/voice")
    config.add_route("broadcast.voice", "/broadcasts/voice/{name:.+}")

    def page(view: Any, route: str, permission: str, template: str = "", method: str = "GET") -> None:
        renderer = f"broadcast:templates/{template}.jinja2" if template else None
        config.add_view(view, route_name=route, permission=permission, renderer=renderer, request_method=method)

    page(new, "broadcast.new", "desk", "new")
    page(create, "broadcast.new", "desk", "new", "POST")
    page(called, "broadcast.called", "desk", "called", "POST")
    page(hear, "broadcast.hear", "desk", "hear", "POST")
    page(voice, "broadcast.voice", "view")
