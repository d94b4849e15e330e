"""``rehearsal …``: what the development page and the rehearsed story tell the simulated telephones to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dutycenter.switch.rehearsal import legs
from dutycenter.switch.rehearsal.audio import DTMF_TONES
from dutycenter.switch.rehearsal.numbers import is_number
from dutycenter.switch.rehearsal.people import USUAL, caller

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.channel import Channel
    from dutycenter.switch.rehearsal.exchange import Exchange

USAGE = """-USAGE: rehearsal call <number> <character> [json] | press <uuid> <key> | say <uuid> <text> | answer <uuid>
 | hangup <uuid> | phones | hand <number> | character <number> <character> | desk <number>|all hand|auto [seconds]
 | gateway <name> up|down | vanish <uuid> | clock
"""


class Story:
    """Answers the ``rehearsal`` command."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._known: dict[str, Callable[[str], str]] = {
            "call": self._call, "press": self._press, "say": self._say, "answer": self._answer,
            "hangup": self._hangup, "phones": self._phones, "hand": self._hand, "character": self._character,
            "desk": self._desk, "gateway": self._gateway, "vanish": self._vanish, "clock": self._clock,
        }  # fmt: skip

    def run(self, text: str) -> str:
        """The answer to ``rehearsal TEXT``."""
        verb, _, rest = text.partition(" ")
        known = self._known.get(verb)
        if known is None:
            return USAGE
        try:
            return known(rest.strip())
        except ValueError as error:
            return f"-ERR {error}\n"

    def _leg(self, uuid: str) -> Channel:
        channel = self._exchange.channels.get(uuid)
        if channel is None or channel.cause:
            raise ValueError("No such channel!")
        return channel

    def _call(self, rest: str) -> str:
        number, _, rest = rest.partition(" ")
        character, _, wishes = rest.strip().partition(" ")
        if not is_number(number):
            raise ValueError(f"{number} is no telephone number")
        wished: Any = json.loads(wishes) if wishes.strip() else {}
        if not isinstance(wished, dict):
            raise ValueError("the wishes must be a JSON object")
        called = str(wished.pop("called", self._exchange.town.hotline))
        manner = caller(character or "reports", wished)
        return f"+OK {legs.call_in(self._exchange, number, manner, called).uuid}\n"

    def _press(self, rest: str) -> str:
        uuid, _, key = rest.partition(" ")
        key = key.strip()
        if key not in DTMF_TONES:
            raise ValueError(f"there is no key {key}")
        self._leg(uuid).press(key)
        return "+OK\n"

    def _say(self, rest: str) -> str:
        uuid, _, text = rest.partition(" ")
        channel = self._leg(uuid)
        phone = channel.phone
        if phone is None:
            raise ValueError("nobody is there to speak")
        text = text.strip()[:200] or "喂,你好,请听我说。"
        # Made in a thread: the first time takes a moment, and other legs must not wait for it.
        self._exchange.aside(self._exchange.voices.say, text, phone.pitch())
        phone.say(text)
        return "+OK\n"

    def _answer(self, uuid: str) -> str:
        channel = self._leg(uuid)
        channel.picked_up = True
        channel.wake()
        return "+OK\n"

    def _hangup(self, uuid: str) -> str:
        channel = self._leg(uuid)
        answered = channel.answer_state == "answered"
        if channel.direction == "outbound" and not answered:
            channel.hangup("CALL_REJECTED", "recv_refuse")
        else:
            channel.hangup("NORMAL_CLEARING" if answered else "ORIGINATOR_CANCEL", "recv_bye")
        return "+OK\n"

    def _vanish(self, uuid: str) -> str:
        """The leg is gone and no event tells of it: a real switch under load loses one now and then."""
        channel = self._leg(uuid)
        channel.mute = True
        channel.hangup("NORMAL_CLEARING")
        return "+OK\n"

    def _phones(self, _: str) -> str:
        rows = [_row(channel) for channel in self._exchange.channels.values()]
        return json.dumps([row for row in rows if row], ensure_ascii=False)

    def _hand(self, number: str) -> str:
        return self._character(f"{number} hand")

    def _character(self, rest: str) -> str:
        number, _, character = rest.partition(" ")
        if not is_number(number):
            raise ValueError(f"{number} is no telephone number")
        people = self._exchange.town.people
        if not character:
            return f"+OK {people.character(number)}\n"
        if character == "usual":
            people.assigned.pop(number, None)
        elif character in (*USUAL, "hand"):
            people.assigned[number] = character
        else:
            raise ValueError(f"there is no character {character}; there are usual, hand, {', '.join(USUAL)}")
        return "+OK\n"

    def _desk(self, rest: str) -> str:
        words = rest.split()
        desks = self._exchange.town.desks
        if len(words) < 2 or words[1] not in ("hand", "auto") or (words[0] != "all" and words[0] not in desks):
            raise ValueError(f"expected a desk ({', '.join(desks)}) or all, then hand or auto and seconds")
        seconds = float(words[2]) if len(words) > 2 else 3.0
        for desk in desks if words[0] == "all" else (words[0],):
            self._exchange.desk_answers[desk] = None if words[1] == "hand" else seconds
        return "+OK\n"

    def _gateway(self, rest: str) -> str:
        name, _, state = rest.partition(" ")
        gateway = self._exchange.gateways.find(name)
        if gateway is None or state.strip() not in ("up", "down"):
            raise ValueError("expected a gateway's name, then up or down")
        gateway.up = state.strip() == "up"
        self._exchange.journal.write("gateway", gateway=name, up=gateway.up)
        return "+OK\n"

    def _clock(self, _: str) -> str:
        clock = self._exchange.clock
        return json.dumps({"now": clock.now().isoformat(), "speed": round(1 / clock.real(1), 3)})


def _row(channel: Channel) -> dict[str, Any] | None:
    phone = channel.phone
    if phone is None:
        return None
    answered = channel.times.get("Channel-Answered", 0)
    now = channel.now()
    if channel.cause:
        does = "gone"
    elif channel.partner is not None:
        does = "talking"
    elif channel.application == "callcenter":
        does = "queued"
    elif channel.application == "record":
        does = "message"
    elif channel.answer_state == "answered":
        does = "listening"
    else:
        does = "ringing"
    return {
        "uuid": channel.uuid, "kind": phone.kind, "number": channel.far_number, "by_hand": phone.by_hand, "does": does,
        "direction": channel.direction, "other": channel.partner.far_number if channel.partner else "",
        "shown": channel.orig_number if channel.direction == "outbound" else channel.ani_number,
        "seconds": max(0, (now - (answered or channel.times["Channel-Created"])) // 1_000_000),
        "hears": channel.hears, "said": phone.said, "pressed": channel.dialed + "".join(channel.keys),
    }  # fmt: skip
