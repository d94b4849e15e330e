"""The product's own processes on a real FreeSWITCH: hotline and notify, end to end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from dutycenter.calls.sound import SHORT
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import CallResult, CallState, Disposition, Outcome

from .conftest import HOTLINE, PATIENCE, Switch, until
from .phones import Answers, AnswersWhenTold, Manner, Refuses, RingsOut, Telephone
from .product import Product
from .sound import loudness, seconds

pytestmark = pytest.mark.switch


@pytest.fixture
def product(switch: Switch, network: Telephone, tmp_path: Path) -> Iterator[Product]:
    made = Product(switch, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def desk(switch: Switch) -> Iterator[Telephone]:
    made = Telephone(default=AnswersWhenTold())
    made.register(switch.desks_port, "1001", switch.desk_password("1001"), switch.settings.switch_domain)
    switch.commands.agent_status("1001", "Available")
    yield made
    made.close()


class TestHotline:
    def test_a_call_is_a_row_before_the_desk_rings_and_ends_as_answered(
        self, switch: Switch, network: Telephone, desk: Telephone, product: Product
    ) -> None:
        product.start_ivr()
        talk = network.call(switch.trunk_port, HOTLINE, user="13911112222", display="Li Ming")
        assert until(lambda: product.calls(), 3)
        assert until(talk.answered.is_set)
        network.press(talk, "1")  # skips the menu
        assert until(lambda: product.calls()[0].state == CallState.RINGING, 30)
        call = product.calls()[0]
        assert (call.caller_number, call.keys, call.desk) == ("13911112222", "1", "1001")
        assert call.desk_channel_uuid is not None
        switch.commands.talk(call.desk_channel_uuid)
        assert until(lambda: product.calls()[0].state == CallState.TALKING)
        before = talk.heard
        assert until(lambda: talk.heard > before + 50)
        network.hang_up(talk)
        assert until(lambda: product.calls()[0].state == CallState.ENDED)
        call = product.calls()[0]
        assert (call.result, call.desk, call.open) == (CallResult.ANSWERED, "1001", False)
        (recording,) = product.recordings()
        assert recording.file_name == f"{call.channel_uuid}.wav"
        assert until(lambda: product.recordings()[0].stopped_at)
        file = switch.recording(call.channel_uuid)
        assert min(loudness(file)) > 0.01
        lasted = (call.ended_at - call.arrived_at).total_seconds()  # type: ignore[operator]
        # From the first moment to the last; the switch reads nothing from a leg while it moves it from queue to desk,
        # and then sends nothing either.
        assert abs(seconds(file) - lasted) < SHORT + talk.stalled + talk.unheard

    def test_nobody_answers_and_a_message_is_left(self, switch: Switch, network: Telephone, product: Product) -> None:
        switch.commands.agent_status("1001", "Logged Out")
        product.start_ivr()
        talk = network.call(switch.trunk_port, HOTLINE, user="13911113333")
        assert until(talk.answered.is_set)
        network.press(talk, "2")
        assert until(lambda: [c.state for c in product.calls()] == [CallState.VOICEMAIL], 60 + PATIENCE)
        call = product.calls()[0]
        message = switch.recording(call.channel_uuid, ".voicemail.wav")
        assert until(lambda: message.exists() and message.stat().st_size > 8000 * 2 * 3, 30)
        network.hang_up(talk)
        assert until(lambda: product.calls()[0].state == CallState.ENDED)
        # The switch's word that the leg has ended may come before the ivr's that a message was left.
        assert until(lambda: product.calls()[0].result == CallResult.VOICEMAIL)
        call = product.calls()[0]
        assert call.open
        assert loudness(message)[0] > 0.01
        assert {one.file_name for one in product.recordings()} == {f"{call.channel_uuid}.wav", message.name}

    def test_a_caller_survives_the_ivr_killed_in_the_middle(
        self, switch: Switch, network: Telephone, desk: Telephone, product: Product
    ) -> None:
        product.start_ivr()
        talk = network.call(switch.trunk_port, HOTLINE)
        assert until(lambda: [c.state for c in product.calls()] == [CallState.MENU])
        product.roles["ivr"].kill()
        product.roles["ivr"].wait()
        assert until(lambda: desk.talks and desk.talks[0].rang.is_set(), 10)
        assert not talk.ended.is_set()
        product.start_ivr()  # takes the call up again from what the switch says, and the telephone that rings for it
        assert until(lambda: product.calls()[0].state == CallState.RINGING)
        switch.commands.talk(product.calls()[0].desk_channel_uuid or "")
        assert until(desk.talks[0].answered.is_set)
        network.hang_up(talk)
        assert until(lambda: product.calls()[0].state == CallState.ENDED, 20)
        assert len(product.calls()) == 1
        assert until(lambda: product.recordings() and product.recordings()[0].stopped_at)

    def test_a_hostile_caller_is_a_call_like_any_other(
        self, switch: Switch, network: Telephone, product: Product, tmp_path: Path
    ) -> None:
        proof = tmp_path / "run"
        attack = f"${{system(touch {proof})}}"
        user = "1%0AEvent-Name%3A%20CHANNEL_HANGUP_COMPLETE%0AUnique-ID%3A%201%24%7Bsystem(id)%7D"
        product.start_ivr()
        talk = network.call(
            switch.trunk_port, HOTLINE, user=user, display=f"%0AUnique-ID%3A%202 {attack}", headers=[f"X-A: {attack}"]
        )
        assert until(lambda: [c.state for c in product.calls()] == [CallState.MENU])
        network.hang_up(talk)
        assert until(lambda: product.calls()[0].state == CallState.ENDED)
        (call,) = product.calls()
        assert call.caller_number.isprintable()
        assert (call.result, call.open) == (CallResult.ABANDONED, True)
        assert not proof.exists()


class TestNotify:
    PEOPLE: dict[str, tuple[str, Manner, Disposition, Outcome]] = {
        "应答": ("13800001001", Answers(after=1.5, early=True, keys=[(12, "1")]), Disposition.ACKNOWLEDGED, Outcome.ACKNOWLEDGED),
        "重听": ("13800001002", Answers(keys=[(12, "2"), (15, "9"), (18, "1")]), Disposition.ACKNOWLEDGED, Outcome.ACKNOWLEDGED),
        "不能": ("13800001003", Answers(keys=[(12, "4")]), Disposition.DECLINED, Outcome.DECLINED),
        "占线": ("13800001004", Refuses(486), Disposition.BUSY, Outcome.NOT_REACHED),
        "空号": ("13800001005", Refuses(404), Disposition.NO_SUCH_NUMBER, Outcome.NOT_REACHED),
        "关机": ("13800001006", Refuses(480, after=1.5, early=True), Disposition.SWITCHED_OFF, Outcome.NOT_REACHED),
        "拥塞": ("13800001007", Refuses(503), Disposition.CONGESTION, Outcome.NOT_REACHED),
        "无人": ("13800001008", RingsOut(early=True), Disposition.NO_ANSWER, Outcome.NOT_REACHED),
        "拒接": ("13800001009", Refuses(603), Disposition.REJECTED, Outcome.NOT_REACHED),
        "早挂": ("13800001010", Answers(stay=1.0), Disposition.HUNG_UP_EARLY, Outcome.NOT_REACHED),
        "听完": ("13800001011", Answers(after=1.5, says=0.8), Disposition.HEARD, Outcome.REACHED),
    }  # fmt: skip

    def test_every_person_gets_what_happened(self, switch: Switch, network: Telephone, product: Product) -> None:
        for number, manner, *_ in self.PEOPLE.values():
            network.manners[number] = manner
        product.start_ivr()
        product.start_dialer()
        broadcast_id = product.broadcast({name: number for name, (number, *_) in self.PEOPLE.items()})
        assert until(lambda: product.finished(broadcast_id), 150), product.attempts()
        last = dict(product.attempts())
        assert {name: attempt.disposition for name, attempt in last.items()} == {
            name: disposition for name, (_, _, disposition, _) in self.PEOPLE.items()
        }
        assert {one.name: one.outcome for one in product.recipients()} == {
            name: outcome for name, (*_, outcome) in self.PEOPLE.items()
        }
        assert last["重听"].wrong_keys == "9"
        assert last["听完"].heard_to_end
        assert until(lambda: all(one.stopped_at for one in product.recordings()))
        answered = {attempt.id for attempt in last.values() if attempt.answered_at}
        assert {one.channel_uuid for one in product.recordings()} == answered
        assert len(answered) == 5
        for channel_uuid in answered:
            assert min(loudness(switch.recording(channel_uuid))) > 0.005, last

    def test_a_gateway_that_is_away_is_tried_until_it_is_back(
        self, switch: Switch, network: Telephone, product: Product
    ) -> None:
        with product.work.write() as request:
            request.db.scalars(select(Gateway)).one().name = "away"
        assert until(lambda: not switch.commands.gateway("away").up, 75)
        product.start_ivr()
        product.start_dialer()
        broadcast_id = product.broadcast({"甲": "13800001001"})
        assert until(lambda: product.attempts() and product.attempts()[0][1].disposition, 30)
        assert product.attempts()[0][1].disposition == Disposition.GATEWAY_DOWN
        assert [one.outcome for one in product.recipients()] == [None]
        back = Telephone({"13800001001": Answers(keys=[(3, "1")])}, port=switch.away_port)
        try:
            assert until(lambda: product.finished(broadcast_id), 150), product.attempts()
        finally:
            back.close()
        assert [one.outcome for one in product.recipients()] == [Outcome.ACKNOWLEDGED]
        assert len(back.talks) == 1

    def test_a_broadcast_survives_the_switch_killed_in_the_middle(
        self, switch: Switch, network: Telephone, product: Product
    ) -> None:
        """Nobody is forgotten, nobody who has acknowledged is called again, every attempt is settled once."""
        people = {f"人{count:02}": f"138000020{count:02}" for count in range(20)}
        presses, listens = Answers(after=0.3, keys=[(5, "1")]), Answers(after=0.3)
        for place, number in enumerate(people.values()):  # every other one listens until the switch is killed
            network.manners[number] = listens if place % 2 else presses
        product.start_ivr()
        product.start_dialer()
        broadcast_id = product.broadcast(people, channels=6, rounds=3)
        assert until(lambda: sum(one.outcome is not None for one in product.recipients()) >= 3, 60)
        assert any(attempt.disposition is None for _, attempt in product.attempts())
        killed = datetime.now(UTC)
        switch.kill()
        network.manners.update(dict.fromkeys(people.values(), presses))
        time.sleep(1.0)
        switch.start()
        assert until(lambda: product.finished(broadcast_id), 200), product.attempts()
        recipients = {one.id: one for one in product.recipients()}
        assert Counter(one.outcome for one in recipients.values()) == {Outcome.ACKNOWLEDGED: 20}
        attempts = [attempt for _, attempt in product.attempts()]
        assert all(attempt.disposition for attempt in attempts)
        acknowledged = Counter(
            attempt.recipient_id for attempt in attempts if attempt.disposition == Disposition.ACKNOWLEDGED
        )
        assert set(acknowledged.values()) == {1}
        assert any(attempt.disposition == Disposition.LOST and attempt.created_at < killed for attempt in attempts)
        for attempt in attempts:
            assert attempt.created_at <= recipients[attempt.recipient_id].acknowledged_at  # type: ignore[operator]
        dialled = Counter(talk.number for talk in network.talks)
        written = Counter(people[name] for name, _ in product.attempts())
        assert dialled <= written  # no leg without a row
