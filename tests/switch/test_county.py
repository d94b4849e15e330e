"""The county's rule on a real FreeSWITCH: a tenth of its people, its times shortened to three tenths.

Shorter, and the talks, which take their time, would be all of it. ``python -m tests.bench.county`` carries out the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.county import County, Manners

from .conftest import Switch, until
from .phones import Answers, InTurn, Manner, Refuses, RingsOut, Telephone
from .product import Product

pytestmark = pytest.mark.switch

LEAVES = 2.0  # seconds after the answer: before anything of the message is said


def told(county: County, place: int) -> Manner:
    """The person's manners, for a telephone."""
    ring = county.ring(place)
    listens, leaves = Answers(after=ring, speaks=False), Answers(after=ring, speaks=False, stay=LEAVES)
    return {
        Manners.LISTENS: listens,
        Manners.NEVER_ANSWERS: RingsOut(),
        Manners.ANSWERS_LATE: InTurn([RingsOut(), listens]),
        Manners.LEAVES_ONCE: InTurn([leaves, listens]),
        Manners.ALWAYS_LEAVES: leaves,
        Manners.SWITCHED_OFF: Refuses(480, after=1.0 * county.scale),
    }[county.manners(place)]


def carry_out(county: County, product: Product, network: Telephone) -> list[str]:
    """The whole story; what was measured, in words."""
    county.settle(product.work)
    network.manners.update({county.number(place): told(county, place) for place in range(county.people)})
    product.start_ivr()
    product.start_dialer()
    made = county.launch(product.work)
    limit = 10 * 60 * county.scale + 30
    assert until(lambda: product.finished(made), limit), product.logs()
    return county.judge(product.work, made, [(talk.began, talk.number) for talk in network.talks])


@pytest.fixture
def product(switch: Switch, network: Telephone, tmp_path: Path) -> Iterator[Product]:
    made = Product(switch, tmp_path, channels=52, cps=20)
    yield made
    made.stop()


class TestCounty:
    def test_all_are_woken_or_their_superiors_told_in_time(self, product: Product, network: Telephone) -> None:
        county = County(people=56, scale=0.3, channels=50, message="暴雨红色预警,立即转移。", number="138{:08d}".format)
        carry_out(county, product, network)
