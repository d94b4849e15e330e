from __future__ import annotations

import pytest

from dutycenter.accounts.models import Account
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import Role
from dutycenter.work import Work


@pytest.fixture
def officer(work: Work) -> int:
    """An account that takes calls, at desk 1001."""
    with work.write() as request:
        account = Account(
            username="zhangwei",
            name="张伟",
            role=Role.OFFICER,
            password_hash="-",
            must_change=False,
            desk="1001",
            created_at=request.find_service(IClock).now(),
        )
        request.db.add(account)
        request.db.flush()
        return account.id
