"""Who gets a text, and when."""

from __future__ import annotations

from sqlalchemy import select

from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from broadcast.sms.models import TextMessage
from broadcast.sms.outbox import Outbox
from dutycenter.directory.models import PhoneNumber
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import BroadcastState, NumberKind, SmsWhen


class TestWith:
    def test_everybody_gets_one_text_at_once_and_only_one(self, post):
        made = post.launch(SmsWhen.WITH, exercise=True)
        post.write()
        post.write()
        with post.town.work.read() as request:
            rows = request.db.scalars(select(TextMessage).order_by(TextMessage.id)).all()
            assert [row.number for row in rows] == ["13800000000", "13800000010", "13800000020"]
            assert {row.text for row in rows} == {
                "【演练】请立即到岗。\n云江市人民政府总值班室。确认请回复1，不能到请回复4。"
            }
            assert {(row.state.value, row.parts, row.broadcast_id) for row in rows} == {("written", 1, made)}
            told = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "broadcast.text_written")).all()
            assert [entry.subject for entry in told] == [f"broadcast:{made}"] * 3

    def test_nobody_who_has_answered_and_nobody_without_a_mobile(self, post):
        made = post.launch(SmsWhen.WITH)
        post.acknowledge("人0")
        with post.town.work.write() as request:
            for number in request.db.get(Recipient, post.recipient("人1")).numbers:
                number.kind = "office"
        post.write()
        with post.town.work.read() as request:
            assert [row.recipient.name for row in request.db.scalars(select(TextMessage))] == ["人2"]
            assert request.find_service(Outbox).due(request.db.get(Broadcast, made)) == []

    def test_a_correction_is_another_occasion(self, post):
        made = post.launch(SmsWhen.WITH)
        post.write()
        with post.town.work.write() as request:
            broadcast = request.db.get(Broadcast, made)
            rows = request.find_service(Outbox).write(
                broadcast, broadcast.recipients[:1], "更正:到二号门。", "correction-2"
            )
            assert [row.text.partition("\n")[0] for row in rows] == ["更正:到二号门。"]
        assert post.states() == ["written"] * 4


class TestBefore:
    def test_calls_begin_when_the_texts_have_had_their_time(self, post):
        town = post.town
        post.launch(SmsWhen.BEFORE)
        twin = town.twin()
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: bool(twin.begun))
        assert 60.0 <= twin.begun[0][0] < 62.0

    def test_who_acknowledged_by_text_is_never_called(self, post):
        town = post.town
        post.launch(SmsWhen.BEFORE)
        post.acknowledge("人0")
        twin = town.twin()
        town.play(twin, town.dialer(twin))
        assert "13800000000" not in {number for _at, number, _gateway, _uuid in twin.begun}
        assert town.outcomes() == dict.fromkeys(("人0", "人1", "人2"), "acknowledged")


class TestAlone:
    def test_nobody_is_called_and_answers_are_waited_for(self, post):
        town = post.town
        with town.work.write() as request:
            for number in request.db.scalars(select(PhoneNumber).where(PhoneNumber.number.like("1380000001%"))):
                number.kind = NumberKind.OFFICE
        made = post.launch(SmsWhen.ALONE, goal_seconds=600)
        post.write()
        assert post.states() == ["written", "written"]
        twin = town.twin()
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: town.clock.gone >= 300)
        post.acknowledge("人0")
        town.play(twin, dialer)
        assert twin.begun == []
        with town.work.read() as request:
            ended = request.db.get(Broadcast, made)
            assert 600 <= (ended.finished_at - ended.launched_at).total_seconds() < 620
            found = {r.name: (r.outcome.value, r.outcome_ground) for r in ended.recipients}
        assert found == {
            "人0": ("acknowledged", ""), "人1": ("not_called", "no_mobile"), "人2": ("not_reached", "no_reply"),
        }  # fmt: skip

    def test_it_ends_when_all_have_answered_and_who_is_asked_for_is_called(self, post):
        town = post.town
        post.launch(SmsWhen.ALONE)
        with town.work.write() as request:
            assert request.find_service(Broadcasts).call_again(post.recipient("人2"))
        twin = town.twin()
        dialer = town.dialer(twin)
        town.play(twin, dialer, until=lambda: bool(twin.begun))
        for name in ("人0", "人1"):
            post.acknowledge(name)
        town.play(twin, dialer)
        assert [number for _at, number, _gateway, _uuid in twin.begun] == ["13800000020"]
        assert town.outcomes() == dict.fromkeys(("人0", "人1", "人2"), "acknowledged")


class TestAfter:
    def test_only_to_whom_the_calls_have_not_reached(self, post, manner):
        town = post.town
        post.launch(SmsWhen.AFTER)
        post.write()
        assert post.states() == []
        twin = town.twin(lambda number, nth: manner(cause="USER_BUSY") if number.startswith("1380000001") else manner())
        town.play(twin, town.dialer(twin))
        post.write()
        with town.work.read() as request:
            assert [row.recipient.name for row in request.db.scalars(select(TextMessage))] == ["人1"]

    def test_whoever_is_used_up_need_not_wait_for_the_others(self, post, manner):
        town = post.town
        made = post.launch(SmsWhen.AFTER, rounds=1)
        town_script = {"1": manner(cause="USER_BUSY", ring=1.0), "0": manner(ring=25.0)}
        twin = town.twin(lambda number, nth: town_script["1" if number.startswith("1380000001") else "0"])
        town.play(
            twin,
            town.dialer(twin),
            until=lambda: twin.calls["13800000010"] + twin.calls["13800000011"] == 2 and town.clock.gone > 10,
        )
        post.write()
        with town.work.read() as request:
            assert [row.recipient.name for row in request.db.scalars(select(TextMessage))] == ["人1"]
            assert request.db.get(Broadcast, made).state is BroadcastState.RUNNING


class TestNever:
    def test_nobody_is_written_to(self, post):
        post.launch(SmsWhen.NEVER)
        post.write()
        assert post.states() == []


class TestWithdrawing:
    def test_what_is_not_sent_yet_is_taken_back(self, post):
        made = post.launch(SmsWhen.WITH)
        post.write()
        post.acknowledge("人1")
        post.write()
        assert post.states() == ["written", "withdrawn", "written"]
        with post.town.work.write() as request:
            request.db.get(Broadcast, made).state = BroadcastState.STOPPED
        post.write()
        assert post.states() == ["withdrawn"] * 3
