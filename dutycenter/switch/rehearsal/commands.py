"""The commands of the event socket, the same in both directions."""

from __future__ import annotations

import uuid as uuids
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal.connection import MY_EVENTS, Connection
from dutycenter.switch.rehearsal.wire import Request, api_response, encode, reply

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.api import Api
    from dutycenter.switch.rehearsal.exchange import Exchange

UNKNOWN = reply("-ERR command not found")
UNCONTROLLED = reply("-ERR not controlling a session")
FIXED = {
    "log": reply("+OK log level debug [7]"),
    "nolog": reply("-ERR not loging"),
    "linger": UNCONTROLLED,
    "nolinger": UNCONTROLLED,
    "divert_events": UNCONTROLLED,
}


class Commands:
    """Answers what comes over one connection.

    Args:
        exchange: the switch.
        api: its api commands.
        connection: where the answers go.
    """

    def __init__(self, exchange: Exchange, api: Api, connection: Connection) -> None:
        self._exchange, self._api, self._connection = exchange, api, connection

    def answer(self, request: Request) -> None:
        """Do it, and reply."""
        verb, _, rest = request.command.partition(" ")
        send = self._connection.send
        subscription = self._connection.subscription
        words = rest.split()
        if verb == "api":
            send(api_response(self._api.run(rest) or "-ERR no reply\n"))
        elif verb == "bgapi":
            self._background(request, rest)
        elif verb in ("event", "events"):
            if words and words[0] in ("plain", "xml", "json"):
                words = words[1:]
            understood = subscription.add(words)
            send(reply("+OK event listener enabled plain" if understood else "-ERR no keywords supplied"))
        elif verb == "nixevent":
            send(reply("+OK events nixed" if subscription.remove(words) else "-ERR no keywords supplied"))
        elif verb == "noevents":
            was = subscription.clear()
            send(reply("+OK no longer listening for events" if was else "-ERR not listening for events"))
        elif verb == "filter":
            send(reply(self._filter(rest)))
        elif verb == "myevents":
            self.my_events(words[0] if words else "")
        elif verb == "sendmsg":
            send(reply(self._send_message(rest.strip(), request)))
        else:
            send(FIXED.get(verb, UNKNOWN))

    def my_events(self, channel_uuid: str) -> None:
        """Subscribe to one channel."""
        subscription = self._connection.subscription
        if subscription.only:
            self._connection.send(reply("-ERR aready enabled."))
            return
        if channel_uuid not in self._exchange.channels:
            self._connection.send(reply("-ERR invalid uuid"))
            return
        subscription.only = channel_uuid
        self._exchange.bus.focus(self._connection, channel_uuid)
        subscription.names |= MY_EVENTS
        subscription.active = True
        self._connection.send(reply("+OK Events Enabled"))

    def _filter(self, rest: str) -> str:
        delete = rest.startswith("delete ")
        name, _, value = rest.removeprefix("delete ").strip().partition(" ")
        filters = self._connection.subscription.filters
        if not name or (not delete and not value):
            return "-ERR invalid syntax"
        if delete:
            kept = [
                (n, v) for n, v in filters if not ((name == "all" or n == name) and (not value or v == encode(value)))
            ]
            filters[:] = kept
            return f"+OK filter deleted. [{name}][{value}]"
        filters.append((name, encode(value)))
        return f"+OK filter added. [{name}]=[{value}]"

    def _send_message(self, uuid: str, request: Request) -> str:
        channel = self._exchange.channels.get(uuid or request.headers.get("session-id", ""))
        if channel is None or channel.cause:
            return f"-ERR invalid session id [{uuid}]"
        channel.messages.append(request)
        channel.wake()
        return "+OK"

    def _background(self, request: Request, text: str) -> None:
        job = request.headers.get("job-uuid") or str(uuids.uuid4())
        self._connection.send(reply(f"+OK Job-UUID: {job}", f"Job-UUID: {job}\n"))
        command, _, argument = text.partition(" ")

        def done(result: str) -> None:
            lines = f"Job-UUID: {job}\nJob-Command: {command}\n"
            lines += f"Job-Command-Arg: {encode(argument)}\n" if argument else ""
            self._exchange.bus.publish("BACKGROUND_JOB", lambda: lines, body=result)

        self._exchange.spawn(self._api.run_in_background, text, done)
