"""Where the gateway reports: ``/sms/report`` and ``/sms/reply``.

Nobody is logged in here. What lets a request in is the secret in its path *and*
where it comes from; both are asked before anything else is read. Everything that
is read is foreign text. The answer to what was understood is always 200 without
a body: Kannel would send a body to the person as a text, and ask again after
anything else. The same report or reply twice changes nothing.
"""

from __future__ import annotations

import hmac
import logging
import uuid
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select

from broadcast.sms.gateways import REFERENCE
from broadcast.sms.models import TextMessage
from broadcast.sms.replies import Replies
from broadcast.sms.sender import learn
from broadcast.sms.states import reported
from broadcast.sms.words import clean_reply
from dutycenter.interfaces import IClock, ILedger
from dutycenter.secret import secret_key
from dutycenter.typed import whole
from dutycenter.work import Work, settings_of

log = logging.getLogger(__name__)

ACTOR = "sms"
LONGEST_BODY = 8000  # octets; ten parts of a text have 1,400
LONGEST_ID = 64
UTF16 = frozenset({"utf-16be", "utf-16", "ucs-2", "ucs2", "iso-10646-ucs-2"})


def report(request: Request) -> Response:
    """A delivery report of Kannel: ``ref`` is ours, ``type`` is Kannel's."""
    reference, kind = request.GET.get("ref", ""), request.GET.get("type", "")
    state = None if (code := whole(kind, digits=3)) is None else reported(code)
    if not REFERENCE.fullmatch(reference) or state is None:
        return _no(400)
    with Work(request.registry, ACTOR).write() as writing:
        row = writing.db.scalar(select(TextMessage).where(TextMessage.reference == reference).with_for_update())
        if row is None:
            log.warning("A delivery report came for a text that is not known: %s", reference)
        else:
            detail = clean_reply(request.GET.get("said", "")).replace("\n", " ")[:200]
            learn(writing.find_service(ILedger), row, state, writing.find_service(IClock).now(), detail)
    return _thanks()


def reply(request: Request) -> Response:
    """A text that came in, as Kannel's ``post-url`` brings it: the words are the body."""
    number, name = request.GET.get("from", "")[:64], request.GET.get("id", "")
    if (request.content_length or 0) > LONGEST_BODY or not number or len(name) > LONGEST_ID:
        return _no(400)
    text = _text(request.body, request.GET.get("charset", ""), request.GET.get("coding", ""))
    with Work(request.registry, ACTOR).write() as writing:
        writing.find_service(Replies).take(clean_reply(name) or str(uuid.uuid4()), number, text)
    return _thanks()


def _text(body: bytes, charset: str, coding: str) -> str:
    """The words of a text; what cannot be read is shown as such, and never lost for that."""
    wide = charset.lower() in UTF16 or (coding == "2" and charset.lower() not in ("utf-8", "utf8"))
    return body.decode("utf-16-be" if wide else "utf-8", "replace")


def _thanks() -> Response:
    return Response(body=b"", content_type="text/plain", charset="utf-8")


def _no(status: int) -> Response:
    return Response(status=status, body=b"", content_type="text/plain", charset="utf-8")


def from_the_gateway(view: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Only with the secret, and only from where the gateway is."""

    def guarded(request: Request) -> Response:
        settings = settings_of(request.registry)
        networks = [ip_network(network) for network in settings.sms_callback_from]
        # The connection itself and, behind a proxy, whom it names: neither may be a stranger.
        if not all(_is_within(address, networks) for address in (request.remote_addr, request.client_addr)):
            log.warning("A report of the SMS gateway came from %s and was refused.", request.remote_addr)
            return _no(403)
        token = request.matchdict["token"].encode()
        if not hmac.compare_digest(token, secret_key(settings.sms_callback_token_file).encode()):
            log.warning("A report of the SMS gateway came with a wrong secret and was refused.")
            return _no(403)
        return view(request)

    return guarded


def _is_within(address: str | None, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    return any(found in network for network in networks)


def includeme(config: Configurator) -> None:
    for view, name, method in ((report, "report", "GET"), (reply, "reply", "POST")):
        config.add_route(f"sms.{name}", f"/sms/{name}/{{token}}")
        config.add_view(
            from_the_gateway(view),
            route_name=f"sms.{name}",
            request_method=method,
            permission=NO_PERMISSION_REQUIRED,
            require_csrf=False,
        )
