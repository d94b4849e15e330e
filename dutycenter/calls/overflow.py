"""Where a call goes that the desks on duty do not take: to the other desks, then to the leader on call."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Leg
from dutycenter.interfaces import IClock, ILedger, ISwitch, OutsideCall, SwitchError
from dutycenter.roster.services import Rosters
from dutycenter.switch.gateways import gateway_for
from dutycenter.vocabulary import Direction
from dutycenter.work import Work

log = logging.getLogger(__name__)

LEADER_RING = 30.0  # seconds
ON_DUTY, OTHERS = 1, 2  # levels of the queue's tiers


class Overflow:
    """Who is rung after whom."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, rosters: Rosters) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.rosters = rosters

    def levels(self) -> dict[str, int]:
        """Each desk telephone and when it rings: those of whoever is on duty first, all at once when nobody is.

        An account is somebody's of the roster when it bears their name.
        """
        on_duty = {person.name for person in self.rosters.on_duty(self.clock.now()).people}
        accounts = self.db.scalars(select(Account).where(Account.desk.is_not(None), Account.closed_at.is_(None))).all()
        first = {account.desk for account in accounts if account.name in on_duty}
        return {
            account.desk: ON_DUTY if account.desk in first or not first else OTHERS
            for account in accounts
            if account.desk
        }

    def to_leader(self, channel_uuid: str, asks: Path) -> OutsideCall | None:
        """Write down that the leader on call is called for this caller; None when nobody can be.

        Args:
            channel_uuid: the caller's leg.
            asks: what the leader hears when they pick up.
        """
        call = self.db.scalar(select(Call).where(Call.channel_uuid == channel_uuid))
        for leader in self.rosters.on_duty(self.clock.now()).leaders:
            for number in leader.numbers:
                gateway = gateway_for(self.db, number.number) if number.failed_at is None else None
                if call is None or gateway is None:
                    continue
                leg = Leg(
                    channel_uuid=str(uuid.uuid4()),
                    direction=Direction.OUTBOUND,
                    call_id=call.id,
                    number=number.number,
                    gateway=gateway.name,
                    created_at=self.clock.now(),
                )
                self.db.add(leg)
                self.ledger.append(
                    "call.overflowed",
                    f"call:{call.id}",
                    {"to": leader.name, "number": number.number, "channel": leg.channel_uuid},
                )
                return OutsideCall(leg.channel_uuid, gateway.name, number.number, gateway.caller_id, LEADER_RING, asks)
        return None


def set_levels(work: Work) -> None:
    """The clerk: the switch rings the desks of whoever is on duty first. Said again and again, for it forgets."""
    with work.read() as request:
        levels = request.find_service(Overflow).levels()
        switch: ISwitch = request.find_service(ISwitch)
    queue = work.settings.hotline_queue
    for desk, level in levels.items():
        try:
            switch.tier_level(queue, desk, level)
        except SwitchError as error:
            log.info("The switch was not told when desk %s rings (%s); it is told again.", desk, error)
            return


def overflow_factory(context: object, request: Request) -> Overflow:
    """The request's ``Overflow``."""
    return Overflow(
        request.db, request.find_service(ILedger), request.find_service(IClock), request.find_service(Rosters)
    )
