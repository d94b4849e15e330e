"""Two callers, one desk: places, keys that lead out, overflow and calling back, on a real FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from dutycenter.calls.models import Call, Leg
from dutycenter.calls.orders import DeskError
from dutycenter.calls.pulls import Pulls
from dutycenter.calls.talks import Talks
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import IClock
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import CallResult, CallState, NumberKind, ShiftDuty
from ivr_flows.prompts import PromptBook, load_catalogue
from ivr_flows.voice import voice_for

from .conftest import HOTLINE, Switch, until
from .phones import Answers, AnswersWhenTold, Refuses, RingsOut, Talk, Telephone
from .product import Product
from .test_handling import at_desk, hears, product

__all__ = ["product"]
pytestmark = pytest.mark.switch

LEADER, CALLED_BACK = "13800004101", "13800004102"


@pytest.fixture
def desks(switch: Switch) -> Iterator[tuple[Telephone, Telephone]]:
    """Both are answered from the page; only 1001 is manned, unless a test says otherwise."""
    made = Telephone(default=AnswersWhenTold()), Telephone(default=AnswersWhenTold())
    for phone, desk in zip(made, ("1001", "1002"), strict=True):
        phone.register(switch.desks_port, desk, switch.desk_password(desk), switch.settings.switch_domain)
    switch.commands.agent_status("1001", "Available")
    switch.commands.agent_status("1002", "Logged Out")
    yield made
    switch.commands.agent_status("1002", "Logged Out")
    for phone in made:
        phone.close()


@pytest.fixture(scope="module")
def leader(product: Product) -> str:
    """The telephone of whoever leads the shift."""
    with product.work.write() as request:
        now = request.find_service(IClock).now()
        leader = Person(name="李建国", department=Department(name="总值班室", short_name="总值班室"))
        leader.numbers = [PhoneNumber(number=LEADER, kind=NumberKind.MOBILE)]
        shift = Shift(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
        shift.members = [ShiftMember(person=leader, duty=ShiftDuty.LEADER)]
        request.db.add(shift)
    return LEADER


class Caller:
    """Somebody who calls the hotline and skips its menu."""

    def __init__(self, switch: Switch, network: Telephone, product: Product, number: str) -> None:
        self._product, self._network, self._number = product, network, number
        self._before = len(product.calls())
        self.talk: Talk = network.call(switch.trunk_port, HOTLINE, user=number)
        assert until(lambda: self._found() is not None and self.call.state == CallState.MENU)
        self.press("1")

    def _found(self) -> Call | None:
        later = self._product.calls()[self._before :]
        return next((call for call in later if call.caller_number == self._number), None)

    @property
    def call(self) -> Call:
        found = self._found()
        assert found is not None
        return found

    def is_(self, state: CallState, seconds: float = 30) -> bool:
        return until(lambda: self.call.state == state, seconds)

    def press(self, key: str) -> None:
        self._network.press(self.talk, key)

    def hang_up(self) -> Call:
        self._network.hang_up(self.talk)
        assert self.is_(CallState.ENDED)
        return self.call


def book_of(product: Product) -> PromptBook:
    settings = product.work.settings
    return PromptBook(load_catalogue(settings), voice_for(settings), settings.prompts_dir)


def rung(phone: Telephone) -> int:
    """How often it has rung, or rings now."""
    return sum(talk.rang.is_set() for talk in phone.talks)


def take(switch: Switch, caller: Caller) -> None:
    """From the page of the desk that rings."""
    assert caller.is_(CallState.RINGING), caller.call.state
    switch.commands.talk(caller.call.desk_channel_uuid or "")
    assert caller.is_(CallState.TALKING)


def latest_leg(product: Product, call: Call, number: str) -> str:
    """The channel of the telephone that was rung last for this call."""
    with product.work.read() as request:
        legs = select(Leg.channel_uuid).where(Leg.call_id == call.id, Leg.number == number)
        return str(request.db.scalars(legs.order_by(Leg.created_at.desc())).first())


def test_the_second_caller_hears_their_place_and_rings_when_the_first_has_ended(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product
) -> None:
    ((_, one),) = book_of(product).number(1, "zh_CN")
    first = Caller(switch, network, product, "13911110001")
    assert first.is_(CallState.RINGING)
    second = Caller(switch, network, product, "13911110002")
    take(switch, first)
    assert until(lambda: switch.plays(one.path), 30), "no place is said"
    assert hears(second.talk)
    first.hang_up()
    take(switch, second)
    assert hears(second.talk)
    assert (second.call.desk, second.hang_up().result) == ("1001", CallResult.ANSWERED)


def test_a_key_counts_while_the_place_is_said(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product
) -> None:
    caller, begins = Caller(switch, network, product, "13911110007"), book_of(product).find("queue.place", "zh_CN").path
    assert until(lambda: switch.plays(begins), 30), "no place is said"
    caller.press("1")
    assert until(lambda: switch.plays(book_of(product).find("hotline.nobody", "zh_CN").path), 5), "it does nothing"
    assert not switch.plays(begins), "the words about the queue go on"
    with product.work.write() as request:  # a desk is free by now
        request.find_service(Pulls).pull(caller.call.id, 1, "1001")
    assert caller.is_(CallState.RINGING, 5), "they are not led away from the words before their message"
    take(switch, caller)
    assert hears(caller.talk)


def test_a_desk_takes_whom_their_place_is_being_said_to(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product
) -> None:
    _, second = (Caller(switch, network, product, number) for number in ("13911110008", "13911110009"))
    ((_, two),) = book_of(product).number(2, "zh_CN")
    assert until(lambda: switch.plays(two.path), 30), "no place is said"
    with product.work.write() as request:
        request.find_service(Pulls).pull(second.call.id, 1, "1001")
    assert second.is_(CallState.RINGING, 5)
    take(switch, second)
    assert hears(second.talk)


def test_a_desk_takes_the_second_caller_first(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product
) -> None:
    switch.commands.agent_status("1002", "Available")
    first, second = (Caller(switch, network, product, number) for number in ("13911110005", "13911110006"))
    assert until(lambda: rung(desks[0]) == 1 and rung(desks[1]) == 1, 30)
    assert second.is_(CallState.QUEUED)
    with product.work.write() as request:
        request.find_service(Pulls).pull(second.call.id, 1, "1001")
    assert second.is_(CallState.RINGING)
    assert second.call.desk == "1001"
    assert until(desks[0].talks[0].ended.is_set), "it rings for the first no more"
    take(switch, second)
    assert hears(second.talk)
    assert not desks[1].talks[0].ended.is_set(), "the other desk rings for the first as before"
    with pytest.raises(DeskError, match="Another desk has taken"), product.work.write() as request:
        request.find_service(Pulls).pull(second.call.id, 2, "1002")
    switch.commands.talk(latest_leg(product, first.call, "1002"))
    assert first.is_(CallState.TALKING)
    assert (first.hang_up().desk, second.hang_up().desk) == ("1002", "1001")


def test_a_desk_whose_telephone_cannot_be_rung_does_not_keep_the_caller_from_the_others(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product
) -> None:
    desks[1].default = Refuses(486)  # its officer calls somebody
    caller = Caller(switch, network, product, "13911110012")
    assert until(lambda: rung(desks[0]) == 1, 30)
    with product.work.write() as request:
        request.find_service(Pulls).pull(caller.call.id, 2, "1002")
    assert until(lambda: rung(desks[0]) == 2, 10), "it rings for them only when their patience there has ended"
    take(switch, caller)
    caller.hang_up()


def test_keys_lead_out_and_the_desk_calls_back(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product
) -> None:
    network.manners[CALLED_BACK] = Answers(after=0.2)
    leaves_words, asks = (Caller(switch, network, product, number) for number in ("13911110003", CALLED_BACK))
    for caller in (leaves_words, asks):
        assert until(lambda caller=caller: caller.call.queued_at is not None, 30)
    asks.press("2")
    asks.press("1")  # here
    leaves_words.press("1")
    assert leaves_words.is_(CallState.VOICEMAIL)
    assert until(lambda: asks.call.callback_at is not None)
    assert (asks.hang_up().result, asks.call.open) == (CallResult.CALLBACK, True)
    message = switch.recording(leaves_words.call.channel_uuid, ".voicemail.wav")
    assert until(lambda: message.exists() and message.stat().st_size > 8000 * 2 * 2, 20)
    leaves_words.hang_up()
    assert until(lambda: leaves_words.call.result == CallResult.VOICEMAIL)

    assert until(lambda: all(talk.ended.is_set() for talk in desks[0].talks))
    at_desk(product, 1, "1001", Talks, lambda talks: talks.call_back(asks.call.id))
    assert until(lambda: not desks[0].talks[-1].ended.is_set() and desks[0].talks[-1].rang.is_set())
    switch.commands.talk(latest_leg(product, asks.call, "1001"))
    assert until(lambda: any(talk.number == CALLED_BACK and talk.answered.is_set() for talk in network.talks))
    assert hears(network.talks[-1])
    assert hears(desks[0].talks[-1])
    desks[0].hang_up(desks[0].talks[-1])
    assert until(network.talks[-1].ended.is_set)


def test_keys_count_on_the_way_to_the_leader(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product, leader: str
) -> None:
    network.manners[leader] = RingsOut()
    switch.commands.agent_status("1001", "Logged Out")  # so that the leader is called soon
    says, asks = (Caller(switch, network, product, number) for number in ("13911110010", "13911110011"))
    to_leader, nobody = (book_of(product).find(name, "zh_CN").path for name in ("hotline.to_leader", "hotline.nobody"))
    assert until(lambda: switch.plays(to_leader), 30)
    says.press("1")
    assert until(lambda: switch.plays(nobody), 5), "1 does nothing while the caller hears of the leader"
    assert until(lambda: any(talk.rang.is_set() for talk in network.talks if talk.number == leader), 20)
    asks.press("2")
    asks.press("1")
    assert until(lambda: asks.call.callback_at is not None, 8), "2 does nothing while the leader's telephone rings"
    assert all(talk.ended.is_set() for talk in network.talks if talk.number == leader)
    for caller in (says, asks):
        caller.hang_up()


def test_the_other_desk_rings_then_the_leader_and_then_a_desk_again(
    switch: Switch, network: Telephone, desks: tuple[Telephone, Telephone], product: Product, leader: str
) -> None:
    network.manners[leader] = Refuses(486)
    queue = switch.settings.hotline_queue
    switch.commands.tier_level(queue, "1002", 2)
    switch.commands.agent_status("1002", "Available")
    try:
        caller = Caller(switch, network, product, "13911110004")
        assert until(lambda: rung(desks[0]) == 1, 30)
        assert rung(desks[1]) == 0
        assert until(lambda: rung(desks[1]) == 1, 10), "the other desk does not ring"
        assert until(lambda: any(talk.number == leader for talk in network.talks), 40), "the leader is not called"
        assert until(lambda: rung(desks[0]) >= 2, 20), "no desk rings after the leader"
        take(switch, caller)
        assert hears(caller.talk)
        assert caller.hang_up().result == CallResult.ANSWERED
    finally:
        switch.commands.tier_level(queue, "1002", 1)
