"""``Relations``: incidents that are linked, each with the other in its timeline."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.request import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dutycenter.incidents.duplicates.models import IncidentRelation
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IClock


class Relations:
    """Which incidents belong together."""

    def __init__(self, db: Session, clock: IClock, incidents: Incidents) -> None:
        self.db = db
        self.clock = clock
        self.incidents = incidents

    def of(self, incident_id: int) -> Sequence[Incident]:
        """The incidents that are linked to this one, the latest first."""
        pairs = self.db.scalars(
            select(IncidentRelation).where(
                or_(IncidentRelation.incident_id == incident_id, IncidentRelation.other_id == incident_id)
            )
        )
        ids = [pair.other_id if pair.incident_id == incident_id else pair.incident_id for pair in pairs]
        return self.db.scalars(select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id.desc())).all()

    def link(self, one_id: int, other_id: int, account_id: int) -> None:
        """The two belong together. Idempotent; an incident is never linked to itself.

        Raises:
            NoSuchIncident
        """
        pair = self._pair(one_id, other_id)
        if one_id == other_id or self.db.get(IncidentRelation, pair) is not None:
            return
        self.db.add(IncidentRelation(incident_id=pair[0], other_id=pair[1], at=self.clock.now(), by_id=account_id))
        self._note(pair, "related")

    def unlink(self, one_id: int, other_id: int) -> None:
        """Undo ``link``. Idempotent.

        Raises:
            NoSuchIncident
        """
        pair = self._pair(one_id, other_id)
        relation = self.db.get(IncidentRelation, pair)
        if relation is not None:
            self.db.delete(relation)
            self._note(pair, "unrelated")

    def _pair(self, one_id: int, other_id: int) -> tuple[int, int]:
        """The earlier one first; both locked, always in this order."""
        pair = (min(one_id, other_id), max(one_id, other_id))
        for incident_id in pair:
            self.incidents.get(incident_id, lock=True)
        return pair

    def _note(self, pair: tuple[int, int], kind: str) -> None:
        for incident_id, other_id in (pair, pair[::-1]):
            number = self.incidents.get(other_id).number
            self.incidents.note(incident_id, number, kind=kind, data={"incident": other_id})


def relations_factory(context: object, request: Request) -> Relations:
    """The request's ``Relations``."""
    return Relations(request.db, request.find_service(IClock), request.find_service(Incidents))
