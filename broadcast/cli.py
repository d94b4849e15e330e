"""``dutycenter broadcast``: see and stop broadcasts from the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from broadcast.board import Place, board
from broadcast.history import jobs, services
from broadcast.models import Broadcast
from broadcast.services import Broadcasts
from dutycenter.bootstrap import open_work
from dutycenter.cli.common import plain_errors
from dutycenter.interfaces import IClock
from dutycenter.vocabulary import Outcome
from dutycenter.work import settings_of

ID = click.IntRange(1, 999_999_999)


class _Lazily(click.Group):
    """The bench compiles the scheduler: nobody who lists broadcasts should wait for that."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "bench"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "bench":
            return super().get_command(ctx, cmd_name)
        from broadcast.bench import bench

        return bench


@click.group(cls=_Lazily)
def broadcast() -> None:
    """Broadcasts: list, show, stop, and the scheduler's bench."""


@broadcast.command("list")
@click.pass_obj
@plain_errors
def list_(ini: Path) -> None:
    """The latest broadcasts, latest first."""
    work = open_work(ini, actor="terminal")
    with work.read() as request:
        rows = [
            (
                str(s.broadcast_id),
                s.state,
                "exercise" if s.exercise else "real",
                f"{s.outcomes.get(Outcome.ACKNOWLEDGED.value, 0)}/{s.recipients}",
                str(s.calling),
                s.title,
            )
            for s in request.find_service(Broadcasts).latest()
        ]
    if not rows:
        click.echo("There is no broadcast yet.")
        return
    _table(("id", "state", "kind", "acknowledged", "calling", "title"), rows)


@broadcast.command()
@click.argument("broadcast_id", metavar="ID", type=ID)
@click.pass_obj
@plain_errors
def show(ini: Path, broadcast_id: int) -> None:
    """Everybody in a broadcast: where they stand and how often they were called."""
    work = open_work(ini, actor="terminal")
    with work.read() as request:
        found = request.db.get(Broadcast, broadcast_id)
        if found is None:
            raise click.ClickException(_unknown(broadcast_id))
        shown = board(request.db, found, request.find_service(IClock).now())
        zone = settings_of(request.registry).time_zone
        rows = [
            (
                line.recipient.name,
                department.name,
                line.place.value,
                line.recipient.outcome_ground,
                f"{line.since.astimezone(zone):%H:%M:%S}" if line.since else "",
                str(len(line.recipient.attempts)),
            )
            for department in shown.departments
            for line in department.people
        ]
        kind = "exercise" if found.exercise else "real"
        click.echo(f"{found.id}  {found.title}  ({found.state.value}, {kind})")
        counts = [f"{shown.counts[place]} {place.value.replace('_', ' ')}" for place in Place if shown.counts[place]]
    click.echo(" · ".join(counts))
    _table(("name", "department", "state", "ground", "since", "calls"), rows)


@broadcast.command()
@click.argument("broadcast_id", metavar="ID", type=ID)
@click.pass_obj
@plain_errors
def stop(ini: Path, broadcast_id: int) -> None:
    """Begin no more calls; what rings is dropped, who listens may hear it out."""
    work = open_work(ini, actor="terminal")
    with work.write() as request:
        try:
            stopped = request.find_service(Broadcasts).stop(broadcast_id)
        except LookupError:
            raise click.ClickException(_unknown(broadcast_id)) from None
    click.echo(f"Broadcast {broadcast_id} is stopped." if stopped else f"Broadcast {broadcast_id} does not run.")


@broadcast.command()
@click.argument("number", metavar="NUMBER")
@click.pass_obj
@plain_errors
def chances(ini: Path, number: str) -> None:
    """How likely a call to NUMBER is acknowledged, by hour of the day, and what that rests on."""
    from broadcast.forecasts.numbers import known_of_numbers

    work = open_work(ini, actor="terminal")
    with work.read() as request:
        zone = settings_of(request.registry).time_zone
        told = known_of_numbers(
            request.db, [number], rehearsed=work.settings.rehearsal, now=request.find_service(IClock).now(), zone=zone
        )
    one = told["numbers"][0]
    basis = f"{one['calls']} calls" if one["calls"] else "never called: borrowed from its kind"
    click.echo(f"{number}  ({one['kind']}, {basis})")
    rows = [
        (
            f"{band['from']:02d}-{band['to']:02d}",
            f"{100 * band['chance']:.0f} %",
            f"{100 * band['low']:.0f}-{100 * band['high']:.0f} %",
            f"{band['acknowledged']}/{band['calls']}",
            "now" if at == told["band"] else "",
        )
        for at, band in enumerate(one["bands"])
    ]
    _table(("hours", "chance", "80 % interval", "acknowledged", ""), rows)
    for last in one["last"]:
        at = datetime.fromisoformat(last["at"]).astimezone(zone)
        click.echo(f"{at:%Y-%m-%d %H:%M:%S}  {last['disposition']}  broadcast {last['broadcast']}")


@broadcast.command()
@click.pass_obj
@plain_errors
def recount(ini: Path) -> None:
    """Count all calls again from the beginning: what is known of numbers, and what new ones borrow."""
    work = open_work(ini, actor="terminal")
    with work.write() as request:
        services.forget(request.db)
    jobs.count(work)
    jobs.fit(work)
    click.echo("Every settled call has been counted again.")


def _unknown(broadcast_id: int) -> str:
    return f"There is no broadcast {broadcast_id}; “dutycenter broadcast list” shows them."


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(_width(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        cells = (text + " " * (wide - _width(text)) for text, wide in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
