"""``/settings/prompts``: listen to what callers hear, and put a person's voice in the machine's place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.interfaces import IVoice
from dutycenter.notices import say
from dutycenter.work import settings_of
from ivr_flows import wav
from ivr_flows.library import HOTLINE, NOTIFY, usable_catalogue
from ivr_flows.models import PromptUpload
from ivr_flows.prompts import Catalogue
from ivr_flows.services import LONGEST_PROMPT, Uploads

_ = TranslationStringFactory("dutycenter")

GROUPS = {HOTLINE: _("Hotline"), NOTIFY: _("Notices"), "key": _("Keys, as they are said back")}
OTHERS = _("This installation's own")


@dataclass(frozen=True)
class Spoken:
    """One prompt in one language, as it is heard now."""

    prompt: str
    language: str
    text: str
    path: Path | None  # None: not made yet
    seconds: float | None
    upload: PromptUpload | None


def listing(request: Request) -> dict[str, Any]:
    """All prompts by what they belong to."""
    groups: dict[str, list[list[Spoken]]] = {}
    for prompt in _catalogue(request).texts:
        words = GROUPS.get(prompt.partition(".")[0], OTHERS)
        groups.setdefault(words, []).append(list(_spoken(request, prompt)))
    return {"groups": groups}


def show(request: Request, fault: TranslationString | None = None, faulty: str = "") -> dict[str, Any]:
    """One prompt in every language, with what was uploaded for it before."""
    prompt = request.matchdict["prompt"]
    if prompt not in _catalogue(request).texts:
        raise HTTPNotFound
    before = request.db.execute(
        select(PromptUpload, Account.name)
        .outerjoin(Account, Account.id == PromptUpload.uploaded_by_id)
        .where(PromptUpload.prompt == prompt)
        .order_by(PromptUpload.id.desc())
        .limit(20)
    ).all()
    return {
        "prompt": prompt,
        "languages_spoken": list(_spoken(request, prompt)),
        "before": before,
        "fault": fault,
        "faulty": faulty,
        "longest": round(LONGEST_PROMPT),
    }


def upload(request: Request) -> dict[str, Any] | Response:
    """Take a WAV in; what is wrong with it is said beside the form."""
    prompt, language = request.matchdict["prompt"], request.matchdict["language"]
    try:
        data = _uploaded(request)
        request.find_service(Uploads).replace(_catalogue(request), prompt, language, data)
    except LookupError:
        raise HTTPNotFound from None
    except wav.WavError as error:
        request.response.status_int = 422
        return show(request, error.message, language)
    return _back(request, _("From the next call on this recording is heard."))


def restore(request: Request) -> Response:
    """Let the voice speak again."""
    request.find_service(Uploads).restore(request.matchdict["prompt"], request.matchdict["language"])
    return _back(request, _("The machine's voice speaks this prompt again."))


def sound(request: Request) -> Response:
    """What is heard now."""
    prompt, language = request.matchdict["prompt"], request.matchdict["language"]
    for spoken in _spoken(request, prompt):
        if spoken.language == language and spoken.path is not None:
            response = FileResponse(str(spoken.path), request=request, content_type="audio/wav")
            response.accept_ranges, response.conditional_response = "bytes", True
            response.cache_control.no_cache = True
            return response
    raise HTTPNotFound


def _catalogue(request: Request) -> Catalogue:
    registry = request.registry
    if "ivr_flows.catalogue" not in registry:
        registry["ivr_flows.catalogue"] = usable_catalogue(settings_of(registry))
    catalogue: Catalogue = registry["ivr_flows.catalogue"]
    return catalogue


def _spoken(request: Request, prompt: str) -> Iterator[Spoken]:
    uploads = request.find_service(Uploads)
    voice, current = request.find_service(IVoice), _current(request)
    texts = _catalogue(request).texts.get(prompt, {})
    for language in settings_of(request.registry).languages:
        if language not in texts:
            continue
        row = current.get((prompt, language))
        if row is not None and uploads.path(row).is_file():
            yield Spoken(prompt, language, texts[language], uploads.path(row), row.seconds, row)
            continue
        made = voice.kept(texts[language], language)
        path, seconds = (made.path, made.seconds) if made else (None, None)
        yield Spoken(prompt, language, texts[language], path, seconds, None)


def _current(request: Request) -> dict[tuple[str, str], PromptUpload]:
    """Looked up once a request."""
    if not hasattr(request, "prompt_uploads"):
        request.prompt_uploads = request.find_service(Uploads).current()
    found: dict[tuple[str, str], PromptUpload] = request.prompt_uploads
    return found


def _uploaded(request: Request) -> bytes:
    field = request.POST.get("wav")
    if not hasattr(field, "file"):
        raise wav.WavError(_("No file was chosen. Choose a WAV file first."))
    data: bytes = field.file.read()
    return data


def _back(request: Request, words: TranslationString) -> Response:
    say(request, words)
    return HTTPSeeOther(request.route_path("prompts.show", prompt=request.matchdict["prompt"]))


def includeme(config: Configurator) -> None:
    one = r"/settings/prompts/{prompt:[a-z0-9_.]{1,128}}"
    in_language = one + r"/{language:[a-z]{2}(?:_[A-Z]{2})?}"
    config.add_route("prompts.list", "/settings/prompts")
    config.add_route("prompts.show", one)
    config.add_route("prompts.upload", in_language)
    config.add_route("prompts.restore", in_language + "/restore")
    config.add_route("prompts.sound", in_language + "/sound")
    options: dict[str, Any] = {"permission": "admin"}
    page = "ivr_flows:templates/prompt.jinja2"
    config.add_view(listing, route_name="prompts.list", renderer="ivr_flows:templates/prompts.jinja2", **options)
    config.add_view(show, route_name="prompts.show", renderer=page, **options)
    config.add_view(upload, route_name="prompts.upload", renderer=page, request_method="POST", **options)
    config.add_view(restore, route_name="prompts.restore", request_method="POST", **options)
    config.add_view(sound, route_name="prompts.sound", **options)
