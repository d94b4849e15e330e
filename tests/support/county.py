"""One county's published rule, whatever the switch: who lives there, what must happen, and the judgement.

506 responsible people are called within three minutes over 200 channels; the
message of 20 seconds must be heard to its end; who doesn't answer or leaves early
is called three times within five minutes; then the superiors of those still not
woken are called; it is complete within eight minutes. A smaller county keeps the
proportions; a faster one shortens every time by the same factor.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Recipient
from broadcast.services import Broadcasts
from dutycenter.directory.models import Department, Person, PhoneNumber
from dutycenter.interfaces import EscalationStep, Wish
from dutycenter.vocabulary import Disposition, EscalationKind, NumberKind, Outcome, ReachedRule, RecipientRole
from dutycenter.work import Work

MINUTE = 60.0
WHOLE, COUNTY_SHARE, TOWNSHIP_SHARE = 506, 38 / 506, 72 / 506
MESSAGE = "暴雨红色预警" * 16 + "立即转移"  # 100 characters: 20 seconds as a voice of five characters a second speaks
ENDS = frozenset(
    {Disposition.HEARD, Disposition.ACKNOWLEDGED, Disposition.HUNG_UP_EARLY, Disposition.NO_ANSWER,
     Disposition.SWITCHED_OFF,
     Disposition.CONGESTION}  # no room at that moment: called again, and no try is used up
)  # fmt: skip


class Manners(Enum):
    """What somebody does when the county calls."""

    LISTENS = "to the end"
    NEVER_ANSWERS = "never"
    ANSWERS_LATE = "from the second call on"
    LEAVES_ONCE = "early the first time"
    ALWAYS_LEAVES = "always early"
    SWITCHED_OFF = "off"


UNREACHABLE = frozenset({Manners.NEVER_ANSWERS, Manners.ALWAYS_LEAVES, Manners.SWITCHED_OFF})


@dataclass
class County:
    """So many people, and times shortened by ``scale``.

    Args:
        people: superiors first: the county's, the townships', then the villages.
        scale: 1 for the rule's own times.
        channels: lines that may be used at once.
        number: the telephone of the person at a place.
    """

    people: int = WHOLE
    scale: float = 1.0
    channels: int = 200
    message: str = MESSAGE
    number: Callable[[int], str] = "1380000{:03d}0".format
    ids: list[int] = field(default_factory=list)

    @property
    def at_county(self) -> int:
        return round(self.people * COUNTY_SHARE)

    @property
    def at_townships(self) -> int:
        return round(self.people * TOWNSHIP_SHARE)

    def ring(self, place: int) -> float:
        """Seconds until somebody picks up."""
        return (3.0 + place % 9) * self.scale

    def manners(self, place: int) -> Manners:
        """Seven in eight listen; the others answer late, leave early once or always, or never answer."""
        if place < self.at_county:
            return Manners.LISTENS  # superiors are awake
        match place % 24:
            case 0:
                return Manners.NEVER_ANSWERS
            case 1:
                return Manners.ANSWERS_LATE
            case 2:
                return Manners.LEAVES_ONCE
            case 3 if place % 48 == 3:
                return Manners.ALWAYS_LEAVES
            case 4 if place % 48 == 4:
                return Manners.SWITCHED_OFF
            case _:
                return Manners.LISTENS

    @property
    def unreached(self) -> set[int]:
        """Places of those whom nobody can wake by telephone."""
        return {place for place in range(self.people) if self.manners(place) in UNREACHABLE}

    # --- into the store ----------------------------------------------------------------

    def settle(self, work: Work) -> None:
        """The directory: villages answer to townships, townships to the county."""
        with work.write() as request:
            db = request.db
            rooms = [Department(name=f"第{d}局", short_name=f"{d}局", position=d) for d in range(self.at_county)]
            made = [
                Person(
                    department=rooms[p % len(rooms)],
                    name=f"人{p}",
                    post="局长" if p < len(rooms) else "村主任",
                    position=p,
                    numbers=[PhoneNumber(number=self.number(p), kind=NumberKind.MOBILE)],
                )
                for p in range(self.people)
            ]
            db.add_all([*rooms, *made])
            db.flush()
            for place, person in enumerate(made):
                above = self._above(place)
                person.superior_id = None if above is None else made[above].id
            self.ids = [person.id for person in made]

    def _above(self, place: int) -> int | None:
        if place < self.at_county:
            return None
        if place < self.at_county + self.at_townships:
            return place % self.at_county
        return self.at_county + place % self.at_townships

    def launch(self, work: Work) -> int:
        """Call everybody as the rule says; the broadcast's id."""
        wish = Wish(
            # Who is switched off rests for three pauses: two such rests and a call must fit into five minutes.
            "叫应", self.message, self.ids, channels=self.channels, rounds=3, pause=max(5, round(25 * self.scale)),
            ring_timeout=max(10, round(25 * self.scale)), reached_rule=ReachedRule.HEARD,
            steps=[EscalationStep(EscalationKind.SUPERIOR, round(5 * MINUTE * self.scale))],
        )  # fmt: skip
        with work.write() as request:
            broadcasts = request.find_service(Broadcasts)
            made: int = broadcasts.draft(wish)
            broadcasts.launch(made)
        return made

    # --- the judgement -----------------------------------------------------------------

    def judge(self, work: Work, made: int, calls: Iterable[tuple[datetime, str]]) -> list[str]:
        """Hold the rule against what the network saw and against the end states; what was measured, in words.

        Args:
            calls: when which number was called, from the switch's or the network's own record.
        """
        with work.read() as request:
            broadcast = request.db.get(Broadcast, made)
            began, finished = broadcast.launched_at, broadcast.finished_at
        assert finished is not None, "it has not ended"
        place_of = {self.number(place): place for place in range(self.people)}
        called: dict[int, list[float]] = defaultdict(list)
        for at, number in sorted(calls):
            called[place_of[number]].append((at - began).total_seconds())
        took = (finished - began).total_seconds()
        said = self._judge_calls(called)
        assert took <= 8 * MINUTE * self.scale, f"complete after {took:.1f} s"
        return [*said, f"complete after {took:.1f} s", *self._judge_states(work, made)]

    def _judge_calls(self, called: dict[int, list[float]]) -> Sequence[str]:
        missed = set(range(self.people)) - set(called)
        assert missed == set(), "nobody is forgotten"
        last = max(times[0] for times in called.values())
        assert last <= 3 * MINUTE * self.scale, f"the last was first called after {last:.1f} s"
        thirds = []
        for place in self.unreached:
            early = [at for at in called[place] if at <= 5 * MINUTE * self.scale]
            assert len(early) >= 3, f"person {place} was called at {called[place]}"
            thirds.append(early[2])
        return [
            f"{sum(map(len, called.values()))} calls, everybody called once within {last:.1f} s",
            f"the {len(thirds)} who are not reached called three times within {max(thirds, default=0):.1f} s",
        ]

    def _judge_states(self, work: Work, made: int) -> Sequence[str]:
        with work.read() as request:
            db = request.db
            rows = list(db.scalars(select(Recipient).where(Recipient.broadcast_id == made)))
            ends = Counter(db.scalars(select(Attempt.disposition).where(Attempt.broadcast_id == made)))
            place = {person: at for at, person in enumerate(self.ids)}
            listed = {place[r.person_id]: r.outcome for r in rows if r.role is RecipientRole.LISTED}
            superiors = [(place[r.person_id], r.outcome) for r in rows if r.role is RecipientRole.SUPERIOR]
        assert len(listed) == self.people
        assert {p for p, outcome in listed.items() if outcome is Outcome.NOT_REACHED} == self.unreached
        assert Counter(listed.values()) == {
            Outcome.ACKNOWLEDGED: self.people - len(self.unreached), Outcome.NOT_REACHED: len(self.unreached),
        }  # fmt: skip
        told = {p for p, _ in superiors}
        assert len(superiors) == len(told), "a superior is told once"
        assert told
        assert told <= {self._above(p) for p in self.unreached} | set(range(self.at_county))
        assert {outcome for _, outcome in superiors} == {Outcome.ACKNOWLEDGED}
        assert set(ends) <= ENDS, ends
        return [
            f"{self.people - len(self.unreached)} woken, {len(self.unreached)} not, {len(told)} superiors told",
            ", ".join(f"{end} {count}" for end, count in ends.most_common()),
        ]
