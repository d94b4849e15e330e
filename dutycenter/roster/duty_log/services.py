"""Writing into the duty log, putting right, and reading it by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.accounts.models import Account
from dutycenter.db.sequence import next_number
from dutycenter.interfaces import IClock, ILedger
from dutycenter.roster.duty_log.models import DutyLogEntry, DutyLogSequence
from dutycenter.typed import whole
from dutycenter.work import settings_of

_ = TranslationStringFactory("dutycenter")

MOST_CHARACTERS = 2000
OLDEST = timedelta(days=2)  # what happened longer ago belongs to another shift's log
FOUND_MOST = 200


class LogFault(ValueError):
    """An entry cannot be so. ``args[0]`` is a translation string for the reader."""

    @property
    def words(self) -> TranslationString:
        """What is wrong, to be translated."""
        words: TranslationString = self.args[0]
        return words


@dataclass(frozen=True)
class LogLine:
    """An entry as it is read: with the numbers of those that put it right."""

    entry: DutyLogEntry
    corrected_by: tuple[DutyLogEntry, ...]


class DutyLog:
    """The log of one duty room.

    Args:
        db: the session of the change.
        ledger: where each entry is told.
        clock: the moment.
        zone: the duty room's; a day and a year begin at its midnight.
        account_id: who writes; None for the system itself.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, zone: ZoneInfo, account_id: int | None) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.zone = zone
        self.account_id = account_id

    def write(self, text: str, at: datetime | None = None, corrects: DutyLogEntry | None = None) -> DutyLogEntry:
        """Append an entry.

        Args:
            text: what happened; control characters are dropped.
            at: when, now by default; kept to the minute.
            corrects: the entry that this one puts right.

        Raises:
            LogFault: nothing is said, too much, or of a time that has not come or is long past.
        """
        now = self.clock.now()
        at = (at or now).replace(second=0, microsecond=0)
        said = _clean(text)
        if not said:
            raise LogFault(_("Write what happened."))
        if len(said) > MOST_CHARACTERS:
            raise LogFault(
                _("An entry has ${most} characters at most; write a second one.", mapping={"most": MOST_CHARACTERS})
            )
        if at > now:
            raise LogFault(_("This time has not come yet."))
        if corrects is None and at < now - OLDEST:
            raise LogFault(
                _("This is more than two days ago. Write it with today's time, and say in the text when it was.")
            )
        author = self.db.get(Account, self.account_id) if self.account_id is not None else None
        year = at.astimezone(self.zone).year
        entry = DutyLogEntry(
            year=year,
            number=next_number(self.db, DutyLogSequence, year),
            at=at,
            written_at=now,
            author_id=self.account_id,
            author_name=author.name if author is not None else "",
            text=said,
            corrects_id=None if corrects is None else corrects.id,
        )
        self.db.add(entry)
        self.db.flush()
        told = {"number": f"{year}-{entry.number}", "at": at.isoformat(), "text": said}
        if corrects is not None:
            told["corrects"] = f"{corrects.year}-{corrects.number}"
        self.ledger.append("log.written", f"log:{entry.id}", told)
        return entry

    def entry(self, entry_id: int) -> DutyLogEntry | None:
        """The entry of this id."""
        return self.db.get(DutyLogEntry, entry_id)

    def day(self, day: date) -> list[LogLine]:
        """The entries of a day by the time of what happened, and those of other days that put one of them right."""
        begin = datetime.combine(day, time(), self.zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        return self._lines(
            self.db.scalars(
                select(DutyLogEntry)
                .where(DutyLogEntry.at >= begin, DutyLogEntry.at < end)
                .order_by(DutyLogEntry.at, DutyLogEntry.id)
            ).all()
        )

    def find(self, text: str) -> list[LogLine]:
        """The latest entries that hold these words, or have this number."""
        wanted = text.strip()
        query = select(DutyLogEntry).order_by(DutyLogEntry.at.desc(), DutyLogEntry.id.desc()).limit(FOUND_MOST)
        number = whole(wanted, digits=7)
        if number is None:
            query = query.where(DutyLogEntry.text.icontains(wanted, autoescape=True))
        else:
            query = query.where(DutyLogEntry.number == number)
        return self._lines(self.db.scalars(query).all())

    def _lines(self, entries: Sequence[DutyLogEntry]) -> list[LogLine]:
        later: dict[int, list[DutyLogEntry]] = {}
        ids = [entry.id for entry in entries]
        for correction in self.db.scalars(
            select(DutyLogEntry).where(DutyLogEntry.corrects_id.in_(ids)).order_by(DutyLogEntry.id)
        ):
            assert correction.corrects_id is not None
            later.setdefault(correction.corrects_id, []).append(correction)
        return [LogLine(entry, tuple(later.get(entry.id, ()))) for entry in entries]


def _clean(text: str) -> str:
    """The text with its lines kept, and nothing in it that prints as nothing."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in " ".join(line.split()) if c.isprintable()) for line in lines)
    return "\n".join(kept).strip()


def factory(context: object, request: Request) -> DutyLog:
    """The request's duty log."""
    identity = None if "dutycenter.actor" in request.environ else request.identity
    return DutyLog(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        settings_of(request.registry).time_zone,
        None if identity is None else identity.id,
    )
