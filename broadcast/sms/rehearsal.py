"""The texts of a rehearsal: simulated telephones get them, and somebody may answer by hand.

Registered only where the settings say that this is a rehearsal. Nothing leaves the
machine: what the console was shown counts as delivered a moment later, as a network
would report it.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from broadcast.sms.models import TextMessage, TextReply
from broadcast.sms.replies import Replies
from broadcast.sms.sender import learn
from dutycenter.interfaces import IClock, ILedger
from dutycenter.vocabulary import SmsState
from dutycenter.work import Work

SHOWN = 30
ARRIVES_AFTER = timedelta(seconds=3)


def deliver(work: Work) -> None:
    """Report what the simulated telephones have received meanwhile."""
    with work.read() as request:
        before = request.find_service(IClock).now() - ARRIVES_AFTER
        query = select(TextMessage.id).where(
            TextMessage.state == SmsState.ACCEPTED, TextMessage.gateway == "console", TextMessage.accepted_at < before
        )
        arrived = request.db.scalars(query.limit(200)).all()
    if not arrived:
        return
    with work.write() as request:
        ledger, now = request.find_service(ILedger), request.find_service(IClock).now()
        for row in request.db.scalars(select(TextMessage).where(TextMessage.id.in_(arrived)).with_for_update()):
            learn(ledger, row, SmsState.DELIVERED, now, "simulated")


def texts(request: Request) -> dict[str, Any]:
    """The texts that simulated telephones received last, and what was answered."""
    number = "".join(c for c in request.params.get("number", "") if c.isdigit())[:20]
    query = (
        select(TextMessage)
        .where(TextMessage.accepted_at.is_not(None))
        .order_by(TextMessage.accepted_at.desc(), TextMessage.id.desc())
        .options(joinedload(TextMessage.recipient))
    )
    if number:
        query = query.where(TextMessage.number.contains(number))
    shown = request.db.scalars(query.limit(SHOWN)).all()
    ids = [text.recipient_id for text in shown]
    answers: dict[int, list[TextReply]] = {}
    for reply in request.db.scalars(select(TextReply).where(TextReply.recipient_id.in_(ids)).order_by(TextReply.id)):
        answers.setdefault(reply.recipient_id or 0, []).append(reply)
    return {"texts": shown, "answers": answers, "number": number}


def answer(request: Request) -> dict[str, Any]:
    """The simulated person writes back."""
    text = request.db.get(TextMessage, int(request.matchdict["text"]))
    if text is None:
        raise HTTPNotFound
    said = (request.POST.get("key") or request.POST.get("said", "")).strip()[:200]
    if said:
        request.find_service(Replies).take(f"rehearsal-{uuid.uuid4()}", text.number, said)
        request.db.flush()
    return texts(request)


def includeme(config: Configurator) -> None:
    config.add_job(deliver, name="broadcast.texts.rehearsal", seconds=2)
    template = "broadcast:sms/templates/rehearsal.jinja2"
    config.add_route("rehearsal.texts", "/rehearsal/texts")
    config.add_view(texts, route_name="rehearsal.texts", permission="board", renderer=template, request_method="GET")
    config.add_route("rehearsal.answer", r"/rehearsal/texts/{text:\d{1,9}}")
    config.add_view(answer, route_name="rehearsal.answer", permission="board", renderer=template, request_method="POST")
