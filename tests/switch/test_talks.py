"""Calling back, the desk, minutes and a conference, with the product's own processes on a real FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from broadcast.models import Attempt, Broadcast, Receipt, Recipient
from dutycenter.calls.conferences import Conferences
from dutycenter.calls.models import Call, ConferenceMember, Leg, Recording
from dutycenter.interfaces import IBroadcasts
from dutycenter.vocabulary import CallResult, CallState, Disposition, RecordingKind

from .conftest import HOTLINE, Switch, until
from .phones import Answers, AnswersWhenTold, Telephone
from .sound import seconds
from .test_story import Product

pytestmark = pytest.mark.switch

SHORT = "请到岗。"
BACK, MINUTES, DESK, ROOM, EARLY = (f"1380000300{n}" for n in range(1, 6))


@pytest.fixture(scope="module")
def product(freeswitch: Switch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One ivr and one dialer for all of these."""
    made = Product(freeswitch, tmp_path_factory.mktemp("talks"))
    made.start_ivr()
    made.start_dialer()
    yield made
    made.stop()


@pytest.fixture
def desk(switch: Switch) -> Iterator[Telephone]:
    made = Telephone(default=AnswersWhenTold())
    made.register(switch.desks_port, "1001", switch.desk_password("1001"), switch.settings.switch_domain)
    switch.commands.agent_status("1001", "Available")
    yield made
    made.close()


def read(product: Product, query: object) -> object:
    with product.work.read() as request:
        found = request.db.scalar(query)
        request.db.expunge_all()
    return found


def attempt_of(product: Product, number: str) -> Attempt | None:
    with product.work.read() as request:
        found = request.db.scalars(
            select(Attempt).where(Attempt.number.has(number=number)).order_by(Attempt.created_at.desc())
        ).first()
        request.db.expunge_all()
    return found


def launch(product: Product, number: str, **wish: object) -> int:
    """Call one person."""
    from dutycenter.directory.models import Department, Person, PhoneNumber
    from dutycenter.interfaces import Wish
    from dutycenter.vocabulary import NumberKind

    with product.work.write() as request:
        person = Person(
            name=f"人{number[-1]}", department=Department(name=f"局{number[-1]}", short_name="局"), post="科长"
        )
        person.numbers = [PhoneNumber(number=number, kind=NumberKind.MOBILE)]
        request.db.add(person)
        request.db.flush()
        broadcasts = request.find_service(IBroadcasts)
        made: int = broadcasts.draft(
            replace(Wish("汛情", SHORT, [person.id], channels=4, rounds=1, pause=5, ring_timeout=10), **wish)
        )
        broadcasts.launch(made)
    return made


def test_who_calls_back_is_recognised_and_acknowledges(switch: Switch, network: Telephone, product: Product) -> None:
    launch(product, BACK, rounds=3, pause=60)  # the network knows no such number to call: it rings nobody
    assert until(lambda: (a := attempt_of(product, BACK)) and a.disposition, 20)
    talk = network.call(switch.trunk_port, HOTLINE, user=BACK)
    assert until(talk.answered.is_set)
    assert until(lambda: (c := read(product, select(Call).where(Call.caller_number == BACK))) and c.menu_at)
    network.press(talk, "1")
    assert until(lambda: read(product, select(Receipt).where(Receipt.means == "callback")), 15)
    assert until(talk.ended.is_set, 30)
    assert until(lambda: read(product, select(Call.result).where(Call.caller_number == BACK)) == CallResult.SERVED)
    assert not read(product, select(Call.open).where(Call.caller_number == BACK))


def test_a_key_counts_from_the_first_word_and_the_minutes_are_taken(
    switch: Switch, network: Telephone, product: Product
) -> None:
    # 1 while it still says who is calling; the minutes once the question may have begun, then hash.
    network.manners[MINUTES] = Answers(keys=[(1.0, "1"), (5.0, "3"), (5.5, "5"), (6.0, "#")])
    launch(product, MINUTES, ask_arrival=True)
    assert until(lambda: read(product, select(Recipient.acknowledged_at).where(Recipient.name == "人2")), 20)
    assert until(lambda: read(product, select(Recipient.arrives_in_minutes).where(Recipient.name == "人2")) == 35, 20)
    assert until(lambda: (a := attempt_of(product, MINUTES)) and a.disposition == Disposition.ACKNOWLEDGED, 30)


def test_key_3_is_bridged_to_the_desk(switch: Switch, network: Telephone, desk: Telephone, product: Product) -> None:
    network.manners[DESK] = Answers(keys=[(1.0, "3")])
    broadcast = launch(product, DESK)
    assert until(lambda: (a := attempt_of(product, DESK)) and a.desk_asked_at, 20)
    assert until(lambda: desk.talks and desk.talks[0].rang.is_set(), 20)
    attempt = attempt_of(product, DESK)
    assert attempt is not None
    leg = select(Leg.channel_uuid).where(Leg.rings_for == attempt.id)
    assert until(lambda: read(product, leg))
    switch.commands.talk(str(read(product, leg)))
    assert until(lambda: (a := attempt_of(product, DESK)) and a.desk_talked_at)
    with product.work.write() as request:
        recipient = request.db.get(Attempt, attempt.id).recipient_id
        assert request.find_service(IBroadcasts).acknowledge_by(recipient, "desk")
    desk.hang_up(desk.talks[0])
    assert until(lambda: product.finished(broadcast), 30)
    last = attempt_of(product, DESK)
    assert last is not None
    assert last.disposition == Disposition.TRANSFERRED


def test_a_conference_is_joined_by_key_and_by_a_desk(
    switch: Switch, network: Telephone, desk: Telephone, product: Product
) -> None:
    desk.default = Answers(after=0.2)
    network.manners[ROOM] = Answers(keys=[(1.0, "5")])
    broadcast = launch(product, ROOM)
    with product.work.write() as request:
        conferences: Conferences = request.find_service(Conferences)
        conference = conferences.open(f"broadcast:{broadcast}", "汛情", exercise=False)
        conference_id, room = conference.id, conference.room
    with product.work.write() as request:
        request.find_service(Conferences).desk_joins(conference_id, "1001", "值班员", HOTLINE)

    def inside() -> dict[str, ConferenceMember]:
        with product.work.read() as request:
            rows = request.db.scalars(
                select(ConferenceMember).where(
                    ConferenceMember.conference_id == conference_id,
                    ConferenceMember.joined_at.is_not(None),
                    ConferenceMember.left_at.is_(None),
                )
            ).all()
            request.db.expunge_all()
        return {row.name: row for row in rows}

    assert until(lambda: inside().keys() == {"值班员", "人4"}, 25), inside()
    person = inside()["人4"]
    with product.work.write() as request:
        request.find_service(Conferences).mute(conference_id, person.id, muted=True)
    assert [one.muted for one in switch.commands.conference(room) if one.channel_uuid == person.channel_uuid] == [True]
    with product.work.write() as request:
        request.find_service(Conferences).lock(conference_id, locked=True)
        request.find_service(Conferences).drop(conference_id, person.id)
    assert until(lambda: inside().keys() == {"值班员"})
    with product.work.write() as request:
        request.find_service(Conferences).close(conference_id)
    assert until(lambda: not inside())
    assert until(lambda: product.finished(broadcast), 30)
    recording = select(Recording).where(Recording.kind == RecordingKind.CONFERENCE, Recording.channel_uuid == room)
    assert until(lambda: (r := read(product, recording)) and r.stopped_at)
    assert seconds(switch.settings.recordings_dir / f"{room}.conference.wav") > 1.0
    assert read(product, select(Broadcast.id).where(Broadcast.id == broadcast))
    assert Path(switch.recording(person.channel_uuid)).exists()
    assert read(product, select(Call.id).where(Call.state != CallState.ENDED)) is None
