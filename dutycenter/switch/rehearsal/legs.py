"""The life of a leg: from its creation, through the dialplan, to its end."""

from __future__ import annotations

import logging
import uuid as uuids
from collections.abc import Callable
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal.channel import Channel, Gone, Transferred
from dutycenter.switch.rehearsal.ending import tear_down
from dutycenter.switch.rehearsal.headers import INBOUND
from dutycenter.switch.rehearsal.people import Caller
from dutycenter.switch.rehearsal.phone import Citizen

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

log = logging.getLogger(__name__)


def live(channel: Channel, body: Callable[[], None], before_destroy: Callable[[], None] = lambda: None) -> None:
    """Run a channel to its end, whatever happens on the way.

    Args:
        channel: just created.
        body: what it does first; then it follows transfers.
        before_destroy: called between the report of its end and its destruction.
    """
    exchange = channel.exchange
    try:
        step: Callable[[], None] | None = body
        while step is not None:
            step = _step(channel, step)
    except Exception:
        # One leg's fault must not take the switch down; the leg ends as a real one would.
        log.exception("The leg %s failed inside the rehearsal switch", channel.uuid)
    finally:
        channel.hangup("NORMAL_CLEARING")
        tear_down(channel, before_destroy)
        exchange.remove(channel)


def _step(channel: Channel, step: Callable[[], None]) -> Callable[[], None] | None:
    try:
        step()
    except Gone:
        return None
    except Transferred:
        go_on, channel.go_on = channel.go_on, None
        return go_on
    return None


def transfer(channel: Channel, extension: str, dialplan: str = "", context: str = "") -> None:
    """Send the channel to another extension; it goes at its next wait."""
    channel.moved = True
    channel.go_on = lambda: _transferred(channel, extension, dialplan or "XML", context or channel.context)
    channel.wake()


def _transferred(channel: Channel, extension: str, dialplan: str, context: str) -> None:
    mark = f"{channel.now() // 1_000_000}:{uuids.uuid4()}:bl_xfer:{extension}/{context}/{dialplan}"
    channel.rdnis, channel.number, channel.context, channel.dialplan = channel.number, extension, context, dialplan
    channel.transfer_source = mark
    channel.profile_index += 1
    channel.times["Profile-Created"] = channel.now()
    channel.hit_dialplan = True
    channel.variables.set("transfer_history", mark)
    channel.variables.set("transfer_source", mark)
    channel.enter("CS_ROUTING")
    channel.enter("CS_EXECUTE")
    plan = channel.exchange.dialplan
    plan.run(channel, plan.route(context, extension))


def call_in(
    exchange: Exchange, caller_number: str, manner: Caller, number: str, uuid: str = "", gateway: str = ""
) -> Channel:
    """A citizen calls; returns the leg, which lives on by itself."""
    uuid = uuid or str(uuids.uuid4())
    name = f"sofia/trunk/{caller_number}@127.0.0.1:5060"
    channel = Channel(exchange, uuid, "inbound", name, (caller_number, caller_number), number)
    channel.gateway = gateway
    channel.variables.update(
        INBOUND, uuid=uuid, session=channel.session_id, caller=caller_number, caller_name=caller_number,
        number=number, name=name, call_id=f"{channel.session_id}-rehearsal@127.0.0.1", tag=channel.tag,
        created=channel.now(),
    )  # fmt: skip
    if gateway:
        channel.variables.set("sip_gateway", gateway)
    phone = Citizen(channel, manner)
    exchange.add(channel)
    exchange.journal.write("call", uuid, number=caller_number, called=number)
    exchange.spawn(live, channel, lambda: _arrive(channel, phone))
    return channel


def _arrive(channel: Channel, phone: Citizen) -> None:
    exchange = channel.exchange
    if not exchange.admits():
        channel.hangup("NORMAL_TEMPORARY_FAILURE")
        return
    channel.enter("CS_INIT")
    channel.number_of_state = 2
    channel.emit("CHANNEL_CREATE")
    phone.dials()
    channel.enter("CS_ROUTING")
    channel.set_callstate("RINGING")
    channel.enter("CS_EXECUTE")
    exchange.dialplan.run(channel, exchange.dialplan.route(channel.context, channel.number))
