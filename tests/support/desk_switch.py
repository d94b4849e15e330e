"""What every stand-in for the switch needs that a desk talks to."""

from __future__ import annotations

from dutycenter.interfaces import SwitchAway


class DeskSwitch:
    """Keeps which legs were to talk and which desks were opened or closed, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.talked: list[str] = []
        self.statuses: list[tuple[str, str]] = []

    def talk(self, channel_uuid: str) -> None:
        self.reach()
        self.talked.append(channel_uuid)

    def agent_status(self, agent: str, status: str) -> None:
        self.reach()
        self.statuses.append((agent, status))

    def reach(self) -> None:
        """Be there.

        Raises:
            SwitchAway: it was put away.
        """
        if self.away:
            raise SwitchAway("nobody listens")
