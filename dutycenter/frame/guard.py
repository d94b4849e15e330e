"""What every answer carries and every question must keep to: headers, sizes."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.events import NewResponse
from pyramid.httpexceptions import HTTPBadRequest, HTTPLengthRequired, HTTPRequestEntityTooLarge
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dutycenter.work import settings_of

# What is typed; uploads have their own limit (settings.max_upload).
MAX_FORM = 512 * 1024


def _nonce(request: Request) -> str:
    return secrets.token_urlsafe(16)


def _policy(request: Request) -> str:
    return (
        "default-src 'self'; img-src 'self' data:; "
        f"style-src 'self' 'nonce-{request.style_nonce}'; script-src 'self'; "
        "media-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def _add_headers(event: NewResponse) -> None:
    headers = event.response.headers
    headers.setdefault("Content-Security-Policy", _policy(event.request))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()")
    if not event.request.path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")


def size_tween(handler: Callable[[Request], Response], registry: Registry) -> Callable[[Request], Response]:
    """Refuse what is too large or no text before anything reads it."""
    max_upload = settings_of(registry).max_upload

    def check(request: Request) -> Response:
        if not _is_text(request):
            request.environ["QUERY_STRING"], request.environ["PATH_INFO"] = "", "/"
            raise HTTPBadRequest
        if request.headers.get("Transfer-Encoding"):
            raise HTTPLengthRequired
        upload = (request.content_type or "").startswith("multipart/")
        if (request.content_length or 0) > (max_upload if upload else MAX_FORM):
            raise HTTPRequestEntityTooLarge
        request.add_finished_callback(_close_body)
        # Read before a transaction begins: a slow sender must not keep the write lock.
        request.make_body_seekable()
        return handler(request)

    return check


def _close_body(request: Request) -> None:
    """Close the temporary file that WebOb keeps a large body in; otherwise the garbage collector has to."""
    body = request.environ.get("wsgi.input")
    if isinstance(body, io.BufferedRandom):
        body.close()


def _is_text(request: Request) -> bool:
    try:
        return request.GET is not None and request.path_info is not None
    except UnicodeDecodeError:
        return False


def includeme(config: Configurator) -> None:
    config.add_request_method(_nonce, "style_nonce", reify=True)
    config.add_subscriber(_add_headers, NewResponse)
    config.add_tween("dutycenter.frame.guard.size_tween", under="pyramid.tweens.excview_tween_factory")
