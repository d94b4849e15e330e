"""The county's rule on a clock that is moved by hand: the dialer, the conversations' answers, the steps."""

from __future__ import annotations

from tests.support.county import County, Manners
from tests.support.twin import Manner, Town


def told(county: County, number: str, nth: int) -> Manner:
    """The person's manners, for the twin."""
    place = int(number[7:10])
    ring = county.ring(place)
    listens = Manner(ring=ring, key="")
    return {
        Manners.LISTENS: listens,
        Manners.NEVER_ANSWERS: Manner(ring=99),
        Manners.ANSWERS_LATE: listens if nth > 1 else Manner(ring=99),
        Manners.LEAVES_ONCE: listens if nth > 1 else Manner(ring=ring, key="", heard=False),
        Manners.ALWAYS_LEAVES: Manner(ring=ring, key="", heard=False),
        Manners.SWITCHED_OFF: Manner(ring=1.0, cause="NO_USER_RESPONSE"),
    }[county.manners(place)]


class TestCounty:
    def test_all_are_woken_or_their_superiors_told_within_eight_minutes(self, small_town: Town) -> None:
        town, county = small_town, County()
        county.settle(town.work)
        town.gateway(channels=204, reserved=4, cps=30)
        made = county.launch(town.work)
        twin = town.twin(lambda number, nth: told(county, number, nth))
        town.play(twin, town.dialer(twin))
        assert twin.most_up <= 200
        county.judge(town.work, made, [(line.at, line.number) for line in twin.journal if line.what == "originate"])
