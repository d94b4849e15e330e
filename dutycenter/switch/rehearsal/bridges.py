"""Two legs joined: the ``bridge`` application and what mod_callcenter does with an agent."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Callable
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal import legs
from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.describing import profile
from dutycenter.switch.rehearsal.originate import Call, new_leg, ring
from dutycenter.switch.rehearsal.people import Refusal
from dutycenter.switch.rehearsal.phone import Desk, Person
from dutycenter.switch.rehearsal.playing import play

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

FOREVER = 86400.0
CONFIRM_SECONDS = 5.0  # after the words, which then are said again
LEG_TIMEOUT = re.compile(r"leg_timeout=(\d+)")
OUTSIDE = re.compile(r"sofia/gateway/([^/]+)/(\d+)")
GIVEN = re.compile(r"\{([^}]*)\}")
VARIABLE = re.compile(r"([A-Za-z_]+)=([^,]*)")
CONTINUES = ("NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL")


def join(caller: Channel, callee: Channel, told: Callable[[], None] = lambda: None) -> None:
    """Let two legs hear each other until one hangs up; told as events of the first.

    Args:
        caller: its events tell of it.
        callee: the other one.
        told: called once CHANNEL_BRIDGE is out.

    Raises:
        Gone, Transferred: what ended it on the caller's side.
    """
    now = caller.now()
    for one, other, kind in ((caller, callee, "originatee"), (callee, caller, "originator")):
        one.partner, one.other_type = other, kind
        one.other = profile(other, index=False)
        one.times["Channel-Bridged"] = now
        for name in ("bridge_uuid", "signal_bond"):
            one.variables.set(name, other.uuid)
        one.variables.set("bridge_channel", other.name)
        other.watchers.append(one.wake)
    ids = [("Bridge-A-Unique-ID", caller.uuid), ("Bridge-B-Unique-ID", callee.uuid)]
    leading = "".join(f"{name}: {value}\n" for name, value in ids)
    caller.emit("CHANNEL_BRIDGE", leading=leading)
    caller.variables.set("last_bridge_to", callee.uuid)
    callee.variables.set("last_bridge_to", caller.uuid)
    told()
    caller.exchange.journal.write("bridge", caller.uuid, other=callee.uuid, number=callee.ani_number)
    for one in (caller, callee):
        one.variables.set("last_sent_callee_id_number", one.partner.far_number if one.partner else "")
        if one.phone is not None:
            one.phone.bridged()

    def over() -> bool:
        for one in (caller, callee):
            while one.keys:
                one.next_key()
        return bool(callee.cause)

    try:
        caller.wait(FOREVER, over)
    finally:
        caller.partner = callee.partner = None
        ended = caller.cause or callee.cause or "NORMAL_CLEARING"
        caller.variables.set("last_bridge_role", "originator")
        caller.variables.set("bridge_hangup_cause", ended)
        callee.variables.set("last_bridge_hangup_cause", ended)
        if callee.go_on is None:  # else it goes on elsewhere, too
            callee.hangup(ended)
        caller.emit("CHANNEL_UNBRIDGE", leading=leading)


class Bridges:
    """The ``bridge`` application."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def bridge(self, channel: Channel, data: str) -> str | None:
        """Ring desks and outside numbers: all at once with commas, one after another with bars.

        Targets are ``user/1001@domain`` and ``sofia/gateway/NAME/NUMBER``; variables in braces hold for all of them.
        """
        variables, data = _given(data)
        timeout = (
            variables.get("originate_timeout")
            or channel.variables["call_timeout"]
            or channel.variables["originate_timeout"]
        )
        whole = float(timeout) if timeout.isdigit() else 60.0
        cause = "USER_NOT_REGISTERED"
        for group in data.split("|"):
            limit = LEG_TIMEOUT.search(group)
            targets = [target for part in group.split(",") if (target := self._target(part.strip()))]
            if not targets:
                continue
            ringing = min(whole, float(limit.group(1))) if limit else whole
            callee, cause = self._ring_all(channel, targets, ringing, whole, variables)
            if callee is not None:
                self._talk(channel, callee)
                return None
        channel.variables.set("originate_disposition", cause)
        channel.variables.set("last_bridge_hangup_cause", cause)
        self._failed(channel, cause)
        return None

    def _target(self, part: str) -> tuple[str, str] | None:
        """Gateway (none: a desk) and number; None when nobody can be reached there."""
        outside = OUTSIDE.search(part)
        if outside:
            return (outside[1], outside[2]) if self._exchange.gateways.find(outside[1]) else None
        desk = part.rpartition("/")[2].partition("@")[0]
        return ("", desk) if desk in self._exchange.town.desks else None

    def _ring_all(
        self, channel: Channel, targets: list[tuple[str, str]], seconds: float, whole: float, variables: dict[str, str]
    ) -> tuple[Channel | None, str]:
        """Ring them ``seconds``; the one that answered, and took it by key, within ``whole``, or why none did."""
        legs_: list[Channel] = []
        for gateway, number in targets:
            call = Call(
                gateway, number, variables, caller=(channel.caller_number, channel.caller_name), timeout=seconds
            )
            leg = new_leg(self._exchange, variables.get("origination_uuid") or str(uuids.uuid4()), call)
            leg.call_uuid = channel.uuid
            leg.variables.set("call_uuid", channel.uuid)
            leg.watchers.append(channel.wake)
            refusal, after = None, 0.0
            if gateway:
                manner = self._exchange.town.people.called(number)
                Person(leg, manner)
                refusal, after = manner.refusal, manner.refuse_after
            else:
                Desk(leg, self._exchange.desk_answer(number))
            self._exchange.spawn(legs.live, leg, _waits(leg, seconds, refusal, after, channel.wake))
            legs_.append(leg)

        def winner() -> Channel | None:
            return next((leg for leg in legs_ if leg.accepted), None)

        cancelled = False

        def over() -> bool:
            nonlocal cancelled
            cancelled = cancelled or _cancels(channel)
            return cancelled or winner() is not None or all(leg.cause for leg in legs_)

        answered: Channel | None = None
        try:
            channel.wait(whole + 1, over)
            answered = None if cancelled else winner()
        finally:
            given_up = "ORIGINATOR_CANCEL" if channel.cause or cancelled else "NO_ANSWER"
            for leg in legs_:
                if leg is not answered:
                    leg.hangup("LOSE_RACE" if answered else given_up)
        return answered, "" if answered else next((leg.cause for leg in legs_ if leg.cause), "NO_ANSWER")

    def _talk(self, channel: Channel, callee: Channel) -> None:
        channel.variables.set("originate_disposition", "SUCCESS")
        channel.variables.set("DIALSTATUS", "SUCCESS")
        if channel.answer_state != "answered":
            channel.answered()
        join(channel, callee)
        if channel.variables["hangup_after_bridge"].lower() == "true":
            channel.hangup("NORMAL_CLEARING")

    def _failed(self, channel: Channel, cause: str) -> None:
        """Go on in the dialplan or hang up, as ``continue_on_fail`` says."""
        wished = channel.variables["continue_on_fail"]
        goes_on = (
            cause in CONTINUES if not wished else wished.lower() == "true" or cause.lower() in wished.lower().split(",")
        )
        if not goes_on:
            channel.hangup(cause)


def _given(data: str) -> tuple[dict[str, str], str]:
    """The variables in braces before the targets, and the targets."""
    match = GIVEN.match(data)
    return (dict(VARIABLE.findall(match[1])), data[match.end() :]) if match else ({}, data)


def _waits(
    leg: Channel, seconds: float, refusal: Refusal | None, after: float, told: Callable[[], None]
) -> Callable[[], None]:
    def body() -> None:
        if ring(leg, seconds, refusal, after):
            leg.check()
        if leg.phone is not None:
            leg.phone.answered()
        if not _confirms(leg):
            leg.hangup("NO_ANSWER")
            leg.check()
        leg.accepted = True
        told()
        leg.wait(FOREVER)

    return body


def _cancels(channel: Channel) -> bool:
    """Take the waiting keys up to the one that ends the ringing; without such a key they stay where they are."""
    cancel = channel.variables["origination_cancel_key"]
    while cancel and channel.keys:
        if channel.next_key() == cancel:
            return True
    return False


def _confirms(leg: Channel) -> bool:
    """Has whoever answered pressed the key that takes the call, where one is asked for (``group_confirm_key``)?"""
    key = leg.variables["group_confirm_key"]
    if not key:
        return True

    def pressed() -> bool:
        while leg.keys:
            if leg.next_key() == key:
                return True
        return False

    if leg.phone is not None:
        leg.phone.asked()
    clock, limit = leg.exchange.clock, leg.variables["group_confirm_timeout"]
    end = clock.monotonic() + (float(limit) if limit.isdigit() else CONFIRM_SECONDS)
    while clock.monotonic() < end:
        if play(leg, leg.variables["group_confirm_file"], pressed):
            return True
        if leg.wait(min(CONFIRM_SECONDS, max(0.0, end - clock.monotonic())), pressed):
            return True
    return False
