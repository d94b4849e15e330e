"""Whose a text is that comes in, and what it does."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from broadcast.models import Broadcast, Receipt, Recipient
from broadcast.sms.models import TextMessage, TextReply
from broadcast.sms.replies import Replies
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import SmsWhen


def takes(post, number: str, text: str, gateway_id: str = "") -> None:
    with post.town.work.write() as request:
        count = request.db.scalar(select(func.count()).select_from(TextReply))
        request.find_service(Replies).take(gateway_id or f"id-{count}", number, text)


def reply(post, index: int = -1) -> tuple[str | None, str, str]:
    with post.town.work.read() as request:
        row = request.db.scalars(select(TextReply).order_by(TextReply.id)).all()[index]
        return row.recipient and row.recipient.name, row.meaning.value, row.text


@pytest.fixture
def sent(post):
    """Three texts, taken by the gateway."""
    post.made = post.launch(SmsWhen.WITH)
    post.write()
    post.sender().run()
    return post


class TestOneWhomWeWroteTo:
    @pytest.mark.parametrize("number", ["13800000010", "+8613800000010", "8613800000010", "0086 138 0000 0010"])
    def test_one_acknowledges(self, sent, number):
        takes(sent, number, " 1。")
        assert reply(sent) == ("人1", "acknowledge", "1。")
        assert sent.town.outcomes() == {"人0": None, "人1": "acknowledged", "人2": None}
        with sent.town.work.read() as request:
            assert [(r.kind, r.means, r.key) for r in request.db.scalars(select(Receipt))] == [
                ("acknowledged", "sms", "1")
            ]

    def test_four_declines(self, sent):
        takes(sent, "13800000010", "4")
        assert sent.town.outcomes()["人1"] == "declined"

    def test_a_later_yes_wins_once(self, sent):
        for said in ("4", "1", "4", "1"):
            takes(sent, "13800000010", said)
        assert sent.town.outcomes()["人1"] == "acknowledged"
        with sent.town.work.read() as request:
            assert [r.kind for r in request.db.scalars(select(Receipt).order_by(Receipt.id))] == [
                "declined", "acknowledged",
            ]  # fmt: skip

    def test_minutes_and_the_arrival_itself(self, post):
        made = post.launch(SmsWhen.WITH, ask_arrival=True)
        other = post.launch(SmsWhen.WITH)
        post.write()
        post.sender().run()
        takes(post, "13800000010", "1,20分钟到")
        takes(post, "13800000010", "已到")
        with post.town.work.read() as request:
            rows = {r.broadcast_id: r for r in request.db.scalars(select(Recipient).where(Recipient.name == "人1"))}
            assert (rows[made].arrives_in_minutes, rows[made].arrived_at) == (20, post.town.clock.now())
            assert rows[other].acknowledged_at is None
            texts = {t.broadcast_id: t.text for t in request.db.scalars(select(TextMessage))}
            assert "已到" in texts[made]
            assert "已到" not in texts[other]

    def test_other_words_are_kept_for_people_and_change_nothing(self, sent):
        takes(sent, "13800000010", "收到,但来不了")
        assert reply(sent) == ("人1", "other", "收到,但来不了")
        assert sent.town.outcomes()["人1"] is None
        with sent.town.work.read() as request:
            entry = request.db.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc())).first()
            assert (entry.action, entry.subject) == ("broadcast.text_received", f"broadcast:{sent.made}")

    def test_the_same_text_twice_is_one(self, sent):
        second = sent.launch(SmsWhen.WITH)
        sent.write()
        sent.sender().run()
        for _ in range(2):
            takes(sent, "13800000010", "1", "kannel-77")
        with sent.town.work.read() as request:
            rows = request.db.scalars(select(Recipient).where(Recipient.name == "人1").order_by(Recipient.id)).all()
            assert [r.broadcast_id for r in rows if r.acknowledged_at] == [second], "only the newest"
        takes(sent, "13800000010", "1", "kannel-78")
        with sent.town.work.read() as request:
            rows = request.db.scalars(select(Recipient).where(Recipient.name == "人1")).all()
            assert all(r.acknowledged_at for r in rows), "then the one before"

    def test_it_may_come_from_another_number_of_theirs(self, sent):
        takes(sent, "13800000011", "1")
        assert sent.town.outcomes()["人1"] == "acknowledged"

    def test_a_late_one_still_counts(self, sent):
        with sent.town.work.write() as request:
            broadcast = request.db.get(Broadcast, sent.made)
            broadcast.finished_at = sent.town.clock.now()
        sent.town.clock.sleep(3600)
        takes(sent, "13800000010", "1")
        with sent.town.work.read() as request:
            assert request.db.get(Recipient, sent.recipient("人1")).acknowledged_at == sent.town.clock.now()


class TestStrangers:
    def test_whom_we_did_not_write_to_is_on_record_and_does_nothing(self, sent):
        takes(sent, "13999999999", "1")
        assert reply(sent) == (None, "acknowledge", "1")
        assert set(sent.town.outcomes().values()) == {None}

    def test_a_text_that_was_never_sent_cannot_be_answered(self, post):
        post.launch(SmsWhen.WITH)
        post.write()
        takes(post, "13800000010", "1")
        assert set(post.town.outcomes().values()) == {None}

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(number=st.text(max_size=80), text=st.text(max_size=200))
    def test_hostile_ones_are_kept_as_text(self, sent, number, text):
        takes(sent, number, text)
        assert reply(sent)[0] is None
