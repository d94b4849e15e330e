"""``dutycenter evidence``: prove what was kept."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dutycenter.audit.verification import put_on_record, verify
from dutycenter.bootstrap import open_work
from dutycenter.cli.common import plain_errors

WORDS = {
    "entries": "ledger entries sealed and right",
    "unsealed": "entries that wait for the next seal",
    "heads": "signed heads",
    "anchored": "heads that agree with their anchored copy",
    "stamped": "heads with a time stamp that holds",
    "recordings": "recordings hashed again",
    "recordings_missing": "recordings on record as missing",
    "papers": "papers hashed again",
    "faults": "faults",
}


@click.group()
def evidence() -> None:
    """Prove the ledger, the recordings and the papers."""


@evidence.command("verify")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the result to this file.")
@click.pass_obj
@plain_errors
def verify_(ini: Path, json_file: Path | None) -> None:
    """Prove everything, or name what fails; exit code 1 when something does."""
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
