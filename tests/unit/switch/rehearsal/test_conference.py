"""A conference of the rehearsal switch against one that a real switch held: same events, same words."""

from __future__ import annotations

import json
import uuid
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from dutycenter.interfaces import InRoom
from dutycenter.settings import Settings
from dutycenter.switch.freeswitch import FreeSwitch, read_password
from tests.rehearsal_fixtures import RawSocket, rehearse_in

TRANSCRIPT = Path(__file__).parent / "transcripts" / "conference.jsonl"
REAL = [json.loads(one) for one in TRANSCRIPT.read_text(encoding="utf-8").splitlines()]
THEIR_ROOM = REAL[1]["sent"].split()[2]
A, B, C, ROOM = (str(uuid.uuid4()) for _ in range(4))
# The simulated legs have fewer of a SIP leg's own headers; the product reads none of these.
UNREAD = {"Channel-Presence-ID", "Event-Subclass"}


@dataclass
class Held:
    """The same conference as in the transcript, held on the rehearsal switch."""

    settings: Settings
    events: list[dict[str, str]] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    inside: list[list[InRoom]] = field(default_factory=list)


def _headers(body: str) -> dict[str, str]:
    pairs = (one.split(": ", 1) for one in body.splitlines() if ": " in one)
    return {name: unquote(value) for name, value in pairs}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    from dutycenter.settings import load

    settings = load({"voice": "silent", "var.dir": str(tmp_path_factory.mktemp("conference"))}, "/")
    with rehearse_in(settings, 5.0, people={"13800000000": "silent"}, desks_answer=0.2) as (_, there):
        told = Held(there)
        watch = RawSocket.inbound(there.switch_port, read_password(there.switch_password_file))
        watch.ask("event plain CUSTOM conference::maintenance")
        ask = RawSocket.inbound(there.switch_port, read_password(there.switch_password_file))
        switch = FreeSwitch(there.switch_host, there.switch_port, there.switch_password_file, keep=False)

        def api(command: str) -> None:
            told.replies.append((command, ask.api(f"conference {ROOM} {command}")))

        def until(action: str) -> None:
            while not told.events or told.events[-1]["Action"] != action:
                told.events.append(_headers(watch.frame()[1].decode()))

        def call(leg: str, url: str) -> None:
            variables = f"origination_uuid={leg},originate_timeout=30,conference_enforce_security=false"
            ask.ask(f"bgapi originate {{{variables}}}{url} room-{ROOM} XML dutycenter")
            told.events.append({"Action": ""})
            until("add-member")

        api("lock")
        call(A, "sofia/gateway/pstn/13800000000")
        until("start-recording")
        call(B, "user/1001@duty.local")
        told.inside.append(switch.conference(ROOM))
        api("mute 1")
        told.inside.append(switch.conference(ROOM))
        for command in ("mute 99", "unmute 1", "lock"):
            api(command)
        call(C, "sofia/gateway/pstn/13800000000")
        for command in ("unlock", "kick 1"):
            api(command)
        until("del-member")
        for command in ("kick 1", "kick all"):
            api(command)
        until("conference-destroy")
        api("kick all")
        told.inside.append(switch.conference(ROOM))
        told.events = [event for event in told.events if event["Action"]]
        yield told
        RawSocket.close_all()


def test_it_tells_the_same_in_the_same_order(held: Held) -> None:
    def steps(events: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [(e["Action"], e.get("Member-ID", "")) for e in events]

    real = [one["headers"] for one in REAL if "event" in one]
    assert steps(held.events) == steps(real)


def test_its_events_have_the_same_headers(held: Held) -> None:
    seen: dict[str, set[str]] = {}
    for event in held.events:
        seen.setdefault(event["Action"], set()).update(event)
    for one in REAL:
        if "event" in one:
            assert set(one["names"]) - UNREAD <= seen[one["event"]], one["event"]


def test_it_answers_in_the_same_words(held: Held) -> None:
    said: dict[str, list[str]] = {}
    for one in REAL:
        if "sent" in one:
            said.setdefault(one["sent"].split(" ", 3)[-1], []).append(
                one["reply"].removeprefix("SwitchError: ").replace(THEIR_ROOM, ROOM)
            )
    for command, reply in held.replies:
        assert reply.rstrip("\n") in said[command], command


def test_the_product_reads_who_is_in(held: Held) -> None:
    both, muted, nobody = held.inside
    assert {one.channel_uuid for one in both} == {A, B}
    assert [one.muted for one in both] == [False, False]
    assert {one.channel_uuid: one.muted for one in muted} == {A: True, B: False}
    assert nobody == []


def test_a_real_list_is_read() -> None:
    from dutycenter.switch.replies import in_room

    lists = [in_room(one["reply"]) for one in REAL if one.get("sent", "").endswith("json_list") and "[" in one["reply"]]
    assert [[(one.member, one.muted) for one in inside] for inside in lists] == [
        [(3, False), (1, False)],
        [(3, False), (1, True)],
    ]


def test_it_is_recorded_from_the_first_to_the_last(held: Held) -> None:
    path = held.settings.recordings_dir / f"{ROOM}.conference.wav"
    with wave.open(str(path), "rb") as file:
        assert file.getnframes() > 0


def test_an_event_of_a_room_costs_what_others_cost() -> None:
    """Names that are read of it are among those that ``read_event`` looks at."""
    event: Any = next(one for one in REAL if one.get("event") == "add-member")
    assert {"Conference-Name", "Action", "Member-ID", "Unique-ID", "Caller-Caller-ID-Number"} <= event["headers"].keys()
