"""One county's published rule, as a story: 506 people are woken within eight minutes, or their superiors are told.

Everybody is called within three minutes; the message of 20 seconds must be heard
to its end; who doesn't answer or leaves early is called three times within five
minutes; then the superiors of those still not woken are called. Judged by what
the switch wrote down.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Recipient
from dutycenter.directory.models import Person
from dutycenter.interfaces import EscalationStep
from dutycenter.vocabulary import Disposition, EscalationKind, Outcome, ReachedRule, RecipientRole
from tests.support.twin import Manner, Town, Twin

COUNTY, TOWNSHIPS, VILLAGES = 38, 72, 396
PEOPLE = COUNTY + TOWNSHIPS + VILLAGES
MINUTE = 60.0
MESSAGE = "暴雨红色预警" * 16 + "立即转移"  # 100 characters, 20 seconds as the town's voice speaks


def person_of(number: str) -> int:
    return int(number[7:10])


def county(number: str, nth: int) -> Manner:
    """Seven in eight listen; the others answer late, leave early once or always, or never answer."""
    person = person_of(number)
    ring = 3.0 + person % 9
    listens = Manner(ring=ring, key="")
    if person < COUNTY:
        return listens  # superiors are awake
    match person % 24:
        case 0:
            return Manner(ring=99)  # never answers
        case 1:
            return listens if nth > 1 else Manner(ring=99)
        case 2:
            return listens if nth > 1 else Manner(ring=ring, key="", heard=False)
        case 3 if person % 48 == 3:
            return Manner(ring=ring, key="", heard=False)  # always leaves early
        case 4 if person % 48 == 4:
            return Manner(ring=1.0, cause="NO_USER_RESPONSE")  # switched off
        case _:
            return listens


UNREACHED = {p for p in range(COUNTY, PEOPLE) if p % 24 == 0 or p % 48 in (3, 4)}


def settle(town: Town) -> None:
    """The directory: villages answer to townships, townships to the county."""
    town.settle(PEOPLE, numbers=1, departments=38)
    with town.work.write() as request:
        people = {p.id: p for p in request.db.scalars(select(Person))}
        for at, made in enumerate(town.people[COUNTY:], COUNTY):
            above = at % COUNTY if at < COUNTY + TOWNSHIPS else COUNTY + at % TOWNSHIPS
            people[made].superior_id = town.people[above]


class TestCounty:
    def test_all_are_woken_or_their_superiors_told_within_eight_minutes(self, small_town: Town) -> None:
        town = small_town
        settle(town)
        town.gateway(channels=204, reserved=4, cps=30)
        made = town.launch(
            message=MESSAGE, channels=200, rounds=3, pause=30, ring_timeout=25, reached_rule=ReachedRule.HEARD,
            steps=[EscalationStep(EscalationKind.SUPERIOR, 300)],
        )  # fmt: skip
        twin = town.twin(county)
        town.play(twin, town.dialer(twin))
        assert town.clock.gone <= 8 * MINUTE
        assert twin.most_up <= 200
        self._calls(twin)
        self._states(town, made)

    def _calls(self, twin: Twin) -> None:
        calls: dict[int, list[float]] = defaultdict(list)
        for at, number, _gateway, _uuid in twin.begun:
            calls[person_of(number)].append(at)
        assert set(calls) == set(range(PEOPLE))
        assert max(times[0] for times in calls.values()) <= 3 * MINUTE
        for person in UNREACHED:
            early = [at for at in calls[person] if at <= 5 * MINUTE]
            assert len(early) >= 3, f"person {person} was called at {calls[person]}"

    def _states(self, town: Town, made: int) -> None:
        with town.work.read() as request:
            db = request.db
            rows = {r.id: r for r in db.scalars(select(Recipient).where(Recipient.broadcast_id == made))}
            first = {r.person_id: r for r in rows.values() if r.role is RecipientRole.LISTED}
            place = {person: at for at, person in enumerate(town.people)}
            assert Counter(r.outcome for r in first.values()) == {
                Outcome.ACKNOWLEDGED: PEOPLE - len(UNREACHED), Outcome.NOT_REACHED: len(UNREACHED),
            }  # fmt: skip
            assert {place[p] for p, r in first.items() if r.outcome is Outcome.NOT_REACHED} == UNREACHED
            superiors = [r for r in rows.values() if r.role is RecipientRole.SUPERIOR]
            assert len({r.person_id for r in superiors}) == len(superiors), "a superior is told once"
            assert superiors
            assert {r.outcome for r in superiors} == {Outcome.ACKNOWLEDGED}
            ends = Counter(a.disposition for a in db.scalars(select(Attempt)))
            assert set(ends) == {
                Disposition.HEARD, Disposition.HUNG_UP_EARLY, Disposition.NO_ANSWER, Disposition.SWITCHED_OFF,
            }  # fmt: skip
            broadcast = db.get(Broadcast, made)
            assert broadcast.finished_at is not None
