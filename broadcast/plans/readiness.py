"""``IReadiness``: what every desk is to see of the plans before one is needed."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.messages import Translate
from broadcast.plans.checks import finding_of, finding_words
from broadcast.plans.knocks import open_tasks
from broadcast.plans.models import Plan, PlanCheck
from dutycenter.interfaces import NotReady
from dutycenter.vocabulary import PlanLight


class Readiness:
    """Reads what the clerk found.

    Args:
        db: any session of the store.
        translate: into the reader's language.
        path: where a plan is shown, by its id.
    """

    def __init__(self, db: Session, translate: Translate, request: Request) -> None:
        self.db = db
        self.translate = translate
        self.request = request

    def not_ready(self) -> list[NotReady]:
        """See ``IReadiness.not_ready``."""
        rows = self.db.execute(
            select(Plan.id, Plan.title, PlanCheck.findings)
            .join(PlanCheck, PlanCheck.plan_id == Plan.id)
            .where(Plan.removed_at.is_(None), PlanCheck.light == PlanLight.RED)
            .order_by(Plan.title, Plan.id)
        )
        found = []
        for plan_id, title, findings in rows:
            worst = next(one for one in map(finding_of, findings) if one.red)
            wrong, todo = finding_words(worst, self.translate)
            found.append(NotReady(title, wrong, todo, self.request.route_path("plans.plan", id=plan_id)))
        return found

    def doors(self) -> int:
        """See ``IReadiness.doors``."""
        return open_tasks(self.db)


def factory(context: object, request: Request) -> Readiness:
    """On the request's session, in the reader's language."""
    return Readiness(request.db, request.localizer.translate, request)
