"""What people answer, taken down: final for an acknowledgement, and never twice.

Called by the conversation of a leg, in a process of its own, while the dialer
follows the same leg. Both lock the recipient first and the attempt after it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Receipt, Recipient
from broadcast.plans.knocks import withdraw
from broadcast.settle import ACKNOWLEDGE, DECLINE, DESK, stronger, was_machine
from dutycenter.interfaces import Answer, DeskStage, IClock, ILedger
from dutycenter.vocabulary import Means, Outcome, ReachedRule

log = logging.getLogger(__name__)

KEYS = frozenset("0123456789*#ABCD")
MOST_MINUTES = 1440
SAME_WORD = timedelta(seconds=30)  # the same minutes said again so soon are the same word


class Answers:
    """Writes answers on one session."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, account_id: int | None = None) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.account_id = account_id  # who takes answers for others, if it is an account

    def acknowledge(self, attempt_id: str, key: str) -> None:
        """The person accepted: final at its commit, whatever becomes of the leg."""
        found = self._locked(attempt_id)
        if found is None:
            return
        recipient, attempt = found
        attempt.key = stronger(attempt.key, ACKNOWLEDGE)
        recipient.reached_at = recipient.reached_at or self.clock.now()
        if recipient.acknowledged_at is not None:
            return
        self._accept(recipient, attempt.message_version)
        self._note(recipient, attempt, "acknowledged", Means.KEY, _key(key))

    def decline(self, attempt_id: str, key: str) -> None:
        """The person can't come; the outcome follows when the leg is down, unless 1 comes after."""
        found = self._locked(attempt_id)
        if found is None:
            return
        recipient, attempt = found
        if stronger(attempt.key, DECLINE) != DECLINE or attempt.key == DECLINE:
            return
        attempt.key = DECLINE
        recipient.reached_at = recipient.reached_at or self.clock.now()
        recipient.told_version = max(recipient.told_version or 0, attempt.message_version)
        self._note(recipient, attempt, "declined", Means.KEY, _key(key))

    def acknowledge_by(self, recipient_id: int, means: Means, key: str = "") -> bool:
        """The person accepted without a leg of ours; False when they had accepted before, or aren't known."""
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.acknowledged_at is not None:
            return False
        # A text may have been sent before a correction; who calls is told the message as it is now.
        version = 1 if means is Means.SMS else recipient.broadcast.message_version
        self._accept(recipient, version)
        self._note(recipient, None, "acknowledged", means, key)
        return True

    def decline_by(self, recipient_id: int, means: Means, key: str = "") -> bool:
        """The person said without a leg of ours that they can't come; False when that changes nothing.

        There is no leg whose end could settle it, so the outcome is set here.
        """
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.acknowledged_at is not None or recipient.outcome is Outcome.DECLINED:
            return False
        now = self.clock.now()
        recipient.reached_at = recipient.reached_at or now
        if recipient.outcome is None:
            recipient.outcome = Outcome.DECLINED
            recipient.outcome_at = now
            recipient.outcome_ground = ""
        self._note(recipient, None, "declined", means, key)
        return True

    # --- where they are -----------------------------------------------------------

    def arrives(self, recipient_id: int, minutes: int, means: Means) -> bool:
        """They say in how many minutes they will be there; the last word counts. False when that says nothing."""
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.arrived_at is not None or not 0 < minutes <= MOST_MINUTES:
            return False
        at = self.clock.now() + timedelta(minutes=minutes)
        said = recipient.arrives_at if recipient.arrives_in_minutes == minutes else None
        if said is not None and abs(said - at) < SAME_WORD:
            return False
        recipient.arrives_in_minutes, recipient.arrives_at = minutes, at
        self._note(recipient, None, "arrives", means, "", minutes=minutes)
        return True

    def arrived(self, recipient_id: int, means: Means) -> bool:
        """They are there; who had not acknowledged has by that. False when it was known, or they aren't."""
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.arrived_at is not None:
            return False
        self.acknowledge_by(recipient_id, means)
        recipient.arrived_at = self.clock.now()
        self._note(recipient, None, "arrived", means, "")
        return True

    def not_arrived(self, recipient_id: int) -> bool:
        """The report was a slip: undo it. False when there is none."""
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.arrived_at is None:
            return False
        recipient.arrived_at = None
        self._note(recipient, None, "not_arrived", Means.DESK, "")
        return True

    def at_desk(self, attempt_id: str, stage: DeskStage) -> None:
        """They asked for the duty desk, talk to it, or nobody came. Idempotent."""
        found = self._locked(attempt_id)
        if found is None:
            return
        _, attempt = found
        now = self.clock.now()
        before = (attempt.desk_asked_at is not None, attempt.desk_talked_at is not None)
        if stage is DeskStage.TALKS:
            attempt.key = stronger(attempt.key, DESK)
            attempt.desk_asked_at = attempt.desk_asked_at or now
            attempt.desk_talked_at = attempt.desk_talked_at or now
        elif stage is DeskStage.ASKED:
            attempt.desk_asked_at = attempt.desk_asked_at or now
        elif attempt.desk_talked_at is None:
            attempt.desk_asked_at = None
        if before != (attempt.desk_asked_at is not None, attempt.desk_talked_at is not None):
            self._tell(f"desk_{stage.value}", attempt)

    def heard(self, attempt_id: str, answer: Answer) -> None:
        """What else the conversation knows; an acknowledgement among it counts as one."""
        if answer.key == ACKNOWLEDGE:
            self.acknowledge(attempt_id, answer.key)
        elif answer.key == DECLINE:
            self.decline(attempt_id, answer.key)
        found = self._locked(attempt_id)
        if found is None:
            return
        recipient, attempt = found
        attempt.key = stronger(attempt.key, _key(answer.key))
        first = attempt.heard_seconds is None
        attempt.heard_seconds = max(attempt.heard_seconds or 0.0, max(0.0, answer.heard_seconds))
        attempt.wrong_keys = attempt.wrong_keys or "".join(c for c in answer.wrong_keys if c in KEYS)[:16]
        heard_before = attempt.heard_to_end
        if answer.machine_percent is not None and attempt.machine_percent is None:
            attempt.machine_percent, attempt.machine_ground = answer.machine_percent, answer.machine_ground[:160]
        # A machine listens to everything: that says nothing of the person.
        heard = answer.heard_to_end and not was_machine(attempt.machine_percent)
        attempt.heard_to_end = attempt.heard_to_end or heard
        if attempt.heard_to_end and not heard_before:
            self._heard_to_end(recipient, attempt)
        if first:
            self._tell(
                "heard",
                attempt,
                key=attempt.key,
                to_end=attempt.heard_to_end,
                tenths=round(attempt.heard_seconds * 10),
                wrong_keys=attempt.wrong_keys,
                machine=attempt.machine_percent,
                ground=attempt.machine_ground,
            )

    def _recipient(self, recipient_id: int) -> Recipient | None:
        return self.db.get(Recipient, recipient_id, with_for_update=True, populate_existing=True)

    def _locked(self, attempt_id: str) -> tuple[Recipient, Attempt] | None:
        owner = self.db.scalar(select(Attempt.recipient_id).where(Attempt.id == attempt_id))
        recipient = None if owner is None else self._recipient(owner)
        if recipient is None:
            log.warning("An answer came for the attempt %.40r, which is not known", attempt_id)
            return None
        attempt = self.db.get(Attempt, attempt_id, with_for_update=True, populate_existing=True)
        assert attempt is not None
        return recipient, attempt

    def _heard_to_end(self, recipient: Recipient, attempt: Attempt) -> None:
        """Where that is the rule, whoever heard all of it has acknowledged, unless they said that they can't come."""
        recipient.reached_at = recipient.reached_at or self.clock.now()
        recipient.told_version = max(recipient.told_version or 0, attempt.message_version)
        self._receipt(recipient, attempt, "heard", Means.LISTENED, "")
        counts = recipient.broadcast.reached_rule is ReachedRule.HEARD and attempt.key != DECLINE
        if counts and recipient.acknowledged_at is None:
            self._accept(recipient, attempt.message_version)
            self._note(recipient, attempt, "acknowledged", Means.LISTENED, "")

    def _accept(self, recipient: Recipient, version: int) -> None:
        now = self.clock.now()
        recipient.reached_at = recipient.reached_at or now
        recipient.acknowledged_at = now
        recipient.told_version = max(recipient.told_version or 0, version)
        withdraw(self.db, recipient.id, now)
        # Who declined may think better of it while the broadcast runs; a yes is never taken back.
        thinks_again = recipient.outcome is Outcome.DECLINED and recipient.broadcast.finished_at is None
        if recipient.outcome is None or thinks_again:
            recipient.outcome = Outcome.ACKNOWLEDGED
            recipient.outcome_at = now
            recipient.outcome_ground = ""

    def _note(
        self,
        recipient: Recipient,
        attempt: Attempt | None,
        kind: str,
        means: Means,
        key: str,
        minutes: int | None = None,
    ) -> None:
        """A receipt, and its entry in the ledger."""
        self._receipt(recipient, attempt, kind, means, key, minutes)
        of_leg = {} if attempt is None else {"attempt": attempt.id}
        more = {} if minutes is None else {"minutes": minutes}
        self.ledger.append(
            f"broadcast.{kind}",
            f"broadcast:{recipient.broadcast_id}",
            {"recipient": recipient.id, **of_leg, "means": means.value, "key": key, **more},
        )

    def _receipt(
        self,
        recipient: Recipient,
        attempt: Attempt | None,
        kind: str,
        means: Means,
        key: str,
        minutes: int | None = None,
    ) -> None:
        self.db.add(
            Receipt(
                recipient_id=recipient.id,
                attempt_id=None if attempt is None else attempt.id,
                kind=kind,
                means=means.value,
                key=key,
                minutes=minutes,
                account_id=self.account_id if means is Means.DESK else None,
                at=self.clock.now(),
            )
        )

    def _tell(self, verb: str, attempt: Attempt, **data: object) -> None:
        self.ledger.append(
            f"broadcast.{verb}",
            f"broadcast:{attempt.broadcast_id}",
            {"recipient": attempt.recipient_id, "attempt": attempt.id, **data},
        )


def _key(key: str) -> str:
    """One telephone key, or nothing: what a column and the ledger may hold."""
    return key if len(key) == 1 and key in KEYS else ""
