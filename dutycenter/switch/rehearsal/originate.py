"""``originate``: a leg is made, the telephone rings, somebody answers or doesn't."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal import legs
from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.headers import (
    AGENT_REQUEST,
    OUTBOUND_AFTER,
    OUTBOUND_ANSWER,
    OUTBOUND_BEFORE,
    OUTBOUND_PROGRESS,
    OUTBOUND_SENT,
)
from dutycenter.switch.rehearsal.people import CALLERS, FULL, Manner, Refusal
from dutycenter.switch.rehearsal.phone import Desk, Person

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] "
    "[<timeout_sec>]\n"
)
VARIABLE = re.compile(r"([^=,]+)=('(?:[^']*)'|[^,]*)")


@dataclass(frozen=True)
class Call:
    """What is to be originated."""

    gateway: str  # empty: a desk of our own
    number: str
    variables: Mapping[str, str] = field(default_factory=dict)
    then: str = "&park()"  # extension, or &application(arguments)
    dialplan: str = "XML"
    context: str = "default"
    caller: tuple[str, str] = ("", "")  # number, name
    timeout: float = 60.0


class BadOriginate(ValueError):
    """The command cannot be read; ``str()`` is the switch's answer."""


def parse(text: str) -> Call:
    """The arguments of ``originate``.

    Raises:
        BadOriginate: with the switch's usage or error text.
    """
    text = text.strip()
    variables: dict[str, str] = {}
    if text.startswith("{"):
        end = _closing(text)
        if end < 0:
            raise BadOriginate("-ERR CHAN_NOT_IMPLEMENTED\n")
        inside, text = text[1:end], text[end + 1 :]
        variables = {name: value.strip("'") for name, value in VARIABLE.findall(inside)}
    url, _, rest = text.strip().partition(" ")
    match = re.match(r"&\w+(\(.*?\))?", rest)
    then = match.group() if match else rest.partition(" ")[0]
    arguments = [*rest[len(then) :].split(), "", "", "", "", ""]
    if not url or not then:
        raise BadOriginate(USAGE)
    parts = url.split("/")
    if len(parts) == 4 and parts[:2] == ["sofia", "gateway"]:
        gateway, number = parts[2], parts[3]
    elif len(parts) == 2 and parts[0] == "user":
        gateway, number = "", parts[1].partition("@")[0]
    else:
        raise BadOriginate("-ERR CHAN_NOT_IMPLEMENTED\n")
    timeout = variables.get("originate_timeout") or arguments[4]
    return Call(
        gateway, number, variables, then, arguments[0] or "XML", arguments[1] or "default",
        (variables.get("origination_caller_id_number") or arguments[3] or "0000000000",
         variables.get("origination_caller_id_name") or arguments[2]),
        float(timeout) if timeout.isdigit() else 60.0,
    )  # fmt: skip


def _closing(text: str) -> int:
    """Where the brace that opens the text is closed; -1 when it isn't."""
    depth = 0
    for at, sign in enumerate(text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0:
            return at
    return -1


def originate(exchange: Exchange, call: Call, result: Callable[[str], None]) -> None:
    """Make the leg; ``result`` is told once: ``+OK uuid`` or ``-ERR cause``, newline at the end."""
    uuid = call.variables.get("origination_uuid") or str(uuids.uuid4())
    exchange.journal.write("originate", uuid, number=call.number, gateway=call.gateway, variables=dict(call.variables))
    gateway = exchange.gateways.find(call.gateway) if call.gateway else None
    trouble = ""
    if uuid in exchange.channels or not exchange.admits():
        _refused(exchange, uuid, "DESTINATION_OUT_OF_ORDER", call, result)
        return
    if call.gateway and gateway is None:
        trouble = "INVALID_GATEWAY"
    elif gateway is not None and not gateway.up:
        trouble = "GATEWAY_DOWN"
        gateway.failed_out += 1
    elif not call.gateway and call.number not in exchange.town.desks:
        trouble = "USER_NOT_REGISTERED"
    if trouble:
        _stillborn(exchange, uuid)
        _refused(exchange, uuid, trouble, call, result)
        return
    channel = new_leg(exchange, uuid, call)
    refusal = None
    if gateway is not None:
        gateway.calls_out += 1
        if exchange.gateways.admits(gateway):
            gateway.busy += 1
            channel.watchers.append(lambda: _release(exchange, call.gateway))
        else:
            refusal = FULL
    told = Once(result)
    exchange.spawn(
        legs.live, channel, lambda: _dial(channel, call, told, refusal),
        lambda: told(f"-ERR {channel.cause}\n"),
    )  # fmt: skip


class Once:
    """Passes on the first thing that it is told, and nothing after it."""

    def __init__(self, result: Callable[[str], None]) -> None:
        self._result = result
        self.said = False

    def __call__(self, text: str) -> None:
        if not self.said:
            self.said = True
            self._result(text)


def _release(exchange: Exchange, name: str) -> None:
    gateway = exchange.gateways.find(name)
    if gateway is not None:
        gateway.busy -= 1


def _refused(exchange: Exchange, uuid: str, cause: str, call: Call, result: Callable[[str], None]) -> None:
    exchange.journal.write("hangup", uuid, cause=cause, by="switch", number=call.number, answered=False)
    result(f"-ERR {cause}\n")


def _stillborn(exchange: Exchange, uuid: str) -> None:
    channel = Channel(exchange, uuid, "outbound", "N/A", ("", ""), "")
    channel.variables.update(OUTBOUND_BEFORE[:5], uuid=uuid, session=channel.session_id)
    channel.emit("CHANNEL_DESTROY")
    channel.enter("CS_DESTROY", 0)


def new_leg(exchange: Exchange, uuid: str, call: Call, agent: bool = False) -> Channel:
    """A leg with its variables, known to the switch; nobody rings yet."""
    name = f"sofia/trunk/{call.number}" if call.gateway else f"sofia/desks/{call.number}@{exchange.town.domain}"
    channel = Channel(exchange, uuid, "outbound", name, call.caller, call.number)
    channel.gateway = call.gateway
    fields = {
        "uuid": uuid, "session": channel.session_id, "gateway": call.gateway or "desks", "name": name,
        "number": call.number, "port": 20000 + channel.session_id % 10000, "tag": channel.tag, "call_id": str(uuids.uuid4()),
    }  # fmt: skip
    channel.variables.update(OUTBOUND_BEFORE, **fields)
    if agent:
        channel.variables.update(AGENT_REQUEST)
    if not call.gateway:
        channel.variables.set("dialed_user", call.number)
        channel.variables.set("dialed_domain", exchange.town.domain)
    for key, value in call.variables.items():
        channel.variables.set(key, value)
    channel.variables.update(OUTBOUND_AFTER, **fields)
    channel.fields = fields
    exchange.add(channel)
    return channel


def _dial(channel: Channel, call: Call, told: Once, refusal: Refusal | None) -> None:
    exchange = channel.exchange
    if call.gateway:
        manner = exchange.town.people.called(call.number)
        if refusal is not None:
            manner = Manner(refusal=refusal)
        Person(channel, manner)
        if manner.calls_back_after is not None:
            _call_back(channel, call.number, manner.calls_back_after)
        refusal, after = manner.refusal, manner.refuse_after
    else:
        Desk(channel, exchange.desk_answer(call.number))
        after = 0.0
    cause = ring(channel, call.timeout, refusal, after)
    if cause:
        told(f"-ERR {cause}\n")
        channel.check()
    if told.said:
        return
    if channel.phone is not None:
        channel.phone.answered()
    # Somebody who leaves in the same moment is gone before the switch has thanked for the answer.
    channel.wait(0.02)
    _turn_around(channel)
    channel.hit_dialplan = True
    told(f"+OK {channel.uuid}\n")
    if not call.then.startswith("&"):
        legs.transfer(channel, call.then, call.dialplan, call.context)
        channel.check()
    channel.enter("CS_EXECUTE")
    name, _, data = call.then[1:].partition("(")
    exchange.applications.execute(channel, name, data.removesuffix(")"))
    channel.hangup("NORMAL_CLEARING")


def ring(channel: Channel, timeout: float, refusal: Refusal | None, refuse_after: float) -> str:
    """From CS_INIT to the answer; the cause when nobody answered in time (it is hung up then), or nothing.

    Raises:
        Gone: refused, or hung up from elsewhere.
    """
    channel.enter("CS_INIT")
    channel.number_of_state = 2
    channel.emit("CHANNEL_CREATE")
    channel.emit("CHANNEL_ORIGINATE")
    channel.enter("CS_ROUTING")
    channel.enter("CS_CONSUME_MEDIA")
    if refusal is not None:
        channel.wait(min(refuse_after, timeout))
        refuse(channel, refusal)
    channel.wait(0.02)
    for name in ("sip_to_host", "sip_from_host"):
        channel.variables.set(name, None)
    channel.network = True
    channel.variables.update(OUTBOUND_PROGRESS, **channel.fields)
    channel.times["Channel-Progress"] = channel.now()
    channel.emit("CHANNEL_PROGRESS")
    channel.set_callstate("RINGING")
    exchange = channel.exchange
    exchange.journal.write("ring", channel.uuid, number=channel.ani_number)
    if channel.phone is not None:
        channel.phone.ringing()
    if not channel.wait(timeout, lambda: channel.picked_up):
        channel.hangup("NO_ANSWER", "send_cancel")
        return "NO_ANSWER"
    channel.variables.update(OUTBOUND_ANSWER, **channel.fields)
    channel.answered()
    return ""


def refuse(channel: Channel, refusal: Refusal) -> None:
    """The network says no."""
    channel.network = True
    channel.variables.update(OUTBOUND_SENT, **channel.fields)
    channel.variables.update((
        ("sip_hangup_disposition", "recv_refuse"), ("sip_invite_failure_status", str(refusal.status)),
        ("sip_invite_failure_phrase", refusal.phrase), ("sip_term_status", str(refusal.status)),
        ("proto_specific_hangup_cause", f"sip:{refusal.status}"), ("sip_term_cause", "17"),
    ))  # fmt: skip
    gateway = channel.exchange.gateways.find(channel.gateway) if channel.gateway else None
    if gateway is not None:
        gateway.failed_out += 1
    channel.hangup(refusal.cause, "recv_refuse")
    channel.check()


def _turn_around(channel: Channel) -> None:
    """After the answer the called one counts as the caller: that is how the dialplan sees the leg."""
    called, calling = channel.callee_number, channel.caller_number
    channel.variables.set("pre_transfer_caller_id_number", calling)
    channel.variables.set("channel_cid_flipped", "yes")
    channel.variables.set("call_uuid", channel.uuid)
    channel.caller_name, channel.caller_number = channel.callee_name, called
    channel.callee_name, channel.callee_number = "", calling


def _call_back(channel: Channel, number: str, after: float) -> None:
    """Somebody who saw the missed call rings the hotline."""
    exchange = channel.exchange

    def act() -> None:
        legs.call_in(exchange, number, CALLERS["reports"], exchange.town.hotline)

    channel.watchers.append(lambda: exchange.spawn_later(exchange.clock.real(after), act) and None)
