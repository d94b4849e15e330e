from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.interfaces import SwitchError
from dutycenter.switch import replies

STATUS = """UP 0 years, 1 day, 2 hours, 3 minutes, 45 seconds, 588 milliseconds, 809 microseconds
FreeSWITCH (Version 1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit) is ready
16 session(s) since startup
7 session(s) - peak 9, last 5min 3
0 session(s) per Sec out of max 300, peak 4, last 5min 4
2000 session(s) max
"""
GATEWAY = (
    "====\nName    \tpstn\nProfile \ttrunk\nState   \tNOREG\nStatus  \tUP\nCallsOUT\t15\nFailedCallsOUT\t9\n====\n"
)


class TestStatus:
    def test_it_reads_the_switch(self) -> None:
        status = replies.status(STATUS)
        assert (status.version, status.sessions, status.sessions_max, status.sessions_per_second) == (
            "1.10.12-release", 7, 2000, 300,
        )  # fmt: skip
        assert status.uptime == pytest.approx(86400 + 2 * 3600 + 3 * 60 + 45.588)

    @given(st.text())
    def test_anything_else_is_said_to_be_unreadable(self, text: str) -> None:
        with pytest.raises(SwitchError):
            replies.status(text)


class TestGateway:
    def test_it_reads_one_that_is_up(self) -> None:
        gateway = replies.gateway("pstn", GATEWAY)
        assert (gateway.known, gateway.up, gateway.calls_out, gateway.failed_calls_out) == (True, True, 15, 9)

    @pytest.mark.parametrize(("state", "status"), [("NOREG", "DOWN (ping)"), ("FAIL_WAIT", "UP"), ("TRYING", "UP")])
    def test_one_that_cannot_call_is_not_up(self, state: str, status: str) -> None:
        gateway = replies.gateway("pstn", GATEWAY.replace("NOREG", state).replace("\tUP", f"\t{status}"))
        assert (gateway.known, gateway.up) == (True, False)

    def test_an_unknown_one_is_unknown(self) -> None:
        assert not replies.gateway("nosuch", "Invalid Gateway!\n").known


class TestChannels:
    def test_none_are_none(self) -> None:
        assert replies.channels('{"row_count": 0}\n') == []

    def test_it_reads_a_row_whatever_a_caller_is_called(self) -> None:
        (channel,) = replies.channels(
            '{"row_count":1,"rows":[{"uuid":"a","direction":"inbound","cid_num":"x\ny","dest":"1"}]}'
        )
        assert (channel.channel_uuid, channel.caller_number, channel.callstate) == ("a", "x\ny", "")

    @pytest.mark.parametrize("text", ["", "-ERR", "[]", '{"rows": 1}', '{"rows": [1]}', "null"])
    def test_anything_else_is_said_to_be_unreadable(self, text: str) -> None:
        with pytest.raises(SwitchError):
            replies.channels(text)
