"""A broadcast that runs is changed by hand: people come in or are taken out, the message is corrected.

Everything is rows and ledger entries; the dialer finds them at its next turn, and
after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.extras import number_fault, recipient_for
from broadcast.messages import Translate, clean_text
from broadcast.models import EVERYBODY, SUPERIORS, TOLD, Broadcast, BroadcastMessage, Recipient
from broadcast.people import candidates, lines_of, recipient_of
from broadcast.services import UNDER_WAY, Broadcasts, locked, superiors_text
from broadcast.settle import Ground
from broadcast.wishes import WishError
from dutycenter.directory.services import Directory
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import ExtraNumber, IClock, ILedger, Prompt
from dutycenter.ledger.parts import in_parts
from dutycenter.settings import Settings
from dutycenter.vocabulary import BroadcastState, Outcome, RecipientRole
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

CORRECTION = _("This is a correction of what you were told before.")


class Running:
    """Changes broadcasts under way.

    Args:
        db: the session of the change.
        ledger: where each change leaves its entry.
        clock: the product's time.
        settings: names the numbers that stay free.
        preview: makes the prompt of a text, or raises ``WishError``.
        incidents: gives whose timeline a correction is told in.
        translate: into the reader's language.
        account_id: who acts, if it is an account.
        within: departments of whom they may take people in; None: all.
    """

    def __init__(
        self,
        db: Session,
        ledger: ILedger,
        clock: IClock,
        settings: Settings,
        preview: Callable[[str], Prompt],
        incidents: Callable[[], Incidents],
        translate: Translate = str,
        account_id: int | None = None,
        within: frozenset[int] | None = None,
    ) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.settings = settings
        self.preview = preview
        self.incidents = incidents
        self.translate = translate
        self.account_id = account_id
        self.within = within

    def add(self, broadcast_id: int, people: Sequence[int], extras: Sequence[ExtraNumber] = ()) -> list[Recipient]:
        """Take people in while it runs; who is in it already is left as they are.

        Raises:
            LookupError: there is no such broadcast under way.
            WishError: a typed number cannot be dialled.
        """
        wrong = [fault for extra in extras if (fault := number_fault(extra.number, self.translate))]
        if wrong:
            raise WishError({"extras": wrong[0]})
        broadcast, now = self._under_way(broadcast_id), self.clock.now()
        lines = lines_of(self.db, {self.settings.hotline_number}, self.settings.time_zone, self.within)
        known = set(
            self.db.scalars(
                select(Recipient.person_id).where(
                    Recipient.broadcast_id == broadcast_id, Recipient.role != RecipientRole.SUPERIOR
                )
            )
        )
        made = [
            recipient_of(candidate, role=RecipientRole.ADDED, joined_at=now)
            for candidate in candidates(self.db, [one for one in people if one not in known], now, lines)
        ]
        for extra in extras:
            recipient = recipient_for(extra, lines)
            recipient.role, recipient.joined_at = RecipientRole.ADDED, now
            made.append(recipient)
        for recipient in made:
            recipient.broadcast_id = broadcast.id
            if recipient.outcome_ground:
                recipient.outcome, recipient.outcome_at = Outcome.NOT_CALLED, now
        self.db.add_all(made)
        self.db.flush()
        if made:
            taken_in = [{"id": r.id, "person": r.person_id, "name": r.name} for r in made]
            self.ledger.append_all(
                in_parts("broadcast.people_added", f"broadcast:{broadcast_id}", {}, "recipients", taken_in)
            )
        return made

    def take_out(self, recipient_id: int) -> bool:
        """Call this person no more; what rings is dropped. False when it is too late for that."""
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.dropped_at is not None:
            return False
        recipient.dropped_at, recipient.dropped_ground = self.clock.now(), Ground.DROPPED.value
        self._tell(recipient.broadcast_id, "taken_out", recipient=recipient.id)
        return True

    def put_back(self, recipient_id: int) -> bool:
        """Undo ``take_out``."""
        recipient = self._recipient(recipient_id)
        if recipient is None or recipient.dropped_ground != Ground.DROPPED:
            return False
        recipient.dropped_at, recipient.dropped_ground = None, ""
        self._tell(recipient.broadcast_id, "put_back", recipient=recipient.id)
        return True

    def correct(self, broadcast_id: int, text: str) -> int:
        """Say something else from now on; the new version's number.

        Legs that are up go on with what they say. Who heard an older version to an
        answer is told in a round of its own (``broadcast.corrections``).

        Raises:
            LookupError: there is no such broadcast, or it was never launched.
            WishError: it cannot be said, or is what is said already.
        """
        text = clean_text(text)
        prompt = self.preview(text)
        told = f"{self.translate(CORRECTION)}\n{text}"
        texts = {EVERYBODY: (text, prompt), TOLD: (told, self.preview(told))}
        superiors = superiors_text(text, self.translate)
        if self._has_superiors(broadcast_id):
            texts[SUPERIORS] = (superiors, self.preview(superiors))
        broadcast = locked(self.db, broadcast_id)
        if broadcast.state is BroadcastState.DRAFT or broadcast.corrects_id is not None:
            raise LookupError(f"broadcast {broadcast_id} cannot be corrected")
        if broadcast.message == text:
            raise WishError({"message": self.translate(_("This is what is said already."))})
        broadcast.message_version += 1
        broadcast.message, broadcast.prompt_path = text, str(prompt.path)
        broadcast.prompt_seconds = prompt.seconds
        for audience, (words, made) in texts.items():
            self.db.add(
                BroadcastMessage(
                    broadcast_id=broadcast_id,
                    audience=audience,
                    version=broadcast.message_version,
                    text=words,
                    prompt_path=str(made.path),
                    prompt_seconds=made.seconds,
                    created_at=self.clock.now(),
                    created_by_id=self.account_id,
                )
            )
        self._tell(broadcast_id, "corrected", version=broadcast.message_version, message=text)
        if broadcast.incident_id is not None:
            words = _(
                "Message corrected: ${title}. It says now: ${text}", mapping={"title": broadcast.title, "text": text}
            )
            self.incidents().note(
                broadcast.incident_id, self.translate(words), "broadcast", {"broadcast": broadcast_id}, words
            )
        return broadcast.message_version

    def _has_superiors(self, broadcast_id: int) -> bool:
        known = select(BroadcastMessage.id).where(
            BroadcastMessage.broadcast_id == broadcast_id, BroadcastMessage.audience == SUPERIORS
        )
        return self.db.scalar(known.limit(1)) is not None

    def _recipient(self, recipient_id: int) -> Recipient | None:
        """A recipient who is still open, locked."""
        recipient = self.db.get(Recipient, recipient_id, with_for_update=True, populate_existing=True)
        if recipient is None or recipient.outcome is not None or recipient.acknowledged_at is not None:
            return None
        return recipient if recipient.broadcast.state in UNDER_WAY else None

    def _under_way(self, broadcast_id: int) -> Broadcast:
        broadcast = locked(self.db, broadcast_id)
        if broadcast.state not in UNDER_WAY:
            raise LookupError(f"broadcast {broadcast_id} is not under way")
        return broadcast

    def _tell(self, broadcast_id: int, verb: str, **data: object) -> None:
        self.ledger.append(f"broadcast.{verb}", f"broadcast:{broadcast_id}", data)


def factory(context: object, request: Request) -> Running:
    """What changes running broadcasts, on the request's session."""
    identity = request.identity if "dutycenter.actor" not in request.environ else None
    return Running(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        settings_of(request.registry),
        lambda text: request.find_service(Broadcasts).preview(text),
        lambda: request.find_service(Incidents),
        request.localizer.translate,
        None if identity is None else identity.id,
        request.find_service(Directory).within,
    )
