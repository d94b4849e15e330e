"""mod_callcenter: a queue of callers, agents at desks, and the events that tell of both."""

from __future__ import annotations

import uuid as uuids
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal import legs
from dutycenter.switch.rehearsal.audio import hold_music
from dutycenter.switch.rehearsal.bridges import FOREVER, join
from dutycenter.switch.rehearsal.channel import Channel, Transferred
from dutycenter.switch.rehearsal.describing import profile
from dutycenter.switch.rehearsal.originate import Call, new_leg, ring
from dutycenter.switch.rehearsal.phone import Desk
from dutycenter.switch.rehearsal.variables import Held
from dutycenter.switch.rehearsal.wire import line

if TYPE_CHECKING:
    from dutycenter.switch.rehearsal.exchange import Exchange

INFO = "callcenter::info"
STATUSES = ("Logged Out", "Available", "Available (On Demand)", "On Break")
STATES = ("Idle", "Waiting", "Receiving", "In a queue call")
RING_SECONDS = (5.0, 15.0)  # that a desk rings: as long as patience lasts, within these
OWN_PATIENCE = 30.0  # seconds in the queue of one agent
LOOK_AGAIN = 0.1  # seconds between a change and the queue's looking at it
WITHOUT_AGENT = 5.0  # seconds that a caller waits while nobody is at a desk
WRAP_UP = 2.0  # seconds between an agent's calls
# Seconds until an agent who didn't take a call is offered one again, by why it wasn't taken.
DELAYS = {"CALL_REJECTED": 5.0, "USER_BUSY": 10.0, "ORIGINATOR_CANCEL": 0.0, "LOSE_RACE": 0.0}
NO_ANSWER_DELAY = 2.0


@dataclass
class Agent:
    """Somebody at a desk."""

    name: str
    status: str = "Logged Out"
    state: str = "Waiting"
    contact: str = ""
    ready_at: float = 0.0
    leg: Channel | None = None
    level: int = 1


@dataclass
class Member:
    """A caller in the queue of all agents, or in one's own."""

    channel: Channel
    joined: int
    queue: str
    only: Agent | None = None  # whose own queue it is
    uuid: str = field(default_factory=lambda: str(uuids.uuid4()))
    offered: list[Agent] = field(default_factory=list)
    agent: Agent | None = None  # who answered
    held: Held = field(default_factory=Held)

    @property
    def state(self) -> str:
        """Its state, in the switch's word."""
        return "Answered" if self.agent is not None else "Waiting"

    def identity(self) -> list[tuple[str, str]]:
        """The headers that name the caller."""
        return [
            ("CC-Member-UUID", self.uuid),
            ("CC-Member-Session-UUID", self.channel.uuid),
            ("CC-Member-CID-Name", self.channel.orig_name),
            ("CC-Member-CID-Number", self.channel.orig_number),
        ]


class Callcenter:
    """The queue.

    Args:
        exchange: the switch it is in.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        town = exchange.town
        self.queue = town.queue
        self.agents = {desk: Agent(desk, contact=f"user/{desk}@{town.domain}") for desk in town.desks}
        self.members: list[Member] = []
        shortest, longest = RING_SECONDS
        self._ring_seconds = min(longest, max(shortest, round(town.patience)))

    # --- the caller's side --------------------------------------------------

    def join(self, channel: Channel, data: str) -> str | None:
        """The application ``callcenter``: wait here until an agent answers or patience ends."""
        name = data.split("@")[0].strip()
        only = self.agents.get(name.removeprefix(f"{self.queue}-"))
        if only is None and name != self.queue:
            return "-ERR queue not found"
        member = Member(channel, channel.now() // 1_000_000, name, only)
        for key, value in (
            ("cc_side", "member"), ("cc_member_uuid", member.uuid), ("cc_queue_joined_epoch", str(member.joined)),
            ("cc_queue", name), ("cc_cause", ""), ("cc_cancel_reason", ""),
        ):  # fmt: skip
            channel.variables.set(key, value)
        self._tell_of(channel, "member-queue-start", member.identity())
        self.members.append(member)
        self._count(name)
        self._exchange.journal.write("queue_join", channel.uuid, number=channel.orig_number)
        self._look_soon()
        silence = channel.hear(hold_music(), repeat=True)
        channel.hears = "local_stream://moh"
        if channel.phone is not None:
            channel.phone.waits()
        reason = "BREAK_OUT"
        try:
            reason = self._hold(member)
        except Transferred:
            reason = "" if member.agent is not None else reason
            raise
        finally:
            silence()
            channel.hears = ""
            self._leave(member, reason)
        return None

    def _hold(self, member: Member) -> str:
        """Wait until patience ends, or while nobody is there who could answer; why it ended.

        A desk that rings when patience ends may still be answered: the first that rings out ends the wait.
        """
        clock, channel = self._exchange.clock, member.channel
        end = clock.monotonic() + (OWN_PATIENCE if member.only else self._exchange.town.patience)
        alone_since = clock.monotonic()
        ringing: list[Agent] | None = None
        while True:
            now = clock.monotonic()
            if now >= end:
                ringing = list(member.offered) if ringing is None else ringing
                if not ringing or any(agent not in member.offered for agent in ringing):
                    return "TIMEOUT"
            if self._there(member):
                alone_since = now
            elif now - alone_since >= WITHOUT_AGENT:
                return "NO_AGENT_TIMEOUT"
            if channel.wait(min(1.0, end - now) if now < end else LOOK_AGAIN, lambda: self._leaves(channel)):
                return "EXIT_WITH_KEY"
            self._look_soon()

    @staticmethod
    def _leaves(channel: Channel) -> bool:
        """Take the waiting keys up to one that leads out of the queue."""
        while channel.keys:
            key = channel.next_key()
            if key in channel.variables["cc_exit_keys"]:
                channel.variables.set("cc_exit_key", key)
                return True
        return False

    def _leave(self, member: Member, reason: str) -> None:
        channel = member.channel
        if reason:
            self.members.remove(member)
            self._call_off(member, "ORIGINATOR_CANCEL")
            now = channel.now() // 1_000_000
            self._tell_of(channel, "member-queue-end", [
                ("CC-Member-Leaving-Time", str(now)), ("CC-Member-Joined-Time", str(member.joined)),
                ("CC-Cause", "Cancel"), ("CC-Cancel-Reason", reason), *member.identity(),
            ])  # fmt: skip
            channel.variables.set("cc_queue_canceled_epoch", str(now))
            channel.variables.set("cc_cause", "cancel")
            channel.variables.set("cc_cancel_reason", reason)
        else:
            channel.variables.set("cc_cause", "answered")
        self._exchange.journal.write(
            "queue_leave", channel.uuid, number=channel.orig_number, reason=reason or "answered"
        )
        self._count(member.queue)
        if not reason:  # who is being connected still counted
            self.members.remove(member)

    def score(self, member: Member) -> int:
        """Who goes first: the seconds since the call was answered, and what the flow gave on top."""
        base = member.channel.variables["cc_base_score"]
        times = member.channel.times
        waited = member.channel.now() - times.get("Channel-Answered", times["Channel-Created"])
        return waited // 1_000_000 + (int(base) if base.isdigit() else 0)

    # --- the agents' side ---------------------------------------------------

    def set_status(self, name: str, status: str) -> bool:
        """Set an agent's status; False when there is no such agent."""
        agent = self.agents.get(name)
        if agent is None:
            return False
        agent.status = status
        if status != "Available" and agent.leg is not None and agent.leg.answer_state != "answered":
            agent.leg.hangup("ORIGINATOR_CANCEL")
        self._tell("agent-status-change", [("CC-Agent", name)], [("CC-Agent-Status", status)])
        self._look_soon()
        return True

    def set_level(self, queue: str, name: str, level: str) -> str:
        """Set after whom an agent is rung; the switch's answer."""
        if name not in self.agents or queue != self.queue:
            return "-ERR Agent not found!\n"
        self.agents[name].level = int(level) if level.isdigit() else 1
        return "+OK\n"

    def set_state(self, agent: Agent, state: str) -> None:
        """Set an agent's state, and say so."""
        agent.state = state
        self._tell("agent-state-change", [("CC-Agent", agent.name)], [("CC-Agent-State", state)])

    def _look_soon(self, seconds: float = LOOK_AGAIN) -> None:
        self._exchange.spawn_later(self._exchange.clock.real(seconds), self._look)

    def _look(self) -> None:
        """Offer the caller who waits longest to all agents who are free: the queue's strategy is ring-all."""
        now = self._exchange.clock.monotonic()
        for member in sorted(self.members, key=self.score, reverse=True):
            if member.agent is not None or member.channel.cause:
                continue
            for agent in self._reachable(member):
                if agent.state == "Waiting" and agent.ready_at <= now:
                    member.offered.append(agent)
                    self.set_state(agent, "Receiving")
                    self._exchange.spawn(self._offer, member, agent)

    def _reachable(self, member: Member) -> list[Agent]:
        """Agents of level 1; the others, too, when none of those is there or the caller has waited for a while."""
        there = self._there(member)
        if member.only:
            return there
        first = [agent for agent in there if agent.level == 1]
        waited = member.channel.now() / 1e6 - member.joined
        return there if not first or waited >= self._exchange.town.overflow else first

    def _there(self, member: Member) -> list[Agent]:
        asked = [member.only] if member.only else self.agents.values()
        return [agent for agent in asked if agent.status.startswith("Available")]

    def _call_off(self, member: Member, cause: str) -> None:
        """Stop ringing the desks that haven't answered."""
        for agent in member.offered:
            if agent is not member.agent and agent.leg is not None:
                agent.leg.hangup(cause)

    def _offer(self, member: Member, agent: Agent) -> None:
        exchange, channel = self._exchange, member.channel
        called = channel.now() // 1_000_000
        self._tell("agent-offering", [("CC-Queue", member.queue)], [
            ("CC-Agent", agent.name), ("CC-Agent-Type", "callback"), ("CC-Agent-System", "single_box"),
            *member.identity(),
        ])  # fmt: skip
        variables = {
            "cc_queue": member.queue, "cc_queue_joined_epoch": str(member.joined), "cc_member_uuid": member.uuid,
            "cc_member_session_uuid": channel.uuid, "cc_member_pre_answer_uuid": member.uuid, "cc_agent": agent.name,
            "cc_agent_type": "callback", "cc_side": "agent", "loopback_bowout": "false",
            "loopback_bowout_on_execute": "false", "ignore_early_media": "true",
            "origination_caller_id_name": channel.orig_name, "origination_caller_id_number": channel.orig_number,
        }  # fmt: skip
        call = Call(
            "", agent.name, variables, caller=(channel.orig_number, channel.orig_name), timeout=self._ring_seconds
        )
        leg = agent.leg = new_leg(exchange, str(uuids.uuid4()), call, agent=True)
        Desk(leg, exchange.desk_answer(agent.name))
        times = [("CC-Agent-Called-Time", str(called))]
        held = Held()
        leg.held.append(held)
        exchange.spawn(legs.live, leg, lambda: self._connect(leg, member, agent, times))
        held.wait()
        agent.leg = None
        member.offered.remove(agent)
        delay = DELAYS.get(leg.cause, NO_ANSWER_DELAY)
        if member.agent is agent:
            delay = WRAP_UP
            self._end(leg, member, agent, times)
        else:
            now = leg.now() // 1_000_000
            self._tell("bridge-agent-fail", [("CC-Queue", member.queue)], [
                ("CC-Hangup-Cause", leg.cause), ("CC-Agent", agent.name), ("CC-Agent-System", "single_box"), *times,
                ("CC-Agent-Aborted-Time", str(now)), *member.identity(), ("CC-Member-Joined-Time", str(member.joined)),
            ])  # fmt: skip
        agent.ready_at = exchange.clock.monotonic() + delay
        self.set_state(agent, "Waiting")
        held.release()
        self._look_soon(delay + LOOK_AGAIN)

    def _connect(self, leg: Channel, member: Member, agent: Agent, times: list[tuple[str, str]]) -> None:
        if ring(leg, self._ring_seconds, None, 0.0):
            leg.check()
        leg.variables.set("cc_member_pre_answer_uuid", None)
        leg.wait(0.02)
        channel = member.channel
        if member.agent is not None or channel.cause or member not in self.members:
            leg.hangup("LOSE_RACE" if member.agent is not None else "ORIGINATOR_CANCEL")
            leg.check()
        member.agent = agent
        self._call_off(member, "LOSE_RACE")
        answered = leg.now() // 1_000_000
        times.append(("CC-Agent-Answered-Time", str(answered)))
        self._tell_of(leg, "bridge-agent-start", [
            ("CC-Agent", agent.name), ("CC-Agent-System", "single_box"), ("CC-Agent-UUID", leg.uuid), *times,
            ("CC-Member-Joined-Time", str(member.joined)), *member.identity(),
        ])  # fmt: skip
        channel.held.append(member.held)
        channel.watchers.append(lambda: None if channel.moved else leg.hangup("NORMAL_CLEARING"))
        channel.variables.set("cc_agent_uuid", leg.uuid)
        self._prepare(channel, leg, answered)
        channel.go_on = lambda: self._talk(channel, leg, agent, answered)
        channel.wake()
        leg.enter("CS_HIBERNATE")
        leg.enter("CS_RESET")
        leg.enter("CS_SOFT_EXECUTE")
        leg.wait(FOREVER)

    def _prepare(self, channel: Channel, leg: Channel, answered: int) -> None:
        """Both legs get a new caller profile for the bridge."""
        for one, other, kind in ((channel, leg, "originatee"), (leg, channel, "originator")):
            mark = f"{answered}:{uuids.uuid4()}:uuid_br:{other.uuid}"
            one.other_type, one.other = kind, profile(other, index=False)
            one.transfer_source = mark
            one.profile_index += 1
            one.times["Profile-Created"] = one.now()
            for key, value in (
                ("original_destination_number", one.number), ("original_caller_id_name", one.orig_name),
                ("original_caller_id_number", one.orig_number), ("transfer_history", mark), ("transfer_source", mark),
            ):  # fmt: skip
                one.variables.set(key, value)
        leg.call_uuid = channel.uuid
        leg.variables.set("call_uuid", channel.uuid)
        channel.callee_name, channel.callee_number = "Outbound Call", leg.number
        channel.number_of_state = 8

    def _talk(self, channel: Channel, leg: Channel, agent: Agent, answered: int) -> None:
        channel.enter("CS_HIBERNATE")
        channel.enter("CS_RESET")
        channel.enter("CS_SOFT_EXECUTE")
        channel.emit("CHANNEL_EXECUTE", [
            ("Application", "uuid_bridge"), ("Application-Data", leg.uuid),
        ])  # fmt: skip

        def told() -> None:
            channel.variables.set("cc_agent_bridged", "true")
            leg.variables.set("cc_agent_bridged", "true")
            channel.variables.set("cc_agent", agent.name)
            channel.variables.set("cc_queue_answered_epoch", str(answered))
            self.set_state(agent, "In a queue call")

        join(channel, leg, told)
        channel.hangup(leg.cause or "NORMAL_CLEARING")

    def _end(self, leg: Channel, member: Member, agent: Agent, times: list[tuple[str, str]]) -> None:
        """The call is over: the agent's end of it, then the caller's."""
        exchange, channel = self._exchange, member.channel
        if not channel.moved:
            member.held.wait()
        exchange.pause(0.08)
        now = leg.now() // 1_000_000
        common = [("CC-Agent", agent.name), ("CC-Agent-System", "single_box"), ("CC-Agent-UUID", leg.uuid)]
        joined = ("CC-Member-Joined-Time", str(member.joined))
        leg.call_uuid = leg.uuid
        leg.variables.set("bridge_hangup_cause", leg.cause)
        self._tell_of(leg, "bridge-agent-end", [
            ("CC-Hangup-Cause", "SUCCESS"), *common, ("CC-Agent-Bridged", "true"), *times, joined,
            ("CC-Bridge-Terminated-Time", str(now)), *member.identity(),
        ])  # fmt: skip
        channel.variables.set("cc_queue_terminated_epoch", str(now))
        self._tell_of(channel, "member-queue-end", [
            ("CC-Hangup-Cause", "SUCCESS"), ("CC-Cause", "Terminated"), *common, *times,
            ("CC-Member-Leaving-Time", str(now)), joined, *member.identity(),
        ])  # fmt: skip
        member.held.release()

    # --- telling ------------------------------------------------------------

    def _count(self, queue: str) -> None:
        self._tell("members-count", [("CC-Queue", queue)], [
            ("CC-Count", str(sum(member.queue == queue for member in self.members))), ("CC-Selection", "Single-Queue"),
        ])  # fmt: skip

    def _tell_of(self, channel: Channel, action: str, pairs: list[tuple[str, str]]) -> None:
        extra = [("CC-Queue", channel.variables["cc_queue"]), ("CC-Action", action), *pairs]
        channel.emit("CUSTOM", extra, subclass=INFO, origin=action)

    def _tell(self, action: str, before: list[tuple[str, str]], after: list[tuple[str, str]]) -> None:
        pairs = [*before, ("CC-Action", action), *after]
        self._exchange.bus.publish(
            "CUSTOM", lambda: "".join(line(*pair) for pair in pairs), subclass=INFO, origin=action
        )
