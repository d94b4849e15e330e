"""The county's rule, whole, with the product's own processes: on a real FreeSWITCH, or on the rehearsal switch.

    python -m tests.bench.county [--people 506] [--scale 1.0]
    python -m tests.bench.county --rehearsed [--people 506] [--speed 4]

506 people over 200 channels with the rule's own times take eight minutes; ``--scale``
shortens them on FreeSWITCH, which stands beside a PostgreSQL, and ``--speed`` lets the
rehearsal's clock run faster. What is measured is printed; a rule that is not kept ends with an error.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.conftest import private_postgresql
from tests.functional.test_county import rehearsed
from tests.support.county import WHOLE, County
from tests.switch.conftest import Switch
from tests.switch.phones import Telephone
from tests.switch.product import Product
from tests.switch.test_county import carry_out

MESSAGE = "暴雨红色预警" * 12 + "立即转移"  # 20 seconds as espeak-ng speaks
LINES = 200 / WHOLE  # channels a person


def on_freeswitch(people: int, scale: float, folder: Path) -> list[str]:
    """On a switch, a network and a PostgreSQL of its own."""
    county = County(people, scale, round(people * LINES), number="138{:08d}".format, message=MESSAGE)
    switch = Switch(folder, loglevel="err", gateway_ping=3600, sessions_per_second=200, max_sessions=1000)
    network = Telephone(port=switch.network_port)
    switch.start()
    try:
        with private_postgresql(durable=True) as server:
            store = server.replace("postgresql://", "postgresql+psycopg://")
            product = Product(switch, folder, store, channels=county.channels + 2, cps=30)
            try:
                return carry_out(county, product, network)
            finally:
                product.stop()
    finally:
        network.close()
        switch.stop()


def main() -> None:
    """Carry it out and print what was measured."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--people", type=int, default=WHOLE)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--rehearsed", action="store_true")
    options.add_argument("--speed", type=float, default=4.0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="county-") as name:
        if chosen.rehearsed:
            found = rehearsed(County(chosen.people, channels=round(chosen.people * LINES)), chosen.speed, Path(name))
        else:
            found = on_freeswitch(chosen.people, chosen.scale, Path(name))
    print("\n".join(found))


if __name__ == "__main__":
    main()
