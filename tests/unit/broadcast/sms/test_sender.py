"""Nothing is sent twice, nothing is forgotten, whatever the gateway says or doesn't."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcast.models import Broadcast
from broadcast.sms.models import TextMessage
from broadcast.sms.sender import REFUSALS, STALE, learn
from dutycenter.interfaces import IClock, ILedger, SmsRefused, SmsUncertain
from dutycenter.vocabulary import BroadcastState, SmsState, SmsWhen


def refuse(number: str) -> None:
    raise SmsRefused("403 not you")


def keep_silent(number: str) -> None:
    raise SmsUncertain("ReadTimeout")


@pytest.fixture
def written(post):
    """Three texts, written."""
    post.made = post.launch(SmsWhen.WITH)
    post.write()
    return post


def row(post, index: int) -> TextMessage:
    with post.town.work.read() as request:
        found = request.db.scalars(select(TextMessage).order_by(TextMessage.id)).all()[index]
        request.db.expunge(found)
        return found


class TestHandingOver:
    def test_each_is_claimed_before_the_gateway_hears_of_it(self, written):
        assert written.sender().run() == 3
        assert written.sms.states == ["sending"] * 3
        assert written.states() == ["accepted"] * 3
        assert written.sender().run() == 0
        assert len({reference for _n, _t, reference in written.sms.sent}) == 3

    def test_nobody_gets_one_after_acknowledging(self, written):
        def meanwhile(number: str) -> None:
            if number == "13800000000":
                written.acknowledge("人1")

        written.sms.script = meanwhile
        assert written.sender().run() == 2
        assert written.states() == ["accepted", "withdrawn", "accepted"]

    def test_a_pause_holds_them_back(self, written):
        with written.town.work.write() as request:
            request.db.get(Broadcast, written.made).state = BroadcastState.PAUSED
        assert written.sender().run() == 0
        with written.town.work.write() as request:
            request.db.get(Broadcast, written.made).state = BroadcastState.RUNNING
        assert written.sender().run() == 3

    def test_a_gateway_gets_them_no_faster_than_it_may(self, written):
        assert written.sender(rate=2.0).run() == 3
        assert written.now == pytest.approx(1.0)


class TestRefusals:
    def test_what_was_surely_not_taken_goes_out_by_another_gateway(self, written):
        second = type(written.sms)(written.town)
        written.sms.script = refuse
        assert written.sender(second).run() == 3
        assert (len(written.sms.sent), len(second.sent)) == (0, 3)
        assert row(written, 0).refusals == 1

    def test_it_is_tried_again_when_the_gateway_has_rested(self, written):
        written.sms.script = refuse
        sender = written.sender()
        assert sender.run() == 0
        assert (written.states(), written.sms.states) == (["written"] * 3, ["sending"])
        written.sms.script = lambda number: None
        written.now += 10
        assert sender.run() == 3

    def test_refused_for_good_it_has_failed_and_says_why(self, written):
        written.sms.script = refuse
        sender = written.sender()
        for _ in range(3 * REFUSALS):
            written.now += 100
            sender.run()
        assert written.states() == ["failed"] * 3
        assert row(written, 0).detail == "403 not you"
        assert len(written.sms.states) == 3 * REFUSALS


class TestUncertainty:
    def test_what_may_have_been_taken_is_not_sent_again(self, written):
        written.sms.script = keep_silent
        sender = written.sender()
        sender.run()
        assert written.states() == ["unknown", "unknown", "written"], "a silent gateway is left alone"
        written.sms.script = lambda number: None
        written.now += 10
        sender.run()
        assert written.states() == ["unknown", "unknown", "accepted"]
        assert [number for number, _t, _r in written.sms.sent] == ["13800000020"]

    def test_a_sender_that_dies_in_the_middle_leaves_it_unknown(self, written):
        def die(number: str) -> None:
            raise KeyboardInterrupt

        written.sms.script = die
        with pytest.raises(KeyboardInterrupt):
            written.sender().run()
        assert written.states() == ["sending", "written", "written"]
        written.sms.script = lambda number: None
        assert written.sender().run() == 2
        written.town.clock.sleep(STALE + 1)
        assert written.sender().run() == 0
        assert written.states() == ["unknown", "accepted", "accepted"]
        assert len(written.sms.sent) == 2

    @pytest.mark.parametrize("said", [SmsState.DELIVERED, SmsState.FAILED])
    def test_a_late_report_settles_it(self, written, said):
        written.sms.script = keep_silent
        written.sender().run()
        for expected in (True, False):
            with written.town.work.write() as request:
                found = request.db.scalars(select(TextMessage).order_by(TextMessage.id)).first()
                now = request.find_service(IClock).now()
                assert learn(request.find_service(ILedger), found, said, now, "") is expected
        assert row(written, 0).state is said

    def test_a_report_may_overtake_the_gateways_own_answer(self, written):
        def report_first(number: str) -> None:
            with written.town.work.write() as request:
                found = request.db.scalars(select(TextMessage).where(TextMessage.number == number)).one()
                learn(request.find_service(ILedger), found, SmsState.DELIVERED, request.find_service(IClock).now(), "")

        written.sms.script = report_first
        written.sender().run()
        assert written.states() == ["delivered"] * 3
