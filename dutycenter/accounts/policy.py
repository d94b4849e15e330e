"""Who asks, and what they may do.

| permission | what it opens | who has it |
|---|---|---|
| ``enter`` | what completes or ends a log-in        | everybody who gave the right password |
| ``own``   | one's own account                      | everybody who is logged in, even before the first password change |
| ``board`` | boards and rosters, to look at         | everybody |
| ``view``  | records, to read; the default          | all but wall displays |
| ``desk``  | calls, incidents, broadcasts           | officers, leaders |
| ``numbers``| noting that a number is right or wrong  | officers, leaders, administrators |
| ``supervise`` | listening in on a desk's call     | leaders |
| ``listen``| one recording, with a reason           | officers, leaders, auditors |
| ``audit`` | all recordings, evidence               | auditors |
| ``directory``| changing the directory               | administrators |
| ``admin`` | accounts, rosters, settings            | administrators who are bound to no department |

An account may be bound to a department. Its lists, searches and changes of the directory
then keep to that department and those below it, and it calls nobody else.
"""

from __future__ import annotations

import logging

from pyramid.request import Request, RequestLocalCache
from pyramid.security import Allowed, Denied
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from dutycenter.accounts.models import LoginSession
from dutycenter.accounts.sessions import COOKIE, SEEN_EVERY, Gate, Identity, Sessions
from dutycenter.db import open_session
from dutycenter.vocabulary import Role
from dutycenter.work import settings_of

log = logging.getLogger(__name__)

ENTER = "enter"
OWN = "own"
PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.OFFICER: frozenset({"board", "view", "desk", "numbers", "listen"}),
    Role.LEADER: frozenset({"board", "view", "desk", "numbers", "listen", "supervise"}),
    Role.AUDITOR: frozenset({"board", "view", "audit", "listen"}),
    Role.ADMINISTRATOR: frozenset({"board", "view", "numbers", "directory", "admin"}),
    Role.DISPLAY: frozenset({"board"}),
}
WHOLE = frozenset({"admin"})
"""What nobody has who is bound to a department: it would lead out of it."""
# Requests that a page makes by itself say so; they are no sign that somebody is there.
BACKGROUND = "X-Background"


def permissions_of(identity: Identity) -> frozenset[str]:
    """What somebody may do, by role and department; what bounds it within is ``Directory.within``."""
    of_role = PERMISSIONS[identity.role]
    return of_role if identity.department_id is None else of_role - WHOLE


class Policy:
    """Pyramid's security policy over ``LoginSession``; ``request.identity`` is an ``Identity``."""

    def __init__(self) -> None:
        self._cache = RequestLocalCache(self._load)

    def identity(self, request: Request) -> Identity | None:
        return self._cache.get_or_create(request)

    def authenticated_userid(self, request: Request) -> int | None:
        identity = self.identity(request)
        return None if identity is None else identity.id

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        identity = self.identity(request)
        if identity is None:
            return Denied("not logged in")
        if permission == ENTER:
            return Allowed("a log-in may be completed and ended")
        if permission == OWN and identity.gate is not Gate.CODE:
            return Allowed("one's own")
        if identity.gate is not None:
            return Denied(f"first: {identity.gate}")
        if permission in permissions_of(identity):
            return Allowed(f"{identity.role} may {permission}")
        return Denied(f"{identity.role} may not {permission}")

    def remember(self, request: Request, token: str, **kw: object) -> list[tuple[str, str]]:
        return [("Set-Cookie", _cookie(request, token))]

    def forget(self, request: Request, **kw: object) -> list[tuple[str, str]]:
        return [("Set-Cookie", _cookie(request, ""))]

    def _load(self, request: Request) -> Identity | None:
        """Look the log-in up in a transaction of its own: error pages ask after the request's has ended."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        registry = request.registry
        engine, now = registry["dutycenter.engine"], registry["dutycenter.clock"].now()
        with open_session(engine, writes=False) as db:
            found = Sessions(db, settings_of(registry), now).find(token)
        if found is None:
            request.environ["dutycenter.session_ended"] = True
            return None
        login, identity = found
        if login.seen_at + SEEN_EVERY < now and self._is_used(request, identity):
            try:
                with open_session(engine, writes=True) as db:
                    db.execute(
                        update(LoginSession).where(LoginSession.token_sha256 == login.token_sha256).values(seen_at=now)
                    )
                    db.commit()
            except SQLAlchemyError as error:
                log.warning("A log-in's last use could not be noted: %s", error)
        return identity

    @staticmethod
    def _is_used(request: Request, identity: Identity) -> bool:
        if "db" in request.__dict__:
            return False  # the request holds the write lock of SQLite: the next one will do
        return BACKGROUND not in request.headers or "desk" in PERMISSIONS[identity.role]


def _cookie(request: Request, token: str) -> str:
    secure = settings_of(request.registry).secure_cookies
    end = "" if token else "; Max-Age=0"
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}{end}"
