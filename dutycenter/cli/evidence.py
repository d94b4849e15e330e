"""``dutycenter evidence``: prove what was kept."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dutycenter.audit.outside import check_package, printed_fault
from dutycenter.audit.verification import put_on_record, verify
from dutycenter.bootstrap import open_work
from dutycenter.cli.common import plain_errors
from dutycenter.ledger.bench import Bench, Figure
from dutycenter.ledger.keys import KeyTrouble
from dutycenter.ledger.rotation import rotate_key

WORDS = {
    "entries": "ledger entries sealed and right",
    "unsealed": "entries that wait for the next seal",
    "heads": "signed heads",
    "anchored": "heads that agree with their anchored copy",
    "stamped": "heads with a time stamp that holds",
    "recordings": "recordings hashed again",
    "recordings_missing": "recordings on record as missing",
    "recordings_destroyed": "recordings destroyed by two persons, on record",
    "papers": "papers hashed again",
    "attachments": "attachments hashed again",
    "faults": "faults",
}


@click.group()
def evidence() -> None:
    """Prove the ledger, the recordings, the papers and the attachments."""


@evidence.command("verify")
@click.argument("package", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the result to this file.")
@click.option("--head", help="A head as the monthly report prints it: is it this ledger's?")
@click.pass_obj
@plain_errors
def verify_(ini: Path, package: Path | None, json_file: Path | None, head: str | None) -> None:
    """Prove everything, or name what fails; exit code 1 when something does.

    With a PACKAGE: prove that package instead, and that it is this installation's; with --head, that the ledger
    had only grown from that head when the package was made.
    """
    if package is not None:
        _verify_package(ini, package, head)
        return
    if head is not None:
        _verify_head(ini, head)
        return
    work = open_work(ini, actor="terminal")
    found = verify(work, say=click.echo)
    put_on_record(work, found)
    for name, figure in found.figures().items():
        click.echo(f"{figure:>10}  {WORDS[name]}")
    for fault in found.faults:
        click.secho(f"  ✘ {fault.subject}: {fault.what}", fg="red")
    if json_file:
        faults = [{"subject": fault.subject, "what": fault.what} for fault in found.faults]
        json_file.write_text(json.dumps({**found.figures(), "named": faults}, ensure_ascii=False, indent=2) + "\n")
    click.secho("Everything holds." if found.holds else "Something was changed.", fg="green" if found.holds else "red")
    if not found.holds:
        raise SystemExit(1)


def _verify_package(ini: Path, place: Path, printed: str | None) -> None:
    found = check_package(open_work(ini, actor="terminal"), place)
    checked = "{files} files, {entries} ledger entries, {recordings} recordings, {attachments} attachments checked"
    click.echo(checked.format(**found.checked))
    try:
        unproved = found.hold_against(printed) if printed is not None and found.manifest is not None else None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    _judge(found.faults)
    if unproved:
        click.secho(f"  ? the printed head: {unproved}", fg="yellow")
        raise SystemExit(2)


def _verify_head(ini: Path, printed: str) -> None:
    with open_work(ini, actor="terminal").read() as request:
        try:
            fault = printed_fault(request.db, printed)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    _judge([("the printed head", fault)] if fault else [])


def _judge(faults: list[tuple[str, str]]) -> None:
    for subject, what in faults:
        click.secho(f"  ✘ {subject}: {what}", fg="red")
    click.secho("Something was changed." if faults else "Everything holds.", fg="red" if faults else "green")
    if faults:
        raise SystemExit(1)


@evidence.command("rotate-key")
@click.confirmation_option(prompt="A new key will sign from now on, and the present private key is destroyed. Go on?")
@click.pass_obj
@plain_errors
def rotate_key_(ini: Path) -> None:
    """Hand over to a new signing key; the present one vouches for it in the ledger."""
    work = open_work(ini, actor="terminal")
    try:
        new = rotate_key(work)
    except KeyTrouble as trouble:
        raise click.ClickException(str(trouble)) from None
    click.echo(f"Heads are signed by the key {new} from now on. The first public key still proves all of them.")


@evidence.command()
@click.option("--entries", default=200_000, show_default=True, help="Entries to seal and verify.")
@click.option("--among", default=10_000_000, show_default=True, help="Leaves of the tree in which one entry is proved.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures to this file.")
def bench(entries: int, among: int, json_file: Path | None) -> None:
    """Measure sealing, verifying and proving on one core, beside pymerkle. Needs some 2 GB in the temporary folder."""
    figures = []
    for figure in Bench(entries, among, say=lambda text: click.secho(text, dim=True)).run():
        figures.append(figure)
        click.echo(_line(figure))
    if json_file:
        lines = [{**vars(figure), "ratio": figure.ratio} for figure in figures]
        json_file.write_text(json.dumps(lines, ensure_ascii=False, indent=2) + "\n")


def _line(figure: Figure) -> str:
    line = f"{figure.value:>14,.2f} {figure.unit:<10} {figure.what}"
    if figure.target is not None:
        line += f"  (target {figure.target:,.0f}: {'reached' if figure.reached else 'MISSED'})"
    if figure.against is not None:
        line += f"  (pymerkle {figure.against:,.2f}: {figure.ratio:.1f} times better)"
    return line
