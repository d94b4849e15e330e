"""What becomes of a request to change a duty: pure."""

from __future__ import annotations

from enum import StrEnum

from dutycenter.vocabulary import DutyChangeState as State

OPEN = frozenset({State.ASKED, State.AGREED})


class Act(StrEnum):
    """What somebody, or time, does to a request."""

    AGREE = "agree"  # the other one
    DECLINE = "decline"  # the other one; also after agreeing, until it is confirmed
    CONFIRM = "confirm"  # a leader or administrator
    REFUSE = "refuse"
    WITHDRAW = "withdraw"  # who asked
    EXPIRE = "expire"  # the shift begins
    LAPSE = "lapse"  # the roster is not any more as it was


def after(state: State, act: Act, *, confirmation: bool) -> State | None:
    """The state after an act; None when it cannot be done any more, or not yet.

    Args:
        confirmation: is a third one asked after both have agreed?
    """
    if state not in OPEN:
        return None
    if act in (Act.CONFIRM, Act.REFUSE):
        if state is not State.AGREED:
            return None
        return State.DONE if act is Act.CONFIRM else State.REFUSED
    if act is Act.AGREE:
        if state is not State.ASKED:
            return None
        return State.AGREED if confirmation else State.DONE
    ends = {
        Act.DECLINE: State.DECLINED, Act.WITHDRAW: State.WITHDRAWN, Act.EXPIRE: State.EXPIRED, Act.LAPSE: State.STALE,
    }  # fmt: skip
    return ends[act]
