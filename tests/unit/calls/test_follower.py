"""What the switch says of a hotline call, told in its own headers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dutycenter.calls.follower import reconcile
from dutycenter.calls.models import Call, CallParty, Desk, Leg, Recording
from dutycenter.calls.pulls import Pulls
from dutycenter.calls.queue import Desks
from dutycenter.calls.services import Calls
from dutycenter.interfaces import Channel, SwitchEvent
from dutycenter.ledger.models import LedgerEntry
from dutycenter.vocabulary import CallResult, CallState, RecordingKind, RecordingState
from dutycenter.work import Work

Follow = Callable[[Iterable[SwitchEvent]], None]

T0 = datetime(2026, 11, 23, 12, 38, 28, tzinfo=UTC)
CALLER, DESK = "067b7c1a-12d3-4748-bb2f-e4f256c2f5ed", "a1ab733e-8351-4b9f-82fb-b7909c0ce663"
IN = {"Call-Direction": "inbound", "Caller-Context": "public", "Caller-Caller-ID-Number": "13800138000",
      "Caller-Destination-Number": "07318888"}  # fmt: skip
OUT = {"Call-Direction": "outbound", "Caller-Destination-Number": "13800002003",
       "variable_sip_gateway_name": "pstn", "variable_cc_member_session_uuid": CALLER, "variable_cc_agent": "1001"}  # fmt: skip


def event(second: float, name: str, channel: str, **headers: str) -> SwitchEvent:
    known = IN if channel == CALLER else OUT if channel == DESK else {}
    plain = {name.replace("_", "-") if not name.startswith("variable") else name: v for name, v in headers.items()}
    return SwitchEvent(name, channel, T0 + timedelta(seconds=second), {**known, **plain})


def queue(second: float, action: str, **headers: str) -> SwitchEvent:
    return event(second, "callcenter::info", "", CC_Action=action, **{"CC_Member_Session_UUID": CALLER, **headers})


RECORDING = f"/var/lib/rec/{CALLER}.wav"
HOTLINE_CALL = [
    event(0, "CHANNEL_CREATE", CALLER),
    event(0.02, "CHANNEL_ANSWER", CALLER),
    event(0.08, "RECORD_START", CALLER, Record_File_Path=RECORDING),
    queue(2, "member-queue-start"),
    queue(2.1, "agent-offering", CC_Agent="1001"),
    event(2.1, "CHANNEL_CREATE", DESK),
    event(3.5, "CHANNEL_ANSWER", DESK),
    queue(3.6, "bridge-agent-start", CC_Agent="1001", CC_Agent_UUID=DESK),
    event(3.7, "CHANNEL_BRIDGE", CALLER, Bridge_A_Unique_ID=CALLER, Bridge_B_Unique_ID=DESK, variable_cc_agent="1001"),
    event(12, "CHANNEL_HANGUP_COMPLETE", DESK, Hangup_Cause="NORMAL_CLEARING"),
    event(12, "RECORD_STOP", CALLER, Record_File_Path=RECORDING),
    event(12.1, "CHANNEL_HANGUP_COMPLETE", CALLER, Hangup_Cause="NORMAL_CLEARING"),
    queue(12.2, "bridge-agent-end", CC_Agent="1001"),
    queue(12.2, "member-queue-end"),
]


def the_call(work: Work) -> Call:
    with work.read() as request:
        return request.db.scalars(select(Call).where(Call.channel_uuid == CALLER)).one()


class TestHotlineCall:
    def test_it_is_followed_to_its_end(self, work: Work, follow: Follow) -> None:
        follow(HOTLINE_CALL)
        call = the_call(work)
        assert (call.caller_number, call.called_number) == ("13800138000", "07318888")
        assert (call.state, call.result, call.desk) == (CallState.ENDED, CallResult.ANSWERED, "1001")
        assert (call.arrived_at, call.queued_at) == (T0, T0 + timedelta(seconds=2))
        assert (call.answered_at, call.ended_at) == (T0 + timedelta(seconds=3.6), T0 + timedelta(seconds=12.1))
        with work.read() as request:
            recording = request.db.scalars(select(Recording)).one()
            assert (recording.file_name, recording.call_id) == (f"{CALLER}.wav", call.id)
            assert (recording.state, recording.kind) == (RecordingState.STOPPED, RecordingKind.CALL)
            assert {leg.channel_uuid: leg.number for leg in request.db.scalars(select(Leg))} == {
                CALLER: "13800138000",
                DESK: "1001",
            }

    def test_it_rings_at_the_desk_that_the_queue_chose(self, work: Work, switch: Any, follow: Follow) -> None:
        follow(HOTLINE_CALL[:6])
        call = the_call(work)
        assert (call.state, call.desk, call.desk_channel_uuid) == (CallState.RINGING, "1001", DESK)

    def test_it_rings_when_the_dialplan_alone_calls_the_desks(self, work: Work, switch: Any, follow: Follow) -> None:
        rings = SwitchEvent(
            "CHANNEL_CREATE", DESK, T0,
            {"Call-Direction": "outbound", "Caller-Destination-Number": "1002", "Other-Type": "originator",
             "Other-Leg-Unique-ID": CALLER, "variable_dialed_user": "1002"},
        )  # fmt: skip
        follow([HOTLINE_CALL[0], rings])
        call = the_call(work)
        assert (call.state, call.desk) == (CallState.RINGING, "1002")

    def test_the_desk_that_takes_another_rings_no_more_once_the_switch_can_ring_it_for_them(
        self, work: Work, switch: Any, officers: tuple[int, int], follow: Follow
    ) -> None:
        other, dropped = str(uuid.uuid4()), []
        switch.up = [channel(one) for one in (CALLER, DESK, other)]
        switch.press = lambda *_: None
        switch.drop = lambda channel, cause: dropped.append((channel, cause))
        came = SwitchEvent("CHANNEL_CREATE", other, T0, {**IN, "Caller-Caller-ID-Number": "13900139000"})
        follow(
            [*HOTLINE_CALL[:6], came, queue(2.5, "member-queue-start", CC_Member_Session_UUID=other, CC_Queue="duty")]
        )
        with work.write() as request:
            waiting = request.db.scalars(select(Call).where(Call.channel_uuid == other)).one()
            request.find_service(Pulls).pull(waiting.id, officers[0], "1001")
        follow([queue(3, "member-queue-start", CC_Member_Session_UUID=other, CC_Queue="duty-1001")])
        assert dropped == [], "the switch would ring it for the first caller again"
        follow(
            [
                queue(3, "members-count", CC_Queue=name, CC_Count=count)
                for name, count in (("duty", "1"), ("duty-1001", "0"))
            ]
        )
        assert dropped == []
        follow([queue(3, "members-count", CC_Queue="duty-1001", CC_Count="1")])
        assert dropped == [(DESK, "ORIGINATOR_CANCEL")]

    def test_events_that_are_no_events_are_left_out(self, work: Work, switch: Any, follow: Follow) -> None:
        broken = [
            event(1, "RECORD_START", CALLER, Record_File_Path="/etc/../passwd"),
            SwitchEvent("CHANNEL_CREATE", "no channel!", T0, IN),
            event(1, "callcenter::info", "", CC_Action="member-queue-start"),
        ]
        follow([*broken, *HOTLINE_CALL])
        assert the_call(work).result is CallResult.ANSWERED


class TestOtherLegs:
    def test_a_telephone_of_the_house_that_calls_out_is_no_hotline_call(
        self, work: Work, switch: Any, follow: Follow
    ) -> None:
        inside = {**IN, "Caller-Context": "dutycenter", "Caller-Caller-ID-Number": "1001"}
        follow([SwitchEvent("CHANNEL_CREATE", DESK, T0, inside)])
        with work.read() as request:
            assert request.db.scalars(select(Call)).all() == []
            assert request.db.get(Leg, DESK) is not None

    def test_of_a_broadcast_only_what_is_recorded_is_taken(self, work: Work, switch: Any, follow: Follow) -> None:
        attempt = str(uuid.uuid4())
        headers = {"Call-Direction": "outbound", "variable_dc_attempt": attempt, "Hangup-Cause": "NORMAL_CLEARING",
                   "Record-File-Path": f"/rec/{attempt}.wav"}  # fmt: skip
        names = ("CHANNEL_CREATE", "CHANNEL_ANSWER", "RECORD_START", "RECORD_STOP", "CHANNEL_HANGUP_COMPLETE")
        follow([SwitchEvent(name, attempt, T0, headers) for name in names])
        with work.read() as request:
            leg = request.db.scalars(select(Leg)).one()
            assert (leg.attempt_id, leg.ended_at, leg.call_id) == (attempt, T0, None)
            recording = request.db.scalars(select(Recording)).one()
            assert (recording.kind, recording.attempt_id) == (RecordingKind.NOTICE, attempt)
            assert recording.state is RecordingState.STOPPED


def channel(uuid: str) -> Channel:
    return Channel(uuid, "inbound", "CS_EXECUTE", "ACTIVE", "07318888", "13900139000", "callcenter", uuid)


class TestReconcile:
    def test_calls_that_are_not_up_any_more_are_ended(self, work: Work, switch: Any, follow: Follow) -> None:
        follow(HOTLINE_CALL[:8])
        reconcile(work)
        with work.read() as request:
            call = request.db.scalars(select(Call)).one()
            assert (call.state, call.result, call.hangup_cause) == (CallState.ENDED, CallResult.ANSWERED, "LOST")
            assert all(leg.ended_at for leg in request.db.scalars(select(Leg)))
            assert request.db.scalars(select(Recording)).one().state is RecordingState.STOPPED

    def test_calls_that_are_up_are_left_alone(self, work: Work, switch: Any, follow: Follow) -> None:
        follow(HOTLINE_CALL[:3])
        switch.up = [channel(CALLER)]
        reconcile(work)
        with work.read() as request:
            assert request.db.scalars(select(Call)).one().ended_at is None
            assert request.db.scalars(select(Recording)).one().state is RecordingState.RECORDING

    def test_calls_that_came_while_nobody_followed_are_written_down(
        self, work: Work, switch: Any, follow: Follow
    ) -> None:
        switch.up = [channel(CALLER)]
        reconcile(work)
        with work.read() as request:
            call = request.db.scalars(select(Call)).one()
            assert (call.caller_number, call.state) == ("13900139000", CallState.ARRIVING)
            assert Path(request.db.scalars(select(Recording)).one().file_name).stem == CALLER

    def test_a_desk_that_began_to_ring_while_nobody_followed_can_be_answered_from_the_page(
        self, work: Work, switch: Any, follow: Follow, officers: tuple[int, int]
    ) -> None:
        def rings(uuid: str, member: str) -> Channel:
            named = "1001%duty.local"  # as the switch names a registered telephone
            return Channel(uuid, "outbound", "CS_CONSUME_MEDIA", "RINGING", named, "13900139000", "", member)

        called = str(uuid.uuid4())
        switch.up = [channel(CALLER), rings(DESK, CALLER), rings(called, called)]
        for _ in range(2):
            reconcile(work)
        with work.read() as request:
            (waiting,) = request.find_service(Desks).waiting("1001")
            assert (waiting.call.state, waiting.desk_channel_uuid) == (CallState.RINGING, DESK)
            assert request.db.get(Leg, called) is None
            assert len(request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "call.ringing")).all()) == 1

    def test_nothing_is_ended_when_the_switch_cannot_be_asked(self, work: Work, switch: Any, follow: Follow) -> None:
        follow(HOTLINE_CALL[:3])
        switch.away = True
        reconcile(work)
        with work.read() as request:
            assert request.db.scalars(select(Call)).one().ended_at is None

    def test_what_was_written_after_the_switch_was_asked_is_left_alone(
        self, work: Work, switch: Any, follow: Follow
    ) -> None:
        with work.write() as request:
            request.find_service(Calls).arrive(CALLER, "13800138000", "07318888")
        reconcile(work)
        with work.read() as request:
            assert request.db.scalars(select(Call)).one().ended_at is None

    def test_the_desks_statuses_are_told_again(self, work: Work, switch: Any, follow: Follow) -> None:
        with work.write() as request:
            request.db.add(Desk(extension="1001", status="On Break", since=T0))
        follow(HOTLINE_CALL[:1])
        assert switch.statuses == [("1001", "On Break")]


class TestDeskCalls:
    def test_a_desk_that_dials_by_itself_is_no_call_of_the_hotline(self, work: Work, follow: Follow) -> None:
        dials, rings = str(uuid.uuid4()), str(uuid.uuid4())
        inside = {"Call-Direction": "inbound", "Caller-Context": "desks", "Caller-Destination-Number": "13800002003"}
        outside = {"Call-Direction": "outbound", "Other-Type": "originator", "Other-Leg-Unique-ID": dials, "Caller-Destination-Number": "13800002003"}  # fmt: skip
        follow(
            [
                SwitchEvent("CHANNEL_CREATE", dials, T0, inside),
                SwitchEvent("CHANNEL_CREATE", rings, T0, outside),
                SwitchEvent("CHANNEL_HANGUP_COMPLETE", rings, T0, {**outside, "Hangup-Cause": "NO_ANSWER"}),
            ]
        )
        with work.read() as request:
            assert request.db.scalars(select(Call)).all() == []

    def test_somebody_whose_leg_the_switch_never_made_rings_no_more(
        self, work: Work, follow: Follow, switch: Any
    ) -> None:
        follow(HOTLINE_CALL[:9])
        guest, other = str(uuid.uuid4()), str(uuid.uuid4())
        switch.up = [Channel(one, "", "", "", "", "", "", one) for one in (CALLER, DESK, guest)]
        with work.write() as request:
            call = request.db.scalars(select(Call)).one()
            party = CallParty(call_id=call.id, channel_uuid=guest, part="joins", number="13800000009", asked_at=T0)
            leg = Leg(channel_uuid=guest, direction="outbound", call_id=call.id, number="13800000009", created_at=T0)
            request.db.add_all([party, leg])

        def job(channel: str, body: str, more: str = "") -> SwitchEvent:
            told = f"{{origination_uuid={channel}{more}}}sofia/gateway/pstn/13800000009"
            headers = {"Job-Command": "originate", "Job-Command-Arg": told}
            return SwitchEvent("BACKGROUND_JOB", channel, T0 + timedelta(seconds=9), headers, body)

        follow([
            job(guest, f"+OK {guest}\n"),
            job(other, "-ERR NO_ANSWER\n", f",dc_attempt={other}"),
            job(other, "-ERR NO_ANSWER\n"),
        ])  # fmt: skip
        with work.read() as request:
            assert request.db.scalars(select(CallParty)).one().left_at is None
            assert request.db.get(Leg, other) is None, "what this follower did not write down it does not invent"
        follow([job(guest, "-ERR GATEWAY_DOWN\n")] * 2)
        with work.read() as request:
            party, leg = request.db.scalars(select(CallParty)).one(), request.db.get_one(Leg, guest)
            assert (party.ended_because, leg.hangup_cause) == ("GATEWAY_DOWN", "GATEWAY_DOWN")
            assert leg.ended_at is not None
            said = select(LedgerEntry).where(LedgerEntry.action == "call.party_not_reached")
            assert len(request.db.scalars(said).all()) == 1
        assert the_call(work).state is CallState.TALKING

    def test_a_desk_takes_over_once_it_is_bridged_however_often_that_is_said(
        self, work: Work, follow: Follow, switch: Any
    ) -> None:
        follow(HOTLINE_CALL[:9])
        taker = str(uuid.uuid4())
        switch.up = [Channel(one, "", "", "", "", "", "", one) for one in (CALLER, DESK, taker)]
        with work.write() as request:
            call = request.db.scalars(select(Call)).one()
            party = CallParty(call_id=call.id, channel_uuid=taker, part="takes_over", number="1002", asked_at=T0)
            request.db.add_all(
                [party, Leg(channel_uuid=taker, direction="outbound", call_id=call.id, number="1002", created_at=T0)]
            )
        bridge = SwitchEvent("CHANNEL_BRIDGE", taker, T0 + timedelta(seconds=9), {
            "Caller-Context": "dutycenter", "Bridge-A-Unique-ID": taker, "Bridge-B-Unique-ID": CALLER,
        })  # fmt: skip
        gone = event(9.1, "CHANNEL_HANGUP_COMPLETE", DESK, Hangup_Cause="PICKED_OFF")
        follow([SwitchEvent("CHANNEL_ANSWER", taker, T0 + timedelta(seconds=8), {}), bridge, gone, bridge])
        call = the_call(work)
        assert (call.desk, call.desk_channel_uuid, call.state) == ("1002", taker, CallState.TALKING)
        follow([event(20, "CHANNEL_HANGUP_COMPLETE", CALLER, Hangup_Cause="NORMAL_CLEARING")])
        with work.read() as request:
            handed = select(LedgerEntry).where(LedgerEntry.action == "call.handed_over")
            assert len(request.db.scalars(handed).all()) == 1
        assert the_call(work).result is CallResult.ANSWERED
