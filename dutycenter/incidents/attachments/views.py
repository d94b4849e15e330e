"""Files beside a form or an incident: sent one by one, taken away as files and never opened in the page."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response

from dutycenter.incidents.attachments.kinds import KINDS, Refused
from dutycenter.incidents.attachments.names import disposition
from dutycenter.incidents.attachments.services import Attachments, NoSuchAttachment, Owner, TooMany
from dutycenter.incidents.attachments.thumbnails import thumbnail_place
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

ACCEPTED = ",".join(f".{name}" for name in (*KINDS, "jpeg", "tiff"))


def shown(request: Request, owner: Owner, fault: str = "") -> dict[str, Any]:
    """What the fragment ``attachments.jinja2`` needs.

    Args:
        owner: whose files.
        fault: why the last one was not taken, in the reader's language.
    """
    route, id_ = ("intake", owner.intake_id) if owner.intake_id is not None else ("incident", owner.incident_id)
    return {
        "attachments": request.find_service(Attachments).of(owner),
        "attachments_path": request.route_path(f"attachments.{route}", id=id_),
        "attachment_kinds": KINDS,
        "attachments_accepted": ACCEPTED,
        "attachments_limit": settings_of(request.registry).max_upload,
        "attachment_fault": fault,
    }


def listed(request: Request) -> dict[str, Any]:
    """The fragment alone."""
    return shown(request, _owner(request))


def add(request: Request) -> dict[str, Any]:
    """Take a file; when it is not taken, the fragment says why."""
    sent = request.POST.get("file")
    if not hasattr(sent, "file"):
        raise HTTPBadRequest
    attachments, owner, translate = request.find_service(Attachments), _owner(request), request.localizer.translate
    fault = ""
    try:
        attachments.add(owner, sent.filename, sent.file, request.identity.id)
    except NoSuchAttachment:
        raise HTTPNotFound from None
    except Refused as refused:
        fault = translate(refused.args[0])
    except TooMany:
        fault = translate(_("There are ${most} files already: no more are taken.", mapping={"most": attachments.most}))
    return shown(request, owner, f"{sent.filename[:100]}: {fault}" if fault else "")


def turn(request: Request) -> dict[str, Any]:
    """Strike it out, or undo that."""
    attachments, attachment_id = request.find_service(Attachments), int(request.matchdict["id"])
    try:
        act = attachments.remove if request.matchdict["verb"] == "remove" else attachments.restore
        row = act(attachment_id)
    except NoSuchAttachment:
        raise HTTPNotFound from None
    beside_form = "intake" in request.POST and row.intake_id is not None
    return shown(request, Owner(intake_id=row.intake_id) if beside_form else Owner(incident_id=row.incident_id))


def download(request: Request) -> Response:
    """The file, to be saved; a browser opens nothing of it."""
    attachments = request.find_service(Attachments)
    try:
        row = attachments.get(int(request.matchdict["id"]))
    except NoSuchAttachment:
        raise HTTPNotFound from None
    place = attachments.store.place(row.sha256)
    if not place.is_file():
        raise HTTPNotFound
    response = FileResponse(str(place), request=request, content_type=KINDS[row.kind].media_type)
    response.headers["Content-Disposition"] = disposition(row.name, f"attachment-{row.id}.{row.kind}")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def thumbnail(request: Request) -> Response:
    """The small picture that we made of it."""
    attachments = request.find_service(Attachments)
    try:
        row = attachments.get(int(request.matchdict["id"]))
    except NoSuchAttachment:
        raise HTTPNotFound from None
    place = thumbnail_place(attachments.store, row.sha256)
    if not row.thumbnail or not place.is_file():
        raise HTTPNotFound
    response = FileResponse(str(place), request=request, content_type="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _owner(request: Request) -> Owner:
    id_ = int(request.matchdict["id"])
    return Owner(intake_id=id_) if request.matched_route.name.endswith(".intake") else Owner(incident_id=id_)


def includeme(config: Configurator) -> None:
    fragment = "dutycenter:incidents/attachments/templates/attachments.jinja2"
    for name, pattern, reader in (
        ("attachments.intake", r"/desk/intakes/{id:\d{1,9}}/attachments", "desk"),
        ("attachments.incident", r"/incidents/{id:\d{1,9}}/attachments", "view"),
    ):
        config.add_route(name, pattern)
        config.add_view(listed, route_name=name, request_method="GET", permission=reader, renderer=fragment)
        config.add_view(add, route_name=name, request_method="POST", permission="desk", renderer=fragment)
    config.add_route("attachment", r"/attachments/{id:\d{1,9}}")
    config.add_view(download, route_name="attachment", request_method="GET", permission="view")
    config.add_route("attachment.thumbnail", r"/attachments/{id:\d{1,9}}/thumbnail")
    config.add_view(thumbnail, route_name="attachment.thumbnail", request_method="GET", permission="view")
    config.add_route("attachment.turn", r"/attachments/{id:\d{1,9}}/{verb:remove|restore}")
    config.add_view(turn, route_name="attachment.turn", request_method="POST", permission="desk", renderer=fragment)
