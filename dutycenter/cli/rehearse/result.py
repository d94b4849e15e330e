"""What a rehearsal came to: counts, papers, invariants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click

from dutycenter.cli.rehearse.town import Town


@dataclass(frozen=True)
class Verdict:
    """Does an invariant hold, and by what is it known?"""

    holds: bool
    why: str


@dataclass
class Result:
    """Filled in as the story goes on."""

    town: Town
    calls_in: dict[str, int] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    recipients: dict[str, int] = field(default_factory=dict)
    incident: str = ""
    report: str = ""
    seconds: float = 0.0
    call_out_seconds: float = 0.0
    invariants: dict[str, Verdict] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.invariants.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "invariants": {
                name: {"holds": verdict.holds, "why": verdict.why} for name, verdict in self.invariants.items()
            },
            "attempts": self.attempts,
            "recipients": self.recipients,
            "calls_in": sum(self.calls_in.values()),
            "calls": self.calls_in,
            "incident": self.incident,
            "call_out_seconds": round(self.call_out_seconds, 1),
            "seconds": round(self.seconds, 1),
            "report": self.report,
            "database": self.town.settings.database_url,
            "recordings": str(self.town.settings.recordings_dir),
            "settings": str(self.town.ini),
        }

    def table(self, echo: Callable[[str], None]) -> None:
        """Print it all."""
        for title, counts in (
            ("Calls in", self.calls_in),
            ("People called out", self.recipients),
            ("Attempts", self.attempts),
        ):
            echo(f"\n{title}: {sum(counts.values())}")
            for name, count in sorted(counts.items(), key=lambda pair: -pair[1]):
                echo(f"  {count:>5}  {name.replace('_', ' ')}")
        echo(f"\nCall-out: {self.call_out_seconds:.0f} s of the duty room's time\nReport: {self.report}\n")
        for name, verdict in self.invariants.items():
            mark = click.style("holds ", fg="green") if verdict.holds else click.style("BROKEN", fg="red", bold=True)
            echo(f"  {mark}  {name.replace('_', ' ')}: {verdict.why}")
        echo(f"\n{self.seconds:.0f} s in all. Look around: dutycenter -c {self.town.ini} evidence verify")
