"""``ISwitch`` where there is no switch: an installation that only reads, and tests."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.interfaces import (
    Channel,
    GatewayStatus,
    InRoom,
    Originate,
    SwitchAway,
    SwitchStatus,
    Told,
)


class NullSwitch:
    """Nothing is up, and nothing can be called: saying otherwise would lose people."""

    def originate(self, leg: Originate) -> None:
        raise SwitchAway(f"there is no switch to call {leg.number} with")

    def originate_all(self, legs: Sequence[Originate], told: Told) -> None:
        for leg in legs:
            told(leg, SwitchAway(f"there is no switch to call {leg.number} with"))

    def drop(self, channel_uuid: str, cause: str = "NORMAL_CLEARING") -> bool:
        return False

    def exists(self, channel_uuid: str) -> bool:
        return False

    def channels(self) -> list[Channel]:
        return []

    def talk(self, channel_uuid: str) -> None:
        raise SwitchAway("there is no switch")

    def transfer(self, channel_uuid: str, extension: str) -> None:
        raise SwitchAway("there is no switch")

    def transfer_both(self, channel_uuid: str, extension: str) -> None:
        raise SwitchAway("there is no switch")

    def hold(self, channel_uuid: str, held: bool) -> None:
        raise SwitchAway("there is no switch")

    def press(self, channel_uuid: str, key: str) -> None:
        raise SwitchAway("there is no switch")

    def tier_level(self, queue: str, agent: str, level: int) -> None:
        """Nobody rings anyway."""

    def agent_status(self, agent: str, status: str) -> None:
        """Nobody rings anyway."""

    def conference(self, room: str) -> list[InRoom]:
        return []

    def conference_mute(self, room: str, member: int, muted: bool) -> None:
        raise SwitchAway("there is no switch")

    def conference_hold(self, room: str, member: int, held: bool) -> None:
        raise SwitchAway("there is no switch")

    def conference_drop(self, room: str, member: int) -> None:
        raise SwitchAway("there is no switch")

    def conference_lock(self, room: str, locked: bool) -> None:
        """Nobody can come in anyway."""

    def conference_end(self, room: str) -> None:
        """Nobody is in."""

    def call_desk(self, channel_uuid: str, desk: str, extension: str, caller_id: str) -> None:
        raise SwitchAway("there is no switch")

    def dial(self, channel_uuid: str, desk: str, number: str, caller_id: str) -> None:
        raise SwitchAway("there is no switch")

    def gateway(self, name: str) -> GatewayStatus:
        return GatewayStatus(name=name, known=False, up=False, calls_out=0, failed_calls_out=0)

    def status(self) -> SwitchStatus:
        raise SwitchAway("there is no switch")
