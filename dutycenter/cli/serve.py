"""``dutycenter serve ROLE``: one process of the product.

The gevent roles patch the standard library before anything else is imported;
that is why this module imports nothing of the product at its top.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

import click

ROLES = {
    "ivr": "ivr_flows.role",
    "dialer": "broadcast.role",
    "clerk": "dutycenter.cli.clerk",
    "rehearsal": "dutycenter.switch.rehearsal.role",
}
QUIET = "ignore:pkg_resources is deprecated"
ON_GEVENT = frozenset({"ivr", "dialer", "rehearsal"})


@click.command()
@click.argument("role", type=click.Choice(["web", *ROLES]))
@click.pass_obj
def serve(ini: Path, role: str) -> None:
    """Run one role: web, ivr, dialer, clerk or rehearsal."""
    if role == "web":
        pserve = Path(sys.executable).with_name("pserve")
        os.execv(sys.executable, [sys.executable, "-W", QUIET, str(pserve), str(ini)])  # noqa: S606
    if role in ON_GEVENT:
        from gevent import monkey

        monkey.patch_all()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-5.5s %(name)s %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    from dutycenter.bootstrap import open_work
    from dutycenter.cli.common import plain_errors

    # SIGTERM ends a role as Ctrl-C does: its ``run`` closes what is open and returns.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    @plain_errors
    def run() -> None:
        work = open_work(ini, actor=role)
        if role == "rehearsal" and not work.settings.rehearsal:
            raise click.ClickException("The settings say this is no rehearsal: the simulated switch stays off.")
        try:
            import_module(ROLES[role]).run(work)
        except KeyboardInterrupt:
            logging.getLogger(__name__).info("The %s ends.", role)

    run()
