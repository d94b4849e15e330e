"""Which gateway may carry a number."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.switch.models import Gateway


def prefixes_of(gateway: Gateway) -> list[str]:
    """The number prefixes that a gateway may carry; none: every number."""
    return [prefix.strip() for prefix in gateway.prefixes.split(",") if prefix.strip()]


def carries(prefixes: Sequence[str], number: str) -> bool:
    """May a gateway with these prefixes carry this number?"""
    return not prefixes or number.startswith(tuple(prefixes))


def gateway_for(db: Session, number: str) -> Gateway | None:
    """The gateway in service over which a single call goes out; None: none may carry it."""
    gateways = db.scalars(select(Gateway).where(Gateway.enabled).order_by(Gateway.cost, Gateway.id))
    return next((gateway for gateway in gateways if carries(prefixes_of(gateway), number)), None)
