"""People at the same place see each other: a tab says where it is every few seconds, and is forgotten when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyramid.request import Request
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dutycenter.interfaces import IClock
from dutycenter.live.models import Presence
from dutycenter.work import Work

FORGOTTEN_SECONDS = 45.0  # real ones: browsers say where they are every 15


@dataclass(frozen=True, order=True)
class Here:
    """A tab at a place; ``spot`` is what it has under the cursor, or nothing."""

    place: str
    tab: str
    account_id: int
    spot: str


class Presences:
    """Who is where now."""

    def __init__(self, db: Session, clock: IClock) -> None:
        self.db = db
        self.clock = clock

    def come(self, place: str, tab: str, account_id: int, spot: str = "") -> None:
        """The tab is at this place, at this spot. Said again, it stays."""
        insert = sqlite.insert if self.db.get_bind().dialect.name == "sqlite" else postgresql.insert
        now = {"account_id": account_id, "spot": spot, "seen_at": self.clock.now()}
        statement = insert(Presence).values(place=place, tab=tab, **now)
        self.db.execute(statement.on_conflict_do_update(index_elements=["place", "tab"], set_=now))

    def leave(self, place: str, tab: str) -> None:
        """The tab is there no more. Idempotent."""
        self.db.execute(delete(Presence).where(Presence.place == place, Presence.tab == tab))

    def at(self, place: str) -> Sequence[Here]:
        """Who is at a place."""
        return [here for here in self.all() if here.place == place]

    def all(self) -> list[Here]:
        """Everybody who is anywhere: as many as there are people at forms."""
        rows = self.db.execute(
            select(Presence.place, Presence.tab, Presence.account_id, Presence.spot)
            .where(Presence.seen_at > since(self.clock))
            .order_by(Presence.place, Presence.tab)
        )
        return [Here(*row) for row in rows]


def since(clock: IClock) -> datetime:
    """Whoever was seen last before this moment has gone."""
    return clock.now() - timedelta(seconds=FORGOTTEN_SECONDS / clock.real(1.0))


def sweep(work: Work) -> None:
    """Forget who has gone. The clerk's job."""
    with work.write() as request:
        request.db.execute(delete(Presence).where(Presence.seen_at <= since(request.find_service(IClock))))


def presences_factory(context: object, request: Request) -> Presences:
    """The request's ``Presences``."""
    return Presences(request.db, request.find_service(IClock))
