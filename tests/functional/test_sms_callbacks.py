"""What the gateway's reports and replies may do, and who may send them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcast.models import Broadcast, Recipient
from broadcast.sms.models import TextMessage, TextReply
from dutycenter.interfaces import IClock
from dutycenter.secret import secret_key
from dutycenter.vocabulary import BroadcastState, Role, SmsState

REFERENCE = "00000000-0000-4000-8000-000000000001"
LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def gateway(site):
    """A text that the gateway has, and the gateway's side of the wire."""
    with site.work.write() as request:
        now = request.find_service(IClock).now()
        broadcast = Broadcast(title="x", message="x", state=BroadcastState.RUNNING, created_at=now, launched_at=now)
        broadcast.recipients = [Recipient(name="王建国")]
        request.db.add(broadcast)
        request.db.flush()
        request.db.add(
            TextMessage(
                reference=REFERENCE, broadcast_id=broadcast.id, recipient_id=broadcast.recipients[0].id,
                number="13800000001", text="x", parts=1, state=SmsState.ACCEPTED, written_at=now,
            )
        )  # fmt: skip
    token = secret_key(site.work.settings.sms_callback_token_file)
    site.report = lambda query, status=200, token=token, **env: site.browser().get(
        f"/sms/report/{token}?{query}", status=status, extra_environ=LOCAL | env
    )
    site.reply = lambda query, body=b"1", status=200, token=token, **env: site.browser().post(
        f"/sms/reply/{token}?{query}", params=body, status=status, extra_environ=LOCAL | env,
        headers={"Content-Type": "text/plain"},
    )  # fmt: skip
    return site


def state(site) -> tuple[SmsState, str]:
    with site.work.read() as request:
        row = request.db.scalars(select(TextMessage)).one()
        return row.state, row.detail


class TestReports:
    def test_they_come_in_any_order_and_any_number_of_times(self, gateway):
        for kind in (1, 8, 1, 16, 2, 1):
            assert gateway.report(f"ref={REFERENCE}&type={kind}&said=ACK%2F").body == b""
        assert state(gateway)[0] is SmsState.DELIVERED

    def test_what_failed_says_why(self, gateway):
        gateway.report(f"ref={REFERENCE}&type=2&said=NACK%2F0x0b%0A%00%3Cb%3E")
        assert state(gateway) == (SmsState.FAILED, "NACK/0x0b  <b>")

    @pytest.mark.parametrize(
        "query",
        ["", "ref=1&type=1", f"ref={REFERENCE}", f"ref={REFERENCE}&type=3", f"ref={REFERENCE}&type=-1",
         f"ref={REFERENCE}&type=%D9%A1", "ref='+OR+1=1--&type=1"],
    )  # fmt: skip
    def test_what_is_no_report_changes_nothing(self, gateway, query):
        gateway.report(query, status=400)
        assert state(gateway)[0] is SmsState.ACCEPTED

    def test_a_report_of_somebody_elses_text_is_taken_calmly(self, gateway):
        gateway.report(f"ref={REFERENCE[:-1]}2&type=1")
        assert state(gateway)[0] is SmsState.ACCEPTED


class TestReplies:
    def test_one_acknowledges(self, gateway):
        assert gateway.reply("from=13800000001&id=a").body == b""
        with gateway.work.read() as request:
            assert request.db.scalars(select(Recipient)).one().acknowledged_at is not None

    @pytest.mark.parametrize(
        ("body", "how", "text"),
        [
            ("收到".encode(), "charset=UTF-8&coding=2", "收到"),
            ("收到".encode("utf-16-be"), "charset=UTF-16BE&coding=2", "收到"),
            ("收到".encode("utf-16-be"), "charset=&coding=2", "收到"),
            (b"\xff\xfe\x00<script>", "charset=UTF-8&coding=0", "\ufffd\ufffd <script>"),
        ],
    )
    def test_the_words_are_read_as_they_were_sent(self, gateway, body, how, text):
        gateway.reply(f"from=13800000001&id=a&{how}", body)
        with gateway.work.read() as request:
            assert request.db.scalars(select(TextReply)).one().text == text

    @pytest.mark.parametrize("query", ["", "from=&id=1", f"from=1&id={'x' * 65}"])
    def test_what_has_no_sender_is_refused(self, gateway, query):
        gateway.reply(query, status=400)

    def test_nothing_endless_is_read(self, gateway):
        gateway.reply("from=13800000001&id=a", b"x" * 8001, status=400)


class TestWhoMay:
    @pytest.mark.parametrize(
        "stranger",
        [{"token": "0" * 64}, {"token": "%E6%B0%B4"}, {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": ""},
         {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
         {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}],
    )  # fmt: skip
    def test_neither_a_wrong_secret_nor_a_strange_address(self, gateway, stranger):
        gateway.report(f"ref={REFERENCE}&type=1", status=403, **stranger)
        gateway.reply("from=13800000001&id=a", status=403, **stranger)
        assert state(gateway)[0] is SmsState.ACCEPTED
        with gateway.work.read() as request:
            assert request.db.scalar(select(TextReply.id)) is None


class TestPreview:
    def test_it_counts_the_whole_text_as_it_goes_out(self, site):
        browser = site.logged_in(Role.OFFICER)
        token = browser.get("/account").html.find("meta", {"name": "csrf-token"})["content"]
        ask = {"csrf_token": token, "message": "水" * 70, "exercise": "yes"}
        page = browser.post("/broadcasts/sms/preview", ask)
        assert "2 parts" in page
        assert "【演练】水水" in page
        assert page.text.count("<p") == 2
        assert browser.post("/broadcasts/sms/preview", ask | {"message": " "}).text.strip() == ""

    def test_only_the_desk_asks(self, site):
        browser = site.logged_in(Role.AUDITOR)
        token = browser.get("/account").html.find("meta", {"name": "csrf-token"})["content"]
        browser.post("/broadcasts/sms/preview", {"csrf_token": token}, status=403)
