"""Letters go to a real relay over TCP: sent once, refused and tried again, unknown and left alone."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call
from dutycenter.interfaces import IMail, Letter, MailRefused
from dutycenter.ledger.models import LedgerEntry
from dutycenter.settings import Settings
from dutycenter.vocabulary import CallState, LetterState, Role
from dutycenter.work import Work
from reports import jobs, letters
from reports.models import Report, ReportLetter
from reports.period import Month
from reports.services import Asked, Reports
from tests.conftest import free_port, open_store

NOW = datetime(2026, 10, 31, 16, 10, tzinfo=UTC)
TO = ("office@city.example", "archive@city.example")


class Relayed(socketserver.ThreadingTCPServer):
    """A small SMTP server (RFC 5321). ``mood``: how it treats the next letters."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.mood = "takes"
        self.taken: list[bytes] = []


class Talk(socketserver.StreamRequestHandler):
    server: Relayed

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 relay")
        for raw in self.rfile:
            verb = raw.split()[0].upper() if raw.split() else b""
            if verb == b"RCPT" and self.server.mood == "refuses":
                self.say("550 no such mailbox")
            elif verb == b"DATA":
                self.say("354 go on")
                self._letter()
                if self.server.mood == "dies":
                    return
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def _letter(self) -> None:
        lines = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw.removeprefix(b".") if raw.startswith(b"..") else raw)
        self.server.taken.append(b"".join(lines))
        if self.server.mood == "full":
            self.say("452 no room")
        elif self.server.mood != "dies":
            self.say("250 queued as 7")


class Wall:
    moment = NOW


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    found = Wall()
    monkeypatch.setattr("dutycenter.clock.SystemClock.now", lambda clock: found.moment)
    return found


@pytest.fixture
def relay() -> Iterator[Relayed]:
    with Relayed() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def post(settings: Settings, store_url: str, relay: Relayed, wall: Wall) -> Iterator[Work]:
    """A store with one call in October, whose report goes to two addresses."""
    port = relay.server_address[1]
    mailing = replace(
        settings, database_url=store_url, mail="smtp", mail_port=port, mail_timeout=5.0, reports_mail_to=TO
    )
    work = open_store(mailing)
    with work.write() as request:
        request.db.add(Call(channel_uuid="c", state=CallState.ENDED, arrived_at=NOW - timedelta(days=3)))
    yield work
    work.registry["dutycenter.engine"].dispose()


def make(work: Work) -> None:
    jobs.ask_for_what_is_due(work)
    jobs.make_waiting(work)


def states(work: Work) -> list[LetterState]:
    with work.read() as request:
        return list(request.db.scalars(select(ReportLetter.state).order_by(ReportLetter.id)))


def told(work: Work) -> list[str]:
    with work.read() as request:
        return [
            e.action for e in request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id)) if "letter" in e.action
        ]


class TestLetters:
    def test_each_address_gets_the_paper_and_its_tables_once(self, post: Work, relay: Relayed) -> None:
        make(post)
        assert relay.taken == []
        for _ in range(3):
            letters.send_waiting(post)
        assert states(post) == [LetterState.SENT, LetterState.SENT]
        read = [message_from_bytes(raw) for raw in relay.taken]
        assert [m["To"] for m in read] == list(TO)
        assert len({m["Message-ID"] for m in read}) == 2
        names = [part.get_filename() for part in read[0].walk() if part.get_filename()]
        with post.read() as request:
            report = request.db.scalars(select(Report)).one()
            assert names == [report.file_name, report.sheet_name]
        content = next(part.get_payload(decode=True) for part in read[0].walk() if part.get_filename() == names[0])
        assert content == (post.settings.reports_dir / names[0]).read_bytes()
        assert told(post) == ["report.letters_written", *["report.letter_sending", "report.letter_sent"] * 2]

    def test_one_of_unknown_outcome_is_neither_repeated_nor_counted_as_sent(
        self, post: Work, relay: Relayed, wall: Wall
    ) -> None:
        make(post)
        relay.mood = "dies"
        letters.send_waiting(post)
        assert states(post) == [LetterState.UNKNOWN, LetterState.UNKNOWN]
        relay.mood = "takes"
        wall.moment += timedelta(days=30)
        letters.send_waiting(post)
        assert len(relay.taken) == 2
        assert states(post) == [LetterState.UNKNOWN, LetterState.UNKNOWN]
        with post.write() as request:
            letters.send_again(request, request.db.scalars(select(ReportLetter).order_by(ReportLetter.id)).first())
        letters.send_waiting(post)
        assert states(post) == [LetterState.SENT, LetterState.UNKNOWN]
        first, again = (message_from_bytes(relay.taken[n])["Message-ID"] for n in (0, 2))
        assert first == again

    @pytest.mark.parametrize("mood", ["refuses", "full"])
    def test_one_that_was_not_taken_is_tried_again_later_and_not_for_ever(
        self, post: Work, relay: Relayed, wall: Wall, mood: str
    ) -> None:
        make(post)
        relay.mood = mood
        for _ in range(letters.TRIES + 3):
            letters.send_waiting(post)
            letters.send_waiting(post)
            wall.moment += timedelta(days=1)
        with post.read() as request:
            assert [row.tries for row in request.db.scalars(select(ReportLetter))] == [letters.TRIES] * 2
        relay.mood = "takes"
        relay.taken.clear()
        letters.send_waiting(post)
        assert (relay.taken, states(post)) == ([], [LetterState.REFUSED, LetterState.REFUSED])

    def test_what_a_dead_clerk_was_sending_is_unknown(self, post: Work, relay: Relayed, wall: Wall) -> None:
        make(post)
        assert letters._claim(post, 1) is not None
        assert letters._claim(post, 1) is None
        letters.send_waiting(post)
        assert states(post) == [LetterState.SENDING, LetterState.SENT]
        wall.moment += letters.FORGOTTEN + timedelta(seconds=1)
        letters.send_waiting(post)
        assert states(post) == [LetterState.UNKNOWN, LetterState.SENT]
        assert len(relay.taken) == 1

    def test_nobody_there_is_a_refusal(self, post: Work, relay: Relayed) -> None:
        make(post)
        work = open_store(replace(post.settings, mail_port=free_port()))
        letters.send_waiting(work)
        assert states(work) == [LetterState.REFUSED, LetterState.REFUSED]
        work.registry["dutycenter.engine"].dispose()

    def test_a_report_that_somebody_asked_for_is_not_sent_by_itself(self, post: Work, relay: Relayed) -> None:
        with post.write() as request:
            account = Account(username="a", name="a", role=Role.ADMINISTRATOR, password_hash="-", created_at=NOW)
            request.db.add(account)
            request.db.flush()
            request.find_service(Reports).ask(Asked.period(Month(2026, 10)), account.id)
        jobs.make_waiting(post)
        assert states(post) == []
        with post.write() as request:
            assert letters.write_letters(request, request.db.scalars(select(Report)).one()) == 2
            assert letters.write_letters(request, request.db.scalars(select(Report)).one()) == 0

    def test_hostile_addresses_make_no_headers(self, post: Work, relay: Relayed) -> None:
        make(post)
        with post.write() as request:
            row = request.db.scalars(select(ReportLetter).order_by(ReportLetter.id)).first()
            row.address = "a@b\r\nBcc: everybody@city.example"
        letters.send_waiting(post)
        assert states(post) == [LetterState.REFUSED, LetterState.SENT]
        assert len(relay.taken) == 1


class TestNull:
    def test_without_a_relay_nothing_looks_sent(self, sqlite_work: Work) -> None:
        with sqlite_work.read() as request:
            mail = request.find_service(IMail)
        letter = Letter("a@b", "s", "t", "1@b", NOW)
        with pytest.raises(MailRefused, match="mail = smtp"):
            mail.send(letter)
