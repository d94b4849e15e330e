"""A broadcast with text messages in the town of the broadcasts' tests, and a gateway that follows a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from broadcast.models import Recipient
from broadcast.services import Broadcasts
from broadcast.sms.gateways import Gateway
from broadcast.sms.jobs import write_texts
from broadcast.sms.models import TextMessage
from broadcast.sms.sender import Sender
from dutycenter.interfaces import IBroadcasts, SmsReply, Wish
from dutycenter.vocabulary import SmsWhen


@dataclass
class ScriptedSms:
    """Takes every message unless the script raises; looks into the store while it is being told."""

    town: object
    script: Callable[[str], None] = lambda number: None
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def send(self, number: str, text: str, reference: str) -> SmsReply:
        with self.town.work.read() as request:
            row = request.db.scalar(select(TextMessage).where(TextMessage.reference == reference))
            assert row is not None, "not written before it was sent"
            assert row.recipient.acknowledged_at is None, "sent after an acknowledgement"
            self.states.append(row.state.value)
        self.script(number)
        self.sent.append((number, text, reference))
        return SmsReply("taken")


@dataclass
class Post:
    """Text messages of one town."""

    town: object
    sms: ScriptedSms
    now: float = 0.0

    def launch(self, when: SmsWhen, **wish: object) -> int:
        with self.town.work.write() as request:
            broadcasts = request.find_service(Broadcasts)
            title = {"title": "防汛", "message": "请立即到岗。"}
            made = broadcasts.draft(Wish(people=self.town.people, sms_when=when, **(title | wish)))
            broadcasts.launch(made)
        return made

    def sender(self, *more: ScriptedSms, rate: float = 1000.0) -> Sender:
        gateways = [Gateway(f"gateway{i}", rate, port) for i, port in enumerate((self.sms, *more))]
        return Sender(self.town.work, gateways, lambda: self.now, self.wait)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def write(self) -> None:
        write_texts(self.town.work)

    def states(self) -> list[str]:
        with self.town.work.read() as request:
            rows = request.db.scalars(select(TextMessage).order_by(TextMessage.id))
            return [row.state.value for row in rows]

    def recipient(self, name: str) -> int:
        with self.town.work.read() as request:
            return request.db.scalars(
                select(Recipient.id).where(Recipient.name == name).order_by(Recipient.id.desc())
            ).first()

    def acknowledge(self, name: str) -> None:
        recipient = self.recipient(name)
        with self.town.work.write() as request:
            assert request.find_service(IBroadcasts).acknowledge_by(recipient, "desk")


@pytest.fixture
def post(town) -> Post:
    """Three people with a mobile and an office number each, on either database."""
    town.settle(3)
    town.gateway()
    return Post(town, ScriptedSms(town))
