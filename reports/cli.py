"""``dutycenter report …``: papers by hand."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dutycenter.bootstrap import open_work
from dutycenter.settings import SettingsError
from reports.charts import FontMissing
from reports.period import Month
from reports.services import Reports, place


@click.group()
def report() -> None:
    """Papers: the monthly report."""


class _MonthType(click.ParamType):  # type: ignore[type-arg]
    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@report.command()
@click.argument("month", type=_MonthType())
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PDF file to write")
@click.pass_obj
def month(ini: Path, month: Month, out: Path) -> None:
    """Write the report of MONTH (such as 2026-10) as PDF."""
    try:
        work = open_work(ini, "command")
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    began = time.monotonic()
    out = out.resolve()
    try:
        with work.read() as request:
            kept = request.find_service(Reports).keep(month)
        made = place(kept.path.read_bytes(), out)
    except (ValueError, FontMissing) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or out} cannot be written: {error.strerror}") from None
    with work.write() as request:
        request.find_service(Reports).note_made(month, kept, f"report:{month}")
    click.echo(f"{made.path}: {made.bytes:,} bytes, sha256 {made.sha256}, {time.monotonic() - began:.1f} s")
