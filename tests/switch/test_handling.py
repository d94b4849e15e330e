"""What a desk does with a call – hold, hand over, three-way, supervision – on a real FreeSWITCH, by the product's services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import gevent
import pytest
from sqlalchemy import select

from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, CallParty, Recording
from dutycenter.calls.supervision import Supervisions
from dutycenter.calls.talks import Talks
from dutycenter.vocabulary import CallResult, CallState, Role, Supervision

from .conftest import HOTLINE, Switch, until
from .phones import Answers, AnswersWhenTold, Talk, Telephone
from .test_story import Product

pytestmark = pytest.mark.switch

EXPERT = "13800004001"


@pytest.fixture(scope="module")
def product(freeswitch: Switch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One ivr for all of these, and two who sit at desks."""
    made = Product(freeswitch, tmp_path_factory.mktemp("handling"))
    with made.work.write() as request:
        for name, role, desk in (("张伟", Role.OFFICER, "1001"), ("陈静", Role.LEADER, "1002")):
            request.db.add(
                Account(username=desk, name=name, role=role, desk=desk, password_hash="", created_at=datetime.now(UTC))
            )
    made.start_ivr()
    yield made
    made.stop()


@pytest.fixture
def desks(switch: Switch) -> Iterator[tuple[Telephone, Telephone]]:
    """1001 is answered from the page, 1002 picks up by itself."""
    first, second = Telephone(default=AnswersWhenTold()), Telephone(default=Answers(after=0.2))
    for phone, desk in ((first, "1001"), (second, "1002")):
        phone.register(switch.desks_port, desk, switch.desk_password(desk), switch.settings.switch_domain)
    switch.commands.agent_status("1001", "Available")
    yield first, second
    first.close()
    second.close()


def the_call(product: Product) -> Call:
    return product.calls()[-1]


def parties(product: Product) -> list[CallParty]:
    with product.work.read() as request:
        found = list(request.db.scalars(select(CallParty).order_by(CallParty.id)))
        request.db.expunge_all()
    return found


def at_desk(product: Product, account: int, desk: str, service: type, do: Callable[[Any], object]) -> None:
    """As a page of whoever sits at this desk would."""
    with ExitStack() as stack:
        request = stack.enter_context(product.work.write(f"user:{account}"))
        found = request.find_service(service)
        found.account_id, found.desk = account, desk
        do(found)


@pytest.fixture
def talk(switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product) -> Talk:
    """A caller who talks to desk 1001."""
    before = len(product.calls())
    talk = network.call(switch.trunk_port, HOTLINE, user="13911112222")
    assert until(talk.answered.is_set)
    assert until(lambda: len(product.calls()) > before and the_call(product).state == CallState.MENU)
    network.press(talk, "1")
    assert until(lambda: the_call(product).state == CallState.RINGING, 30)
    switch.commands.talk(the_call(product).desk_channel_uuid or "")
    assert until(lambda: the_call(product).state == CallState.TALKING)
    return talk


def hears(talk: Talk) -> bool:
    before = talk.heard
    return until(lambda: talk.heard > before + 10, 8)


def test_hold_then_hand_over_and_the_call_is_the_other_desks(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product, talk: Talk
) -> None:
    call, first = the_call(product), desks[0].talks[0]
    at_desk(product, 1, "1001", Talks, lambda talks: talks.hold(call.id, held=True))
    assert until(lambda: first.held)
    assert the_call(product).held_at is not None
    at_desk(product, 1, "1001", Talks, lambda talks: talks.hold(call.id, held=False))
    assert until(lambda: not first.held)
    assert hears(talk)
    at_desk(product, 1, "1001", Talks, lambda talks: talks.hand_over(call.id, "1002", "陈静"))
    assert until(lambda: the_call(product).desk == "1002")
    assert until(first.ended.is_set)
    assert hears(talk)
    desks[1].hang_up(desks[1].talks[0])
    assert until(talk.ended.is_set)
    assert until(lambda: the_call(product).state == CallState.ENDED)
    assert (the_call(product).result, the_call(product).open) == (CallResult.ANSWERED, False)
    assert until(lambda: parties(product)[-1].left_at is not None)


def test_an_expert_is_brought_in_and_stays_when_the_officer_leaves(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product, talk: Talk
) -> None:
    call, first = the_call(product), desks[0].talks[0]
    gevent.sleep(0.5)  # both are being welcomed
    network.manners[EXPERT] = Answers(after=0.2)
    at_desk(product, 1, "1001", Talks, lambda talks: talks.bring_in(call.id, EXPERT, "李工"))
    assert until(lambda: parties(product)[-1].joined_at is not None)
    expert = next(one for one in network.talks if one.number == EXPERT)
    at_desk(product, 1, "1001", Talks, lambda talks: talks.hold(call.id, held=True))
    at_desk(product, 1, "1001", Talks, lambda talks: talks.hold(call.id, held=False))
    assert hears(talk)
    assert hears(expert)
    desks[0].hang_up(first)
    assert until(lambda: len(switch.commands.channels()) == 2)
    assert the_call(product).state == CallState.TALKING
    network.hang_up(talk)
    assert until(lambda: the_call(product).state == CallState.ENDED)
    assert until(expert.ended.is_set), "nobody is left alone in a room"


def test_a_supervisor_is_seen_and_written_down(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product, talk: Talk
) -> None:
    call = the_call(product)
    at_desk(product, 2, "1002", Supervisions, lambda one: one.listen(call.id))
    assert until(lambda: parties(product)[-1].joined_at is not None)
    assert hears(desks[1].talks[0])
    at_desk(product, 2, "1002", Supervisions, lambda one: one.change(call.id, Supervision.WHISPERS))
    assert parties(product)[-1].supervision is Supervision.WHISPERS
    desks[1].press(desks[1].talks[0], "3")  # on the telephone itself
    assert until(lambda: parties(product)[-1].supervision is Supervision.SPEAKS)
    channel = parties(product)[-1].channel_uuid
    network.hang_up(talk)
    assert until(lambda: parties(product)[-1].left_at is not None)
    with product.work.read() as request:
        recording = request.db.scalars(select(Recording).where(Recording.channel_uuid == channel)).one()
        assert recording.call_id == call.id
