"""Goals in a broadcast: what is refused and in which words, and when one is met."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from broadcast.goal_grammar import DEEPEST, GoalError, read_goal
from broadcast.goals import Member, Watch, moment, read, reading_of
from broadcast.models import Broadcast, Recipient
from broadcast.services import Broadcasts
from broadcast.wishes import WishError
from dutycenter.directory.models import Person, PersonGroup
from dutycenter.interfaces import ILedger, Wish
from dutycenter.ledger.models import LedgerEntry
from tests.support.twin import EPOCH

MEMBERS = [
    Member(1, frozenset({"书记", "县委办"})),
    Member(2, frozenset({"局长", "应急管理局", "应急局"})),
    Member(3, frozenset({"科员", "水利局", "水利"})),
    Member(4, frozenset({"科员", "水利局", "水利"})),
]


def test_a_name_is_a_post_a_department_its_short_name_or_a_person():
    reading = read("书记 且 应急局 且 水利×2", MEMBERS)
    assert reading.members == ((1,), (2,), (3, 4))
    assert reading.need == (1, 1, 2)


def test_no_goal_means_everybody():
    assert not read("", MEMBERS).met([1, 2, 3])
    assert read("  ", MEMBERS).met([1, 2, 3, 4])


@pytest.mark.parametrize("text", ["(" * 500 + "书记" + ")" * 500, "书记 within 9" + "9" * 400 + " min", "书记" * 1500])
def test_a_monstrous_goal_is_refused(text):
    with pytest.raises(GoalError):
        read(text, MEMBERS)


def test_brackets_may_stand_in_brackets():
    assert read("(" * DEEPEST + "书记" + ")" * DEEPEST, MEMBERS).met([1])


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with suppress(GoalError):
        assert read_goal(text, lambda name: [1, 2]).met([1, 2])


ACKNOWLEDGED = st.dictionaries(
    st.integers(1, 4), st.integers(0, 600).map(lambda s: EPOCH + timedelta(seconds=s)), max_size=4
)


@given(ACKNOWLEDGED, st.sampled_from(["书记 或 水利×2", "书记 且 水利", "75%", "(书记 且 局长) 或 水利"]))
def test_its_moment_is_the_first_at_which_it_holds(at, text):
    reading = read(text, MEMBERS)
    found = moment(reading, at)
    held = [t for t in sorted(at.values()) if reading.met([one for one, when in at.items() if when <= t])]
    assert found == (held[0] if held else None)


class TestDraft:
    @pytest.fixture
    def broadcasts(self, town):
        town.settle(4)
        town.gateway()
        with town.work.write() as request:
            yield request.find_service(Broadcasts)

    def draft(self, broadcasts, town, **more):
        return broadcasts.draft(Wish("防汛", "请立即到岗", town.people, **more))

    def test_the_goal_is_kept_with_its_limit(self, broadcasts, town):
        made = self.draft(broadcasts, town, goal=" 局长×2 且 1局 5分钟内 ")
        row = broadcasts.db.get(Broadcast, made)
        assert (row.goal, row.goal_seconds) == ("局长×2 且 1局 5分钟内", 300)

    def test_a_limit_may_stand_beside_the_text(self, broadcasts, town):
        made = self.draft(broadcasts, town, goal="局长", goal_seconds=90)
        assert broadcasts.db.get(Broadcast, made).goal_seconds == 90

    @pytest.mark.parametrize(
        ("wish", "field", "words"),
        [
            ({"goal": "市长"}, "goal", "目标中的“市长”不是"),
            ({"goal": "市长"}, "goal", "1局"),
            ({"goal": "局长×4"}, "goal", "需要“局长”4 人"),
            ({"goal": "局长 且"}, "goal", "结尾处"),
            ({"goal": "局长 科长"}, "goal", "第 4 个字符处应为"),
            ({"goal_seconds": 3}, "goal_seconds", "10 秒"),
        ],
    )
    def test_what_is_wrong_is_said_in_the_readers_words(self, broadcasts, town, wish, field, words, chinese):
        broadcasts.translate = chinese
        with pytest.raises(WishError) as caught:
            self.draft(broadcasts, town, **wish)
        assert words in caught.value.faults[field]

    def test_a_group_is_a_name_too_and_stays_what_it_was_at_the_launch(self, broadcasts, town):
        db = broadcasts.db
        group = PersonGroup(name="防汛责任人", people=[db.get(Person, one) for one in town.people[1:3]])
        db.add(group)
        db.flush()
        made = self.draft(broadcasts, town, goal="防汛责任人×2")
        with pytest.raises(WishError, match="2"):
            self.draft(broadcasts, town, goal="防汛责任人×3")
        group.people = []
        db.flush()
        reading = reading_of(db, db.get(Broadcast, made))
        assert reading.met([r.id for r in db.scalars(select(Recipient)) if r.person_id in town.people[1:3]])

    def test_who_cannot_be_called_does_not_count(self, broadcasts, town):
        recipient = broadcasts.candidates(town.people)[0].person
        recipient.numbers.clear()
        broadcasts.db.flush()
        with pytest.raises(WishError, match="3"):
            self.draft(broadcasts, town, goal="局长×3")


def test_a_running_broadcast_says_once_when_its_goal_was_met(town, manner):
    town.settle(6)
    town.gateway()
    made = town.launch(goal="局长×3 within 10 min")
    twin = town.twin(lambda number, nth: manner(ring=3.0, after=float(number[-2]) + 5.0))
    town.play(twin, town.dialer(twin))
    with town.work.read() as request:
        broadcast = request.db.get(Broadcast, made)
        times = request.db.scalars(
            select(Recipient.acknowledged_at).where(Recipient.broadcast_id == made, Recipient.post == "局长")
        ).all()
        assert broadcast.goal_met_at == max(times)
        told = request.db.scalars(select(LedgerEntry).where(LedgerEntry.action == "broadcast.goal_met")).all()
        assert len(told) == 1


def test_it_comes_to_the_same_moment_after_a_restart(town, manner):
    town.settle(6)
    town.gateway()
    made = town.launch(goal="局长×2")
    twin = town.twin()
    town.play(twin, town.dialer(twin))
    with town.work.write() as request:
        broadcast = request.db.get(Broadcast, made)
        before, broadcast.goal_met_at = broadcast.goal_met_at, None
        Watch(request.db, broadcast).look(request.db, request.find_service(ILedger), broadcast, town.clock.now())
        assert broadcast.goal_met_at == before is not None
