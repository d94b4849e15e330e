"""``dutycenter report …``: papers by hand."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import click

from dutycenter.bootstrap import open_work
from dutycenter.db.engine import make_engine
from dutycenter.settings import SettingsError
from reports.charts import FontMissing
from reports.files import place
from reports.period import Month, Period, parse
from reports.services import Asked, Reports
from reports.words import LANGUAGES


@click.group()
def report() -> None:
    """Papers: months, quarters, years, any days; and how fast they are made."""


class _PeriodType(click.ParamType):  # type: ignore[type-arg]
    name = "PERIOD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Period:
        if isinstance(value, Period):
            return value
        try:
            return parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _MonthType(_PeriodType):
    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        found = super().convert(value, param, ctx)
        if not isinstance(found, Month):
            self.fail(f"{value!r} is no month; write it like 2026-10", param, ctx)
        return found


LANGUAGE = click.option("--language", default=LANGUAGES[0], show_default=True, type=click.Choice(LANGUAGES))
OUT = click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PDF file to write")


@report.command()
@click.argument("month", type=_MonthType())
@OUT
@LANGUAGE
@click.pass_obj
def month(ini: Path, month: Month, out: Path, language: str) -> None:
    """Write the report of MONTH (such as 2026-10) as PDF."""
    _write(ini, month, out, language)


@report.command()
@click.argument("period", type=_PeriodType())
@OUT
@LANGUAGE
@click.pass_obj
def period(ini: Path, period: Period, out: Path, language: str) -> None:
    """Write the report of PERIOD: 2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15."""
    _write(ini, period, out, language)


def _write(ini: Path, period: Period, out: Path, language: str) -> None:
    """The paper as PDF, its spreadsheet beside it, and a kept copy of both that the ledger knows."""
    try:
        work = open_work(ini, "command")
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    began = time.monotonic()
    out, asked = out.resolve(), Asked.period(period, language)
    try:
        with work.read() as request:
            kept = request.find_service(Reports).keep(asked)
        made = place(kept.pdf.path.read_bytes(), out)
        if kept.sheet is not None:
            place(kept.sheet.path.read_bytes(), out.with_suffix(".xlsx"))
    except (ValueError, FontMissing) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or out} cannot be written: {error.strerror}") from None
    with work.write() as request:
        request.find_service(Reports).note_made(asked, kept, f"report:{period}")
    click.echo(f"{made.path}: {made.bytes:,} bytes, sha256 {made.sha256}, {time.monotonic() - began:.1f} s")


@report.command()
@click.option(
    "--database", default="", help="address of an empty store; by default a new SQLite file, removed afterwards"
)
@click.option("--calls", default=1_000_000, show_default=True, type=click.IntRange(1))
@click.option("--attempts", default=100_000, show_default=True, type=click.IntRange(1))
@click.option("--slice", "part", default=20_000, show_default=True, type=click.IntRange(0),
              help="calls of the smaller month in which the ORM counts row by row; 0: leave that out")  # fmt: skip
def bench(database: str, calls: int, attempts: int, part: int) -> None:
    """Time the report of an ordinary month, then fill an empty store with a month of a great city and time that one."""
    from reports.bench import ORDINARY, counted, measure, row_by_row, same_totals, warm
    from reports.bulk import NotEmpty, Size, fill

    zone = ZoneInfo("Asia/Shanghai")
    warm()
    with TemporaryDirectory() as folder:
        ordinary = make_engine(f"sqlite:///{folder}/ordinary.sqlite")
        fill(ordinary, ORDINARY, zone, lambda line: None)
        click.echo(f"an ordinary month on sqlite, {ORDINARY}:\n{measure(ordinary, zone)}")
        ordinary.dispose()
        engine = make_engine(database or f"sqlite:///{folder}/month.sqlite")
        size = Size(calls, attempts, incidents=max(1, calls // 2000))
        try:
            click.echo(f"{engine.dialect.name}: {size}")
            fill(engine, size, zone, click.echo)
        except NotEmpty as error:
            raise click.ClickException(str(error)) from None
        click.echo(measure(engine, zone))
        engine.dispose()
        if not part:
            return
        small = make_engine(f"sqlite:///{folder}/slice.sqlite")
        fill(small, Size(part, max(1, part // 10), max(1, part // 2000)), zone, lambda line: None)
        began = time.monotonic()
        slow = row_by_row(small, zone)
        between = time.monotonic()
        quick = same_totals(counted(small, zone))
        ended = time.monotonic()
        small.dispose()
        click.echo(
            f"{part:,} calls on sqlite: row by row through the ORM {between - began:.1f} s, by the queries "
            f"{ended - between:.2f} s, the chief totals are {'equal' if slow == quick else 'DIFFERENT'}"
        )
        if slow != quick:
            raise click.ClickException(f"{slow} against {quick}")
