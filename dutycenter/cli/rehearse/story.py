"""The story: five calls in, an incident, a call-out, an exercise, seal, report.

It does through services what people do through pages, and waits for what the
processes make of it; every wait has an end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import click
from sqlalchemy import Table, func, select

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Recording
from dutycenter.calls.orders import DeskError
from dutycenter.calls.queue import Desks
from dutycenter.cli.rehearse.result import Result
from dutycenter.cli.rehearse.tale import Tale
from dutycenter.cli.rehearse.town import Town
from dutycenter.db.base import Base
from dutycenter.directory.models import Person
from dutycenter.incidents.models import Incident
from dutycenter.incidents.services import Incidents
from dutycenter.interfaces import IBroadcasts, IClock, IReports, SwitchError, Wish
from dutycenter.ledger.sealer import seal
from dutycenter.switch.rehearsal.control import Control
from dutycenter.vocabulary import CallState, RecordingState
from dutycenter.work import Work

T = TypeVar("T")

CALLERS = (("13507315501", "flood"), ("07312255660", "fire"), ("13607312202", "reports"))
IMPATIENT = ("13907318803", "gives_up")
UNANSWERED = ("13707319904", "leaves_message")
OFFICERS = ("officer", "officer2")
ON_BREAK, AVAILABLE = "On Break", "Available"
LOOK_SECONDS = 0.1  # real
PATIENCE_SECONDS = 1800.0  # the product's
DRILLED = 3
WHAT_IS_KNOWN = {
    "title": "柳河水位超警戒线",
    "incident_class": "natural",
    "level": "III",
    "place": "柳河镇",
    "course": "柳河水位超过警戒线,低洼处已经进水,正在转移群众。",
    "evacuated": "37",
    "reporter_unit": "柳河镇政府",
    "reporter_post": "值班员",
}
MESSAGE = "柳河水位超过警戒线,市防汛指挥部启动三级应急响应。请您立即到岗,组织人员转移和抢险,并在半小时内报告情况。"


class Story:
    """Plays the story in a town.

    Args:
        town: where.
        work: units of work in the town.
        channels: legs at once that the call-out may have.
        result: filled in on the way.
        say: prints what happens.
    """

    def __init__(self, town: Town, work: Work, channels: int, result: Result, say: Callable[[str], None]) -> None:
        self.town = town
        self.work = work
        self.channels = channels
        self.result = result
        self.clock: IClock = work.registry["dutycenter.clock"]
        self.control = Control(work.settings)
        self.tale = Tale(work, say)

    def play(self) -> None:
        """From the first ring to the printed month."""
        with self.tale.told():
            self._open_desks(AVAILABLE)
            incident = self._calls_in()
            broadcast = self._launch(incident, self._people(), exercise=False)
            self._open_desks(ON_BREAK)
            self._call(*UNANSWERED)
            self._await_end(broadcast)
            self._await_end(self._launch(incident, self._people()[:DRILLED], exercise=True))
            self._until("the callers to end", self._calls_have_ended)
            self._until("the recordings to be taken in", self._recordings_are_kept)
            self._count(broadcast)
            self._print()
            seal(self.work)

    # --- calls ----------------------------------------------------------------

    def _calls_in(self) -> int:
        """Three answered calls and one that gives up; the first becomes the incident."""
        self._call(*CALLERS[0])
        first = self._answered(CALLERS[0][0])
        incident = self._write_down(first)
        for number, character in CALLERS[1:]:
            self._call(number, character)
        for number, _character in CALLERS[1:]:
            self._answered(number)
        self._call(*IMPATIENT)
        self._until("the impatient caller to give up", lambda: self._call_of(IMPATIENT[0], ended=True))
        return incident

    def _call(self, number: str, character: str) -> None:
        self.control.call(number, character)

    def _answered(self, number: str) -> int:
        """Answer whatever rings until this caller talks; the call's id."""

        def answer() -> int | None:
            for call_id in self._ringing():
                self._pick_up(call_id)
            call = self._call_of(number)
            return call.id if call is not None and call.answered_at is not None else None

        return self._until(f"the call of {number} to be answered", answer)

    def _ringing(self) -> list[int]:
        with self.work.read() as request:
            return list(request.db.scalars(select(Call.id).where(Call.state == CallState.RINGING)))

    def _pick_up(self, call_id: int) -> None:
        for account in self._accounts(OFFICERS):
            try:
                with self.work.write(actor=f"user:{account.id}") as request:
                    request.find_service(Desks).answer(call_id, account.id, account.desk)
            except DeskError:
                continue
            return

    def _call_of(self, number: str, *, ended: bool = False) -> Call | None:
        with self.work.read() as request:
            query = select(Call).where(Call.caller_number == number).order_by(Call.id.desc()).limit(1)
            call: Call | None = request.db.scalars(query).first()
        return call if call is not None and (not ended or call.ended_at is not None) else None

    def _open_desks(self, status: str) -> None:
        for account in self._accounts(OFFICERS):
            self._until(f"desk {account.desk} to be {status}", partial(self._set_desk, account, status))

    def _set_desk(self, account: Account, status: str) -> bool:
        try:
            with self.work.write(actor=f"user:{account.id}") as request:
                request.find_service(Desks).set_status(account.id, account.desk, status)
        except (DeskError, SwitchError):
            return False
        return True

    def _accounts(self, usernames: Iterable[str]) -> list[Account]:
        with self.work.read() as request:
            found = {row.username: row for row in request.db.scalars(select(Account))}
        return [found[name] for name in usernames]

    # --- incident and call-out ------------------------------------------------

    def _write_down(self, call_id: int) -> int:
        officer = self._accounts(OFFICERS)[0]
        with self.work.write(actor=f"user:{officer.id}") as request:
            incidents = request.find_service(Incidents)
            incident: Incident = incidents.create(WHAT_IS_KNOWN, created_by_id=officer.id)
            incidents.link_call(incident.id, call_id, officer.id)
            self.result.incident = incident.number
            return incident.id

    def _people(self) -> list[int]:
        with self.work.read() as request:
            return list(request.db.scalars(select(Person.id).order_by(Person.id).limit(self.town.people)))

    def _launch(self, incident: int, people: list[int], *, exercise: bool) -> int:
        officer = self._accounts(OFFICERS)[0]
        wish = Wish(
            title="防汛三级响应" + ("演练" if exercise else ""),
            message=MESSAGE,
            people=people,
            incident_id=incident,
            exercise=exercise,
            channels=self.channels,
            rounds=1 if exercise else 2,
            pause=30,
            ring_timeout=25,
        )
        with self.work.write(actor=f"user:{officer.id}") as request:
            broadcast: int = request.find_service(IBroadcasts).draft(wish)
        with self.work.write(actor=f"user:{officer.id}") as request:
            request.find_service(IBroadcasts).launch(broadcast)
        return broadcast

    def _await_end(self, broadcast: int) -> None:
        began = self.clock.monotonic()

        def has_ended() -> bool:
            with self.work.read() as request:
                return request.find_service(IBroadcasts).standing(broadcast).state in ("finished", "stopped")

        self._until("the call-out to end", has_ended)
        self.result.call_out_seconds = max(self.result.call_out_seconds, self.clock.monotonic() - began)

    # --- the end --------------------------------------------------------------

    def _calls_have_ended(self) -> bool:
        with self.work.read() as request:
            return not request.db.scalar(select(func.count()).where(Call.ended_at.is_(None)))

    def _recordings_are_kept(self) -> bool:
        done = (RecordingState.KEPT, RecordingState.MISSING)
        with self.work.read() as request:
            return not request.db.scalar(select(func.count()).where(Recording.state.not_in(done)))

    def _count(self, broadcast: int) -> None:
        attempts, recipients = (Base.metadata.tables[name] for name in ("attempts", "recipients"))
        with self.work.read() as request:

            def counted(table: Table, column: str) -> dict[str, int]:
                value: Any = table.c[column]
                rows = request.db.execute(
                    select(value, func.count()).where(table.c.broadcast_id == broadcast).group_by(value)
                )
                return {str(name or "open"): count for name, count in rows}

            self.result.attempts = counted(attempts, "disposition")
            self.result.recipients = counted(recipients, "outcome")
            calls = request.db.execute(select(Call.result, func.count()).group_by(Call.result))
            self.result.calls_in = {str(name or "open"): count for name, count in calls}

    def _print(self) -> None:
        month = self.clock.now().astimezone(self.work.settings.time_zone)
        out = self.town.folder / f"{month:%Y-%m}.pdf"
        with self.work.read() as request:
            self.result.report = str(request.find_service(IReports).month(month.year, month.month, out))

    def _until(self, what: str, look: Callable[[], T | None]) -> T:
        """Look again and again until there is something.

        Raises:
            click.ClickException: the product's patience ran out; says what was waited for.
        """
        end = time.monotonic() + self.clock.real(PATIENCE_SECONDS)
        while not (found := look()):
            if time.monotonic() > end:
                raise click.ClickException(
                    f"Waited {PATIENCE_SECONDS:.0f} s for {what}. See {self.town.folder / 'processes.log'}"
                )
            time.sleep(LOOK_SECONDS)
        return found
