"""Gateways: SIP trunks, each with its own limits."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from dutycenter.db.base import Base


class Gateway(Base):
    """A SIP trunk of one switch."""

    __tablename__ = "gateways"

    id: Mapped[int] = mapped_column(primary_key=True)
    switch: Mapped[str] = mapped_column(String(64), default="main")
    name: Mapped[str] = mapped_column(String(64), unique=True)  # as the switch knows it
    channels: Mapped[int]
    calls_per_second: Mapped[float]
    reserved: Mapped[int] = mapped_column(default=4)  # channels that a broadcast never takes
    prefixes: Mapped[str] = mapped_column(
        String(255), default=""
    )  # allowed number prefixes, comma separated; empty: all
    caller_id: Mapped[str] = mapped_column(String(32))
    cost: Mapped[float] = mapped_column(default=0.0)  # relative price of a minute
    enabled: Mapped[bool] = mapped_column(default=True)
