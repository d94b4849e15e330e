"""The page of simulated telephones: be the citizen who calls, and the official who is called.

Registered only where the settings say that this is a rehearsal; every
account that is logged in may use it. It knows the switch by the ``rehearsal``
commands alone, as any other process does.
"""

from __future__ import annotations

import hashlib
import io
import json
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from dutycenter.interfaces import SwitchAway, SwitchError
from dutycenter.notices import say
from dutycenter.settings import Settings
from dutycenter.switch.models import Gateway
from dutycenter.switch.rehearsal.audio import RATE, NoSound, sound_of
from dutycenter.switch.rehearsal.control import Control

_ = TranslationStringFactory("dutycenter")

TEMPLATES = "dutycenter.switch.rehearsal:templates/"
KEYS = "123456789*0#"
HOW = {
    "hand": _("By hand: you press the keys and speak"),
    "reports": _("Reports a traffic accident"),
    "fire": _("Reports a fire at a chemical plant"),
    "flood": _("A township reports high water"),
    "leaves_message": _("Waits, then leaves a message"),
    "gives_up": _("Hangs up while waiting"),
    "silent": _("Says nothing"),
}
DOES = {
    "ringing": _("rings"),
    "listening": _("listens"),
    "queued": _("waits in the queue"),
    "message": _("leaves a message"),
    "talking": _("talks"),
    "gone": _("has hung up"),
}
KINDS = {"citizen": _("Citizen"), "person": _("Called out"), "desk": _("Duty desk")}
AWAY = _("The rehearsal switch does not run. Start everything with “make run”, then this page fills by itself.")


def page(request: Request) -> dict[str, Any]:
    """Everything on one page."""
    settings: Settings = request.registry["dutycenter.settings"]
    return {
        **_phones(request),
        "how": HOW,
        "hotline": settings.hotline_number,
        "gateways": list(request.db.scalars(select(Gateway.name).order_by(Gateway.name))),
        "speed": f"{settings.clock_speed:g}",
    }


def phones(request: Request) -> dict[str, Any]:
    """The telephones that have a leg up, as a fragment."""
    return _phones(request)


def call(request: Request) -> Any:
    """A citizen calls the hotline."""
    number = request.POST.get("number", "").replace(" ", "").strip()
    character = request.POST.get("character", "")
    says = request.POST.get("says", "").strip()[:200]
    wishes = {"says": says} if says and character in HOW and character not in ("hand", "silent") else {}
    return _do(request, lambda control: control.call(number, character if character in HOW else "hand", **wishes))


def hand(request: Request) -> Any:
    """From now on somebody operates this number's telephone from the page, or nobody does."""
    number = request.POST.get("number", "").replace(" ", "").strip()
    character, done = (
        "hand",
        _("${number} is yours now. It rings below as soon as it is called.", mapping={"number": number}),
    )
    if request.POST.get("by") == "itself":
        character, done = "usual", _("${number} answers by itself again.", mapping={"number": number})
    return _do(request, lambda control: control.character(number, character), done)


def gateway(request: Request) -> Any:
    """Take a line down or up."""
    name, up = request.POST.get("gateway", ""), request.POST.get("state") == "up"
    done = _("${line} works again.", mapping={"line": name}) if up else _("${line} is down.", mapping={"line": name})
    return _do(request, lambda control: control.gateway(name, up), done)


def act(request: Request) -> Any:
    """Press, say, answer, hang up on one telephone."""
    uuid, what = request.matchdict["uuid"], request.matchdict["act"]
    acts = {
        "press": lambda control: control.press(uuid, request.POST.get("key", "")),
        "say": lambda control: control.say(uuid, request.POST.get("text", "")),
        "answer": lambda control: control.answer(uuid),
        "hangup": lambda control: control.hangup(uuid),
    }
    if what not in acts:
        raise HTTPNotFound
    return _do(request, acts[what])


def sound(request: Request) -> Response:
    """What the telephone hears now, as WAV: a prompt of ours, a tone of the switch; a moment of silence when nothing."""
    settings: Settings = request.registry["dutycenter.settings"]
    uuid = request.matchdict["uuid"]
    heard = np.zeros(RATE // 10, np.int16)
    # It may have ended between the page and this question: that is no fault of anybody's.
    with suppress(SwitchError, NoSound):
        names = [phone["hears"] for phone in Control(settings).phones() if phone["uuid"] == uuid and phone["hears"]]
        if names and _may_be_heard(names[0], settings):
            heard = sound_of(names[0])
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(heard.tobytes())
    return Response(body=file.getvalue(), content_type="audio/wav")


def _may_be_heard(name: str, settings: Settings) -> bool:
    """Streams, and files below the folders that the product makes prompts in."""
    folders = [folder.resolve() for folder in (settings.prompts_dir, settings.uploads_dir)]
    return all(
        part.startswith(("tone_stream://", "silence_stream://", "local_stream://"))
        or any(folder in Path(part).resolve().parents for folder in folders)
        for part in name.removeprefix("file_string://").split("!")
    )


def _phones(request: Request) -> dict[str, Any]:
    settings: Settings = request.registry["dutycenter.settings"]
    fault = None
    try:
        found = Control(settings).phones()
    except SwitchAway:
        found, fault = [], AWAY
    for phone in found:
        heard = phone["hears"] if not phone["hears"].startswith("silence_stream") else ""
        phone["sound"] = hashlib.sha256(f"{phone['uuid']} {heard}".encode()).hexdigest()[:16] if heard else ""
    order = {"ringing": 0, "listening": 1, "queued": 2}
    return {
        "phones": sorted(
            (phone for phone in found if phone["does"] != "gone"),
            key=lambda phone: (not phone["by_hand"], order.get(phone["does"], 3), phone["number"]),
        ),
        "fault": fault,
        "keys": KEYS,
        "does": DOES,
        "kinds": KINDS,
    }


def _do(request: Request, what: Callable[[Control], object], done: str = "") -> Any:
    """Do it and say so; then the fragment for htmx, the page for a browser without it."""
    kind, words = "success", done
    try:
        what(Control(request.registry["dutycenter.settings"]))
    except SwitchAway:
        kind, words = "warning", AWAY
    except SwitchError as error:
        kind, words = "warning", _("That could not be done: ${why}", mapping={"why": str(error).removeprefix("-ERR ")})
    if request.headers.get("HX-Request") == "true":
        if words:  # not within the fragment, which is fetched again every second
            told = {"kind": kind, "text": request.localizer.translate(words)}
            request.response.headers["HX-Trigger"] = json.dumps({"toast": told})
        return _phones(request)
    if words:
        say(request, words, kind=kind)
    return HTTPSeeOther(request.route_path("rehearsal"))


def includeme(config: Configurator) -> None:
    config.add_route("rehearsal", "/rehearsal")
    config.add_view(page, route_name="rehearsal", request_method="GET", renderer=f"{TEMPLATES}page.jinja2")
    config.add_route("rehearsal.phones", "/rehearsal/phones")
    config.add_view(phones, route_name="rehearsal.phones", request_method="GET", renderer=f"{TEMPLATES}phones.jinja2")
    for name, view in (("call", call), ("hand", hand), ("gateway", gateway)):
        config.add_route(f"rehearsal.{name}", f"/rehearsal/{name}")
        config.add_view(
            view, route_name=f"rehearsal.{name}", request_method="POST", renderer=f"{TEMPLATES}phones.jinja2"
        )
    config.add_route("rehearsal.sound", "/rehearsal/phones/{uuid}/sound")
    config.add_view(sound, route_name="rehearsal.sound", request_method="GET")
    config.add_route("rehearsal.act", "/rehearsal/phones/{uuid}/{act}")
    config.add_view(act, route_name="rehearsal.act", request_method="POST", renderer=f"{TEMPLATES}phones.jinja2")
