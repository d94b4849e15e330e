"""Instructions on screen: the incident's own panel, and the page where all are followed up (督办)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.directory.models import Department
from dutycenter.incidents.instructions.models import Instruction
from dutycenter.incidents.instructions.services import InstructionFault, Instructions, NoSuchInstruction
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents, NoSuchIncident
from dutycenter.interfaces import IClock
from dutycenter.notices import say
from dutycenter.roster.services import Rosters
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

TEMPLATES = "dutycenter:incidents/instructions/templates/"
FIELDS = ("leader", "owner", "text", "given_at", "due_at")


def listing(request: Request) -> dict[str, Any]:
    """All that are open, the most urgent first, and what was done lately."""
    instructions = request.find_service(Instructions)
    return {**_base(request), "open": instructions.open(), "done": instructions.done_lately()}


def new(request: Request) -> dict[str, Any]:
    """The form of a new one; the leader on duty is proposed."""
    now = request.find_service(IClock).now()
    leaders = request.find_service(Rosters).on_duty(now).leaders
    local = f"{now.astimezone(settings_of(request.registry).time_zone):%Y-%m-%dT%H:%M}"
    texts = {**dict.fromkeys(FIELDS, ""), "leader": leaders[0].name if leaders else "", "given_at": local}
    return _form(request, _incident(request), texts, {})


def give(request: Request) -> dict[str, Any] | Response:
    """Take one down."""
    incident = _incident(request)
    texts = {name: request.POST.get(name, "") for name in FIELDS}
    faults: dict[str, TranslationString] = {}
    moments = {name: _moment(request, texts[name], name, faults) for name in ("given_at", "due_at")}
    try:
        if faults:
            raise InstructionFault(**faults)
        request.find_service(Instructions).give(
            incident.id, leader=texts["leader"], text=texts["text"], owner=texts["owner"], **moments,
            account_id=request.identity.id,
        )  # fmt: skip
    except InstructionFault as fault:
        request.tm.doom()
        request.response.status_int = 422
        return _form(request, _incident(request), texts, fault.faults)
    return _back(request, incident.id, _("The instruction is on record and followed up until it is done."))


def show(request: Request) -> dict[str, Any]:
    """One instruction: its reminders, and the form to say that it is done."""
    return _shown(request, _instruction(request), {}, {})


def remind(request: Request) -> dict[str, Any] | Response:
    """Whoever must act was reminded."""
    instruction, text = _instruction(request), request.POST.get("text", "")
    try:
        request.find_service(Instructions).remind(instruction.id, text, request.identity.id)
    except InstructionFault as fault:
        return _refused(request, fault, text=text)
    return HTTPSeeOther(request.route_path("instruction", id=instruction.id))


def finish(request: Request) -> dict[str, Any] | Response:
    """It is done."""
    instruction, note = _instruction(request), request.POST.get("note", "")
    try:
        request.find_service(Instructions).finish(instruction.id, note, request.identity.id)
    except InstructionFault as fault:
        return _refused(request, fault, note=note)
    undo = request.route_path("instruction.reopen", id=instruction.id)
    return _back(request, instruction.incident_id, _("Done, and on record."), undo)


def reopen(request: Request) -> Response:
    """It was not done after all."""
    instruction = request.find_service(Instructions).reopen(_instruction(request).id)
    return HTTPSeeOther(request.route_path("instruction", id=instruction.id))


def _refused(request: Request, fault: InstructionFault, **texts: str) -> dict[str, Any]:
    request.tm.doom()
    request.response.status_int = 422
    return _shown(request, _instruction(request), texts, fault.faults)


def _shown(
    request: Request, instruction: Instruction, texts: dict[str, str], faults: dict[str, TranslationString]
) -> dict[str, Any]:
    return {**_base(request), "instruction": instruction, "texts": texts, "faults": faults}


def _form(
    request: Request, incident: Incident, texts: dict[str, str], faults: dict[str, TranslationString]
) -> dict[str, Any]:
    departments = request.db.scalars(select(Department.name).order_by(Department.position, Department.id)).all()
    return {"incident": incident, "texts": texts, "faults": faults, "departments": departments}


def _base(request: Request) -> dict[str, Any]:
    return {"now": request.find_service(IClock).now(), "may_write": bool(request.has_permission("desk"))}


def _moment(request: Request, text: str, name: str, faults: dict[str, TranslationString]) -> datetime | None:
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
        return local.replace(tzinfo=settings_of(request.registry).time_zone).astimezone(UTC)
    except (ValueError, OverflowError):
        faults[name] = _("Enter date and time such as 2026-11-23 08:00.")
        return None


def _incident(request: Request) -> Incident:
    try:
        return request.find_service(Incidents).get(int(request.matchdict["id"]))
    except NoSuchIncident:
        raise HTTPNotFound from None


def _instruction(request: Request) -> Instruction:
    try:
        return request.find_service(Instructions).get(int(request.matchdict["id"]))
    except NoSuchInstruction:
        raise HTTPNotFound from None


def _back(request: Request, incident_id: int, words: TranslationString, undo: str = "") -> Response:
    say(request, words, undo)
    return HTTPSeeOther(request.route_path("incident", id=incident_id, _anchor="instructions"))


def includeme(config: Configurator) -> None:
    one = r"/instructions/{id:\d{1,9}}"
    for name, pattern, view, method, permission, template in (
        ("instructions", "/instructions", listing, "GET", "view", "instructions"),
        ("instruction.new", r"/incidents/{id:\d{1,9}}/instructions/new", new, "GET", "desk", "new"),
        ("instruction.new", "", give, "POST", "desk", "new"),
        ("instruction", one, show, "GET", "view", "instruction"),
        ("instruction.remind", one + "/remind", remind, "POST", "desk", "instruction"),
        ("instruction.finish", one + "/done", finish, "POST", "desk", "instruction"),
        ("instruction.reopen", one + "/reopen", reopen, "POST", "desk", None),
    ):
        if pattern:
            config.add_route(name, pattern)
        renderer = f"{TEMPLATES}{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission=permission, renderer=renderer)
