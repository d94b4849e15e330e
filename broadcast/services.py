"""``IBroadcasts``: write a broadcast down, launch it, and take the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.answering import Answering
from broadcast.answers import Answers
from broadcast.aside import uncollected
from broadcast.extras import number_fault, recipient_for
from broadcast.goals import limit_of
from broadcast.legs import legs
from broadcast.messages import Translate, clean_text, length_fault, message_fault
from broadcast.models import EVERYBODY, SUPERIORS, Broadcast, BroadcastMessage, Recipient
from broadcast.people import Candidate, Lines, candidates, enlist, first_mobile, lines_of
from broadcast.plans.content import write_steps
from broadcast.settle import Ground
from broadcast.sms.told import texts
from broadcast.standings import standings
from broadcast.timeline import enter_launch
from broadcast.wishes import WishError, wish_faults
from dutycenter.directory.services import Directory
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import (
    ExtraNumber,
    IClock,
    ILedger,
    IVoice,
    NoticeLeg,
    NoticeText,
    Prompt,
    Standing,
    Turn,
    VoiceError,
    Wish,
)
from dutycenter.ledger.parts import in_parts
from dutycenter.settings import Settings
from dutycenter.vocabulary import BroadcastState, EscalationKind, Outcome, SmsWhen
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

UNDER_WAY = (BroadcastState.RUNNING, BroadcastState.PAUSED)

TO_SUPERIORS = _(
    "Somebody in your charge has not been reached. Have them told face to face at once; the duty room has the names. "
    "The message was:"
)


def superiors_text(text: str, translate: Translate) -> str:
    """What superiors hear when people in their charge did not hear this."""
    return f"{translate(TO_SUPERIORS)}\n{text}"


class Broadcasts(Answering):
    """``IBroadcasts`` on the request's session.

    Args:
        db: the session of the request's transaction.
        ledger: where each change leaves its entry.
        clock: the product's time.
        voice: gives what speaks messages; only ``draft`` and ``preview`` ask for it.
        settings: names the numbers that stay free.
        incidents: gives whose timeline a broadcast is told in.
        translate: into the reader's language, for what is wrong with a wish.
        account_id: who acts, if it is an account.
        within: departments of whom they may call; None: all.
    """

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        voice: Callable[[], IVoice],
        settings: Settings,
        incidents: Callable[[], Incidents],
        translate: Translate = str,
        account_id: int | None = None,
        within: frozenset[int] | None = None,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.voice = voice
        self.settings = settings
        self.incidents = incidents
        self.translate = translate
        self.account_id = account_id
        self.within = within
        self.answers = Answers(db, ledger, clock, account_id)

    # --- before launch ----------------------------------------------------------

    def candidates(self, people: list[int]) -> list[Candidate]:
        """These people as a broadcast launched now would see them."""
        return candidates(self.db, people, self.clock.now(), self.lines())

    def lines(self) -> Lines:
        """What may be dialled now."""
        return lines_of(self.db, {self.settings.hotline_number}, self.settings.time_zone, self.within)

    def preview(self, message: str) -> Prompt:
        """The message as it will be heard.

        Raises:
            WishError: it cannot be said.
        """
        text = clean_text(message)
        fault = message_fault(text, self.translate)
        if fault:
            raise WishError({"message": fault})
        return self._speak(text)

    @uncollected()
    def draft(self, wish: Wish, form_token: str | None = None) -> int:
        """See ``IBroadcasts.draft``. The same ``form_token`` gives the same broadcast again.

        Raises:
            WishError: a ``ValueError`` that names every fault by its field.
        """
        if form_token:
            known = self.db.scalar(select(Broadcast.id).where(Broadcast.form_token == form_token))
            if known is not None:
                return known
        chosen = self.candidates(list(wish.people))
        text = clean_text(wish.message)
        lines = self.lines()
        extras = [recipient_for(extra, lines) for extra in self._typed(wish)]
        self._check(wish, text, chosen, extras)
        prompt = self._speak(text)
        incident = self.db.get(Incident, wish.incident_id) if wish.incident_id is not None else None
        exercise = wish.exercise or (incident is not None and incident.exercise)
        goal_seconds = limit_of(wish.goal, chosen, wish.goal_seconds)
        broadcast = Broadcast(
            incident_id=wish.incident_id,
            title=clean_text(wish.title).replace("\n", " "),
            message=text,
            prompt_path=str(prompt.path),
            prompt_seconds=prompt.seconds,
            exercise=exercise,
            state=BroadcastState.DRAFT,
            channels=wish.channels,
            rounds=wish.rounds,
            pause=wish.pause,
            ring_timeout=wish.ring_timeout,
            reached_rule=wish.reached_rule,
            sms_when=wish.sms_when,
            ask_arrival=wish.ask_arrival,
            report_within=wish.report_within,
            likeliest_first=wish.likeliest_first,
            goal=wish.goal.strip(),
            goal_seconds=goal_seconds,
            steps=write_steps(wish.steps),
            plan_version_id=wish.plan_version_id,
            created_at=self.clock.now(),
            created_by_id=self.account_id,
            form_token=form_token,
        )
        self.db.add(broadcast)
        self.db.flush()
        self._list(broadcast.id, wish, chosen, extras)
        self._keep_message(broadcast, EVERYBODY, text, prompt)
        if any(step.kind is EscalationKind.SUPERIOR for step in wish.steps):
            told = superiors_text(text, self.translate)
            self._keep_message(broadcast, SUPERIORS, told, self._speak(told))
        self._tell_of_many(
            broadcast.id,
            "drafted",
            "recipients",
            self._recipients_of(broadcast.id),
            incident=wish.incident_id,
            title=broadcast.title,
            message=text,
            exercise=exercise,
            channels=wish.channels,
            rounds=wish.rounds,
            pause=wish.pause,
            ring_timeout=wish.ring_timeout,
            reached_rule=wish.reached_rule.value,
            sms_when=wish.sms_when.value,
            ask_arrival=wish.ask_arrival,
            likeliest_first=wish.likeliest_first,
            goal=broadcast.goal,
            goal_seconds=goal_seconds,
            steps=broadcast.steps,
            plan_version=wish.plan_version_id,
        )
        return broadcast.id

    def _typed(self, wish: Wish) -> list[ExtraNumber]:
        """The numbers typed in by hand that can be dialled; what is wrong with the others is said by ``_check``."""
        return [extra for extra in wish.extras if not number_fault(extra.number, self.translate)]

    def _list(self, broadcast_id: int, wish: Wish, chosen: Sequence[Candidate], extras: Sequence[Recipient]) -> None:
        """Write whom it calls: those of the directory, then the numbers typed by hand."""
        texts_alone, listed = wish.sms_when is SmsWhen.ALONE, []
        for candidate in chosen:
            turn = wish.turns.get(candidate.person.id, Turn())
            more = {"tier": turn.tier, "legs": turn.legs, "since": turn.since}
            textless = texts_alone and candidate.callable and first_mobile(candidate.numbers) is None
            listed.append((candidate, more | ({"outcome_ground": Ground.NO_MOBILE.value} if textless else {})))
        enlist(self.db, broadcast_id, listed)
        for extra in extras:
            extra.broadcast_id = broadcast_id
            if texts_alone and not extra.outcome_ground and first_mobile(extra.numbers) is None:
                extra.outcome_ground = Ground.NO_MOBILE.value
        self.db.add_all(extras)
        self.db.flush()

    def _recipients_of(self, broadcast_id: int) -> list[dict[str, Any]]:
        rows = self.db.execute(
            select(Recipient.id, Recipient.person_id, Recipient.name)
            .where(Recipient.broadcast_id == broadcast_id)
            .order_by(Recipient.id)
        )
        return [{"id": id_, "person": person_id, "name": name} for id_, person_id, name in rows]

    def _keep_message(self, broadcast: Broadcast, audience: str, text: str, prompt: Prompt) -> None:
        self.db.add(
            BroadcastMessage(
                broadcast_id=broadcast.id,
                audience=audience,
                version=broadcast.message_version,
                text=text,
                prompt_path=str(prompt.path),
                prompt_seconds=prompt.seconds,
                created_at=self.clock.now(),
                created_by_id=self.account_id,
            )
        )

    def _check(self, wish: Wish, text: str, chosen: list[Candidate], extras: Sequence[Recipient]) -> None:
        faults = wish_faults(wish, text, chosen, extras, self.translate)
        if wish.incident_id is not None and self.db.get(Incident, wish.incident_id) is None:
            faults["incident_id"] = self.translate(_("There is no such incident."))
        if faults:
            raise WishError(faults)

    def _speak(self, text: str) -> Prompt:
        try:
            prompt = self.voice().say(text)
        except VoiceError as error:
            raise WishError({"message": str(error)}) from error
        fault = length_fault(prompt.seconds, self.translate)
        if fault:
            raise WishError({"message": fault})
        return prompt

    # --- to look back -------------------------------------------------------------

    def legs(
        self, *, broadcast_id: int | None = None, incident_id: int | None = None, attempts: Sequence[str] = ()
    ) -> list[NoticeLeg]:
        """See ``IBroadcasts.legs``."""
        return legs(self.db, broadcast_id=broadcast_id, incident_id=incident_id, attempts=attempts)

    def of_incident(self, incident_id: int) -> Sequence[int]:
        """See ``IBroadcasts.of_incident``."""
        return self.db.scalars(select(Broadcast.id).where(Broadcast.incident_id == incident_id)).all()

    def texts(self, incident_id: int) -> list[NoticeText]:
        """See ``IBroadcasts.texts``."""
        return texts(self.db, incident_id)

    # --- while it runs ------------------------------------------------------------

    def launch(self, broadcast_id: int) -> None:
        """See ``IBroadcasts.launch``.

        Raises:
            LookupError: there is no such broadcast.
        """
        now = self.clock.now()
        broadcast = locked(self.db, broadcast_id)
        if broadcast.state is not BroadcastState.DRAFT:
            return
        broadcast.state = BroadcastState.RUNNING
        broadcast.launched_at = now
        if broadcast.sms_when is SmsWhen.BEFORE:
            broadcast.calls_from = now + timedelta(seconds=self.settings.sms_lead)
        broadcast.rehearsed = self.settings.rehearsal
        self.db.flush()
        self.db.execute(
            update(Recipient)
            .where(Recipient.broadcast_id == broadcast_id, Recipient.outcome.is_(None), Recipient.outcome_ground != "")
            .values(outcome=Outcome.NOT_CALLED, outcome_at=now)
        )
        left_out = self.db.execute(
            select(Recipient.id, Recipient.outcome_ground)
            .where(Recipient.broadcast_id == broadcast_id, Recipient.outcome == Outcome.NOT_CALLED)
            .order_by(Recipient.id)
        ).all()
        self._tell_of_many(
            broadcast_id,
            "launched",
            "not_called",
            [{"recipient": recipient, "ground": ground} for recipient, ground in left_out],
            incident=broadcast.incident_id,
        )
        if broadcast.incident_id is not None:
            enter_launch(self.incidents(), self.db, broadcast, self.translate)

    def pause(self, broadcast_id: int) -> bool:
        """Begin no more calls; those that are up go on. False when it does not run."""
        return self._turn(broadcast_id, (BroadcastState.RUNNING,), BroadcastState.PAUSED, "paused")

    def resume(self, broadcast_id: int) -> bool:
        """Go on calling. False when it is not paused."""
        return self._turn(broadcast_id, (BroadcastState.PAUSED,), BroadcastState.RUNNING, "resumed")

    def stop(self, broadcast_id: int) -> bool:
        """End it: no more calls, what still rings is dropped, who listens may hear it out.

        False when it does not run. The dialer sets the outcomes when the last leg is down.
        """
        return self._turn(broadcast_id, UNDER_WAY, BroadcastState.STOPPED, "stopped")

    def call_again(self, recipient_id: int) -> bool:
        """One more call to this person now, whatever the rounds say. False when that can't be."""
        recipient = self.db.get(Recipient, recipient_id, with_for_update=True)
        if recipient is None or recipient.outcome is not None or recipient.broadcast.state not in UNDER_WAY:
            return False
        if recipient.again_at is None:
            recipient.again_at = self.clock.now()
            self._tell(recipient.broadcast_id, "again_asked", recipient=recipient_id)
        return True

    def _turn(self, broadcast_id: int, before: tuple[BroadcastState, ...], after: BroadcastState, verb: str) -> bool:
        broadcast = locked(self.db, broadcast_id)
        if broadcast.state not in before:
            return False
        broadcast.state = after
        self._tell(broadcast_id, verb, incident=broadcast.incident_id)
        return True

    # --- where it stands ------------------------------------------------------------

    def standing(self, broadcast_id: int) -> Standing:
        """See ``IBroadcasts.standing``.

        Raises:
            LookupError: there is no such broadcast.
        """
        return standings(self.db, [self._known(broadcast_id)])[0]

    def standings(self, incident_id: int | None = None) -> list[Standing]:
        """See ``IBroadcasts.standings``; drafts are left out."""
        query = select(Broadcast).order_by(Broadcast.id.desc())
        if incident_id is None:
            query = query.where(Broadcast.launched_at.is_not(None), Broadcast.finished_at.is_(None))
        else:
            query = query.where(Broadcast.incident_id == incident_id, Broadcast.state != BroadcastState.DRAFT)
        return standings(self.db, list(self.db.scalars(query)))

    def latest(self, limit: int = 100) -> list[Standing]:
        """The latest broadcasts of any state, latest first."""
        return standings(self.db, list(self.db.scalars(select(Broadcast).order_by(Broadcast.id.desc()).limit(limit))))

    # --- within -----------------------------------------------------------------------

    def _known(self, broadcast_id: int) -> Broadcast:
        broadcast = self.db.get(Broadcast, broadcast_id)
        if broadcast is None:
            raise LookupError(f"there is no broadcast {broadcast_id}")
        return broadcast

    def _tell_of_many(
        self, broadcast_id: int, verb: str, name: str, things: Sequence[Mapping[str, Any]], **data: Any
    ) -> None:
        self.ledger.append_all(in_parts(f"broadcast.{verb}", f"broadcast:{broadcast_id}", data, name, things))

    def _tell(self, broadcast_id: int, verb: str, **data: Any) -> None:
        self.ledger.append(f"broadcast.{verb}", f"broadcast:{broadcast_id}", data)


def locked(db: Session, broadcast_id: int) -> Broadcast:
    """The broadcast, nobody else's until the transaction ends.

    Raises:
        LookupError: there is no such broadcast.
    """
    broadcast = db.get(Broadcast, broadcast_id, with_for_update=True, populate_existing=True)
    if broadcast is None:
        raise LookupError(f"there is no broadcast {broadcast_id}")
    return broadcast


def factory(context: object, request: Request) -> Broadcasts:
    """The broadcasts on the request's session."""
    actor, _colon, account = request.actor.partition(":")
    return Broadcasts(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        lambda: request.find_service(IVoice),
        settings_of(request.registry),
        lambda: request.find_service(Incidents),
        request.localizer.translate,
        int(account) if actor == "user" and account.isdigit() else None,
        request.find_service(Directory).within,
    )
