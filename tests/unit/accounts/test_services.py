from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account, LoginSession
from dutycenter.accounts.services import AccountFault, Accounts
from dutycenter.accounts.sessions import Sessions, digest
from dutycenter.interfaces import IClock, ILedger
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import Role
from dutycenter.work import Work


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at


@contextmanager
def accounts(work: Work, clock: Clock | None = None, actor_id: int | None = None) -> Iterator[Accounts]:
    """Accounts in a unit of work, at a moment that the test chooses."""
    with work.write() as request:
        clock = clock or Clock(request.find_service(IClock).now())
        sessions = Sessions(request.db, work.settings, clock.now())
        yield Accounts(request.db, request.find_service(ILedger), sessions, clock, actor_id)  # type: ignore[arg-type]


def made(work: Work, username: str = "zhangwei", role: Role = Role.OFFICER, desk: str | None = None) -> tuple[int, str]:
    """An account and its one-time password."""
    with accounts(work) as service:
        password = service.create(username, "张伟", role, desk)
        account = service.find(username)
        assert account is not None
        return account.id, password


def told(work: Work) -> list[tuple[str, dict[str, Any]]]:
    """The ledger's actions and data, oldest first."""
    with work.read() as request:
        entries = request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
    return [(entry.action, json.loads(entry.data)) for entry in entries]


class TestCreate:
    def test_it_opens_an_account_whose_password_must_change(self, work: Work) -> None:
        account_id, password = made(work)

        with accounts(work) as service:
            account = service.authenticate("ZhangWei ", password, "192.0.2.1")
            assert account is not None
            assert account.id == account_id
            assert account.must_change

    def test_the_ledger_tells_it_without_the_password(self, sqlite_work: Work) -> None:
        _id, password = made(sqlite_work)

        assert told(sqlite_work)[0][0] == "account.created"
        assert password not in str(told(sqlite_work))

    @pytest.mark.parametrize("username", ["", "1a", "a", "zhang wei", "张伟", "a" * 33, "root;--", "a\n", "-ab"])
    def test_it_refuses_names_of_the_wrong_form(self, sqlite_work: Work, username: str) -> None:
        with pytest.raises(AccountFault), accounts(sqlite_work) as service:
            service.create(username, "张伟", Role.OFFICER)

    def test_a_username_is_given_once(self, work: Work) -> None:
        made(work)
        with pytest.raises(AccountFault, match="taken"), accounts(work) as service:
            service.create("ZHANGWEI", "另一人", Role.OFFICER)

    @pytest.mark.parametrize("desk", ["1", "1001a", "123456789", "user/1001"])
    def test_a_desk_is_an_extension(self, sqlite_work: Work, desk: str) -> None:
        with pytest.raises(AccountFault), accounts(sqlite_work) as service:
            service.create("zhangwei", "张伟", Role.OFFICER, desk)

    def test_two_people_dont_share_a_desk_telephone(self, sqlite_work: Work) -> None:
        made(sqlite_work, desk="1001")
        with pytest.raises(AccountFault), accounts(sqlite_work) as service:
            service.create("chenjing", "陈静", Role.OFFICER, "1001")


class TestAuthenticate:
    def test_wrong_ones_lock_for_longer_and_longer(self, work: Work) -> None:
        account_id, password = made(work)
        start = datetime.fromisoformat("2026-11-23T00:00:00+00:00")
        clock, locks = Clock(start), []
        for attempt in range(12):
            with accounts(work, clock) as service:
                assert service.authenticate("zhangwei", "wrong", "") is None
                until = service.db.get_one(Account, account_id).locked_until
            if until is not None:
                locks.append(until - clock.at)
                clock.at = until
            else:
                assert attempt < 4

        assert [lock.total_seconds() / 60 for lock in locks] == [1, 2, 4, 8, 16, 32, 60, 60]
        with accounts(work, clock) as service:
            account = service.authenticate("zhangwei", password, "")
            assert account is not None
            assert account.failed_logins == 12  # a password alone forgives nothing
            service.log_in(account, "")
            assert account.failed_logins == 0

    def test_the_right_one_is_refused_while_locked_and_doesnt_prolong_it(self, work: Work) -> None:
        account_id, password = made(work)
        clock = Clock(datetime.fromisoformat("2026-11-23T00:00:00+00:00"))
        with accounts(work, clock) as service:
            for _attempt in range(5):
                service.authenticate("zhangwei", "wrong", "")
            until = service.db.get_one(Account, account_id).locked_until
            assert service.authenticate("zhangwei", password, "") is None
            assert service.authenticate("zhangwei", "wrong", "") is None
            assert service.db.get_one(Account, account_id).locked_until == until

    def test_a_closed_account_is_refused_as_an_unknown_one(self, sqlite_work: Work) -> None:
        account_id, password = made(sqlite_work)
        with accounts(sqlite_work) as service:
            service.close(service.db.get_one(Account, account_id))
            assert service.authenticate("zhangwei", password, "") is None
            assert service.authenticate("nobody", password, "") is None

        assert [data["why"] for action, data in told(sqlite_work) if action == "account.login_failed"] == [
            "closed",
            "unknown",
        ]

    def test_what_was_typed_reaches_the_ledger_harmless(self, sqlite_work: Work) -> None:
        with accounts(sqlite_work) as service:
            service.authenticate("\x00\u202e" + "x" * 1000, "p", "")

        typed = told(sqlite_work)[0][1]["username"]
        assert len(typed) == 64
        assert typed.isprintable()


class TestRights:
    def test_nobody_changes_their_own(self, work: Work) -> None:
        account_id, _password = made(work, role=Role.ADMINISTRATOR)
        with accounts(work, actor_id=account_id) as service:
            account = service.db.get_one(Account, account_id)
            for change in (
                lambda: service.set_rights(account, Role.AUDITOR, None),
                lambda: service.close(account),
                lambda: service.reset(account),
            ):
                with pytest.raises(AccountFault):
                    change()

        assert [action for action, _data in told(work)] == ["account.created"]

    @pytest.mark.parametrize("change", ["set_rights", "close", "reset"])
    def test_a_change_ends_the_accounts_log_ins(self, work: Work, change: str) -> None:
        account_id, _password = made(work)
        with accounts(work) as service:
            account = service.db.get_one(Account, account_id)
            token = service.log_in(account, "192.0.2.1")
            assert service.sessions.find(token) is not None
            getattr(service, change)(account, *([Role.LEADER, None] if change == "set_rights" else []))

            assert service.sessions.find(token) is None

    def test_a_change_of_role_tells_from_what_to_what(self, sqlite_work: Work) -> None:
        account_id, _password = made(sqlite_work)
        with accounts(sqlite_work) as service:
            service.set_rights(service.db.get_one(Account, account_id), Role.LEADER, None)

        assert told(sqlite_work)[-1] == ("account.role_changed", {"from": "officer", "to": "leader"})

    def test_auditors_and_administrators_are_made_by_two(self, work: Work) -> None:
        actor, _password = made(work, "admin", Role.ADMINISTRATOR)
        officer, _password = made(work, "officer")
        auditor, _password = made(work, "auditor", Role.AUDITOR)
        with accounts(work, actor_id=actor) as service:
            one, watcher = (service.db.get_one(Account, which) for which in (officer, auditor))
            watcher.must_change = False
            for change in (
                lambda: service.create("me.too", "我", Role.AUDITOR),
                lambda: service.set_rights(one, Role.ADMINISTRATOR, None),
                lambda: service.reset(watcher),
                lambda: service.may_lose_factor(watcher),
                lambda: service.countersign(service.db.get_one(Account, actor), None),
                lambda: service.countersign(one, None),
                lambda: service.countersign(watcher, watcher),
            ):
                with pytest.raises(AccountFault):
                    change()
            service.create("colleague", "同事", Role.OFFICER)
            service.set_rights(one, Role.LEADER, None)
            service.countersign(watcher, one)
            service.set_rights(one, Role.ADMINISTRATOR, None)

        assert told(work)[-1] == ("account.role_changed", {"from": "leader", "to": "administrator", "second": auditor})

    def test_closing_twice_tells_once_and_reopening_lets_in_again(self, work: Work) -> None:
        account_id, password = made(work)
        with accounts(work) as service:
            account = service.db.get_one(Account, account_id)
            service.close(account)
            service.close(account)
            service.reopen(account)
            service.reopen(account)
            assert service.authenticate("zhangwei", password, "") is account

        assert [action for action, _data in told(work)] == ["account.created", "account.closed", "account.reopened"]


class TestChangePassword:
    def test_it_ends_the_other_log_ins_but_not_this_one(self, work: Work) -> None:
        account_id, password = made(work)
        with accounts(work) as service:
            account = service.db.get_one(Account, account_id)
            here, there = service.log_in(account, ""), service.log_in(account, "")
            service.change_password(account, password, "three small boats", keep=digest(here))

            assert service.sessions.find(here) is not None
            assert service.sessions.find(there) is None
            assert not account.must_change

    @pytest.mark.parametrize(("old", "new"), [("wrong", "three small boats"), (None, None), (None, "short")])
    def test_it_refuses_a_wrong_old_one_the_same_one_and_a_weak_one(
        self, sqlite_work: Work, old: str | None, new: str | None
    ) -> None:
        account_id, password = made(sqlite_work)
        with accounts(sqlite_work) as service:
            account = service.db.get_one(Account, account_id)
            before = account.password_hash
            with pytest.raises(AccountFault):
                service.change_password(account, old or password, new or password, keep="")

            assert account.password_hash == before
            assert account.must_change


class TestSessions:
    def test_ended_log_ins_are_swept_when_somebody_logs_in(self, work: Work) -> None:
        account_id, _password = made(work)
        start = datetime.fromisoformat("2026-11-23T00:00:00+00:00")
        with accounts(work, Clock(start)) as service:
            service.log_in(service.db.get_one(Account, account_id), "")
        with accounts(work, Clock(start + timedelta(days=2))) as service:
            service.log_in(service.db.get_one(Account, account_id), "")
            service.db.flush()

            assert len(service.db.scalars(select(LoginSession)).all()) == 1

    def test_a_wall_display_stays_logged_in_for_a_season(self, sqlite_work: Work) -> None:
        account_id, _password = made(sqlite_work, role=Role.DISPLAY)
        start = datetime.fromisoformat("2026-11-23T00:00:00+00:00")
        with accounts(sqlite_work, Clock(start)) as service:
            token = service.log_in(service.db.get_one(Account, account_id), "")
            service.db.flush()
            for days, found in ((89, True), (91, False)):
                later = Sessions(service.db, sqlite_work.settings, start + timedelta(days=days))
                assert (later.find(token) is not None) is found
