"""``Plans``: written, versioned, and turned into what a broadcast is asked to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.plans.content import Content, read, write
from broadcast.plans.models import Plan, PlanCheck, PlanVersion
from broadcast.plans.who import Meaning
from dutycenter.interfaces import IClock, ILedger, Wish
from dutycenter.roster.services import Rosters


class ChangedMeanwhile(Exception):
    """Somebody saved another version while this one was being written."""


class Plans:
    """Reads and changes plans.

    Args:
        db: the session of the request's transaction.
        ledger: where each change leaves its entry.
        clock: the product's time.
        meaning: whom selections mean now.
        account_id: who acts, if it is an account.
    """

    def __init__(
        self, db: Session, ledger: ILedger, clock: IClock, meaning: Meaning, account_id: int | None = None
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.meaning = meaning
        self.account_id = account_id

    # --- reading ------------------------------------------------------------------

    def listed(self) -> Sequence[Plan]:
        """All plans that are in use, by title."""
        query = select(Plan).where(Plan.removed_at.is_(None)).options(selectinload(Plan.check))
        return self.db.scalars(query.order_by(Plan.title, Plan.id)).all()

    def plan(self, plan_id: int) -> Plan | None:
        """The plan of this id, also one that was removed."""
        return self.db.get(Plan, plan_id)

    def version(self, plan: Plan, number: int | None = None) -> PlanVersion | None:
        """One version of a plan; the current one by default."""
        return self.db.scalar(
            select(PlanVersion).where(
                PlanVersion.plan_id == plan.id,
                PlanVersion.version == (plan.version if number is None else number),
            )
        )

    def content(self, plan: Plan) -> Content:
        """What the plan says now."""
        version = self.version(plan)
        assert version is not None
        return read(version.content)

    # --- changing -----------------------------------------------------------------

    def create(self, content: Content, note: str = "") -> Plan:
        """A new plan in its first version."""
        plan = Plan(title=content.title, created_at=self.clock.now())
        self.db.add(plan)
        self.db.flush()
        self._write(plan, content, note, None, "created")
        return plan

    def save(self, plan_id: int, content: Content, base: int, note: str = "") -> PlanVersion | None:
        """The next version of a plan; None when nothing changed.

        Args:
            base: the version that was changed.

        Raises:
            LookupError: there is no such plan.
            ChangedMeanwhile: the current version is another one.
        """
        plan = self._locked(plan_id)
        if plan.version != base:
            raise ChangedMeanwhile
        if write(self.content(plan)) == write(content):
            return None
        return self._write(plan, content, note, None, "edited")

    def restore(self, plan_id: int, number: int) -> PlanVersion:
        """Make what an older version said the current version again, under a new number.

        Raises:
            LookupError: there is no such plan or version.
        """
        plan = self._locked(plan_id)
        old = self.version(plan, number)
        if old is None:
            raise LookupError(f"plan {plan_id} has no version {number}")
        return self._write(plan, read(old.content), "", number, "restored")

    def remove(self, plan_id: int) -> bool:
        """Take a plan out of use; its versions stay. False when it was out already."""
        plan = self._locked(plan_id)
        if plan.removed_at is not None:
            return False
        plan.removed_at = self.clock.now()
        self.ledger.append("plan.removed", f"plan:{plan.id}", {"title": plan.title})
        return True

    def put_back(self, plan_id: int) -> bool:
        """Undo ``remove``."""
        plan = self._locked(plan_id)
        if plan.removed_at is None:
            return False
        plan.removed_at = None
        self.ledger.append("plan.put_back", f"plan:{plan.id}", {"title": plan.title})
        self.ask_check(plan)
        return True

    def ask_check(self, plan: Plan) -> None:
        """Have the clerk check this plan as soon as it can."""
        check = self.db.get(PlanCheck, plan.id)
        if check is None:
            check = PlanCheck(plan_id=plan.id)
            self.db.add(check)
        check.asked_at = self.clock.now()

    def _write(self, plan: Plan, content: Content, note: str, restores: int | None, verb: str) -> PlanVersion:
        plan.title, plan.version = content.title, plan.version + 1
        version = PlanVersion(
            plan_id=plan.id,
            version=plan.version,
            content=write(content),
            note=note.strip()[:255],
            restores=restores,
            created_at=self.clock.now(),
            created_by_id=self.account_id,
        )
        self.db.add(version)
        self.db.flush()
        self.ledger.append(
            f"plan.{verb}",
            f"plan:{plan.id}",
            {"version": plan.version, "restores": restores, "content": version.content, "note": version.note},
        )
        self.ask_check(plan)
        return version

    def _locked(self, plan_id: int) -> Plan:
        plan = self.db.get(Plan, plan_id, with_for_update=True, populate_existing=True)
        if plan is None:
            raise LookupError(f"there is no plan {plan_id}")
        return plan

    # --- carrying out ---------------------------------------------------------------

    def wish(
        self,
        plan: Plan,
        message: str,
        *,
        title: str = "",
        incident_id: int | None = None,
        exercise: bool = False,
        now: datetime | None = None,
    ) -> Wish:
        """What a broadcast is asked to be that carries out this plan now; to be drafted and launched.

        Args:
            message: with every field filled in; ``fields.filled`` makes it of the plan's template.
        """
        version = self.version(plan)
        assert version is not None
        content = read(version.content)
        meant = self.meaning.of(content.who, now or self.clock.now(), content.wave_pause)
        return Wish(
            title=title or content.title,
            message=message,
            people=meant.people,
            incident_id=incident_id,
            exercise=exercise,
            channels=content.channels,
            rounds=content.rounds,
            pause=content.pause,
            ring_timeout=content.ring_timeout,
            reached_rule=content.reached_rule,
            sms_when=content.sms_when,
            ask_arrival=content.ask_arrival,
            report_within=content.report_within,
            goal=content.goal,
            goal_seconds=content.goal_seconds,
            turns=meant.turns,
            steps=content.steps,
            plan_version_id=version.id,
        )


def factory(context: object, request: Request) -> Plans:
    """The request's plans."""
    identity = request.identity if "dutycenter.actor" not in request.environ else None
    return Plans(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        request.find_service(Meaning),
        None if identity is None else identity.id,
    )


def meaning_factory(context: object, request: Request) -> Meaning:
    """Whom selections mean, on the request's session."""
    return Meaning(request.db, request.find_service(Rosters).on_duty)
