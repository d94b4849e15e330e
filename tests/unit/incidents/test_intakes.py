"""A form that survives a crashed browser, and two people at once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from dutycenter.calls.models import Call
from dutycenter.calls.services import Calls
from dutycenter.incidents.intakes import AlreadySaved, Intakes, NoSuchIntake, Saved, texts_of
from dutycenter.incidents.models import Incident, Intake
from dutycenter.incidents.services import Incidents
from dutycenter.vocabulary import SourceChannel
from dutycenter.work import Work


@pytest.fixture
def intake(work: Work, officer: int) -> int:
    with work.write() as request:
        call = request.find_service(Calls).arrive(str(uuid.uuid4()), "13800138000", "07318888")
        return request.find_service(Intakes).for_call(call, officer).id


def save(work: Work, intake: int, version: int, **changes: str) -> Saved:
    with work.write() as request:
        return request.find_service(Intakes).save(intake, version, changes)


def texts(work: Work, intake: int) -> dict[str, str]:
    with work.read() as request:
        return texts_of(request.find_service(Intakes).get(intake))


class TestForCall:
    def test_a_call_has_one_form_whoever_opens_it(self, work: Work, officer: int) -> None:
        with work.write() as request:
            call_id = request.find_service(Calls).arrive(str(uuid.uuid4()), "13800138000", "07318888").id

        def open_form(_: int) -> int:
            with work.write() as request:
                return request.find_service(Intakes).for_call(request.db.get(Call, call_id), officer).id

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(open_form, range(8)))) == 1

    def test_it_knows_the_number_already(self, work: Work, intake: int) -> None:
        assert texts(work, intake)["reporter_number"] == "13800138000"


class TestSave:
    def test_it_keeps_what_was_typed_and_names_what_is_missing(self, work: Work, intake: int) -> None:
        saved = save(work, intake, 1, place="解放路", course="两车相撞")
        names = [element.name for element in saved.missing]
        assert "level" in names
        assert "place" not in names
        assert texts(work, intake)["course"] == "两车相撞"

    def test_the_same_again_changes_nothing(self, work: Work, intake: int) -> None:
        first = save(work, intake, 1, place="解放路")
        assert save(work, intake, first.version, place="解放路").version == first.version

    def test_two_people_in_different_elements_do_not_disturb_each_other(self, work: Work, intake: int) -> None:
        save(work, intake, 1, place="解放路")
        second = save(work, intake, 1, course="两车相撞")
        assert (second.theirs, second.conflicts) == ({"place": "解放路"}, {})
        assert texts(work, intake)["place"] == "解放路"

    def test_two_people_in_the_same_element_are_told_and_nothing_is_lost(self, work: Work, intake: int) -> None:
        first = save(work, intake, 1, place="解放路")
        second = save(work, intake, 1, place="五一路", course="两车相撞")
        assert second.conflicts == {"place": "解放路"}
        assert (texts(work, intake)["place"], texts(work, intake)["course"]) == ("解放路", "两车相撞")
        third = save(work, intake, second.version, place="五一路")
        assert (third.conflicts, texts(work, intake)["place"]) == ({}, "五一路")
        assert third.version > first.version

    def test_whose_answer_was_lost_is_not_told_of_their_own_words(self, work: Work, intake: int) -> None:
        with work.write() as request:
            request.find_service(Intakes).save(intake, 1, {"place": "解放路"}, tab="a")
        with work.write() as request:  # the answer never came: the same tab goes on from the version that it knows
            again = request.find_service(Intakes).save(intake, 1, {"place": "解放路1号"}, tab="a")
        assert again.conflicts == {}
        with work.write() as request:
            other = request.find_service(Intakes).save(intake, 1, {"place": "五一路"}, tab="b")
        assert other.conflicts == {"place": "解放路1号"}

    def test_an_unknown_form_is_not_found(self, work: Work) -> None:
        with pytest.raises(NoSuchIntake):
            save(work, 4711, 1, place="x")


class TestMakeIncident:
    def test_it_has_a_number_and_its_call(self, work: Work, intake: int, officer: int) -> None:
        save(work, intake, 1, place="解放路", incident_class="accident")
        with work.write() as request:
            incident = request.find_service(Intakes).make_incident(intake, officer)
            assert incident.sequence == 1
        with work.read() as request:
            found = request.find_service(Incidents).get(incident.id)
            assert (found.place, found.reported_at) == ("解放路", found.calls[0].arrived_at)

    def test_pressing_twice_makes_one(self, work: Work, intake: int, officer: int) -> None:
        with work.write() as request:
            request.find_service(Intakes).make_incident(intake, officer)
        with work.write() as request, pytest.raises(AlreadySaved):
            request.find_service(Intakes).make_incident(intake, officer)
        with work.read() as request:
            assert request.db.scalar(select(func.count()).select_from(Incident)) == 1

    def test_what_is_typed_afterwards_reaches_the_incident(self, work: Work, intake: int, officer: int) -> None:
        with work.write() as request:
            incident = request.find_service(Intakes).make_incident(intake, officer)
        save(work, intake, 1, dead="2", injured="很多")
        with work.read() as request:
            assert request.find_service(Incidents).get(incident.id).dead == 2

    def test_but_not_over_what_was_written_on_its_own_page(self, work: Work, intake: int, officer: int) -> None:
        save(work, intake, 1, place="解放路")
        with work.write() as request:
            incident = request.find_service(Intakes).make_incident(intake, officer)
            request.find_service(Incidents).edit(incident.id, {"place": "解放西路"})
        assert save(work, intake, 2, place="解放东路").conflicts == {"place": "解放西路"}
        with work.read() as request:
            assert request.find_service(Incidents).get(incident.id).place == "解放西路"

    def test_a_form_without_a_call_says_how_it_came(self, work: Work, officer: int) -> None:
        with work.write() as request:
            intakes = request.find_service(Intakes)
            fax = intakes.blank(officer, SourceChannel.FAX)
            assert intakes.blank(officer, SourceChannel.FAX).id != fax.id
            assert intakes.make_incident(fax.id, officer).channel is SourceChannel.FAX


class TestMergeInto:
    def test_it_fills_what_was_unknown_and_keeps_what_was_known(self, work: Work, intake: int, officer: int) -> None:
        with work.write() as request:
            incident = request.find_service(Incidents).create({"place": "解放路"})
        save(work, intake, 1, place="五一路", dead="1", course="又来一电")
        with work.write() as request:
            request.find_service(Intakes).merge_into(intake, incident.id, officer)
        with work.read() as request:
            found = request.find_service(Incidents).get(incident.id)
            assert (found.place, found.dead, len(found.calls)) == ("解放路", 1, 1)
            (merged,) = [entry for entry in found.entries if entry.kind == "merged"]
            assert merged.data["elements"]["place"] == "五一路"

    def test_it_can_be_undone(self, work: Work, intake: int, officer: int) -> None:
        with work.write() as request:
            incident = request.find_service(Incidents).create({})
            request.find_service(Intakes).merge_into(intake, incident.id, officer)
        with work.write() as request:
            request.find_service(Intakes).detach(intake)
        with work.read() as request:
            assert request.find_service(Incidents).get(incident.id).calls == []
            assert request.db.get(Intake, intake).incident_id is None

    def test_undone_what_it_filled_in_is_unknown_again_unless_somebody_wrote_there(
        self, work: Work, intake: int, officer: int
    ) -> None:
        save(work, intake, 1, place="五一路", dead="1")
        with work.write() as request:
            incident = request.find_service(Incidents).create({"course": "追尾"})
            request.find_service(Intakes).merge_into(intake, incident.id, officer)
        with work.write() as request:
            request.find_service(Incidents).edit(incident.id, {"dead": "2"})
            request.find_service(Intakes).detach(intake)
        with work.read() as request:
            found = request.find_service(Incidents).get(incident.id)
            assert (found.place, found.dead, found.course, found.entries[-1].kind) == ("", 2, "追尾", "detached")

    def test_a_form_that_made_its_incident_stays_with_it(self, work: Work, intake: int, officer: int) -> None:
        with work.write() as request:
            incident = request.find_service(Intakes).make_incident(intake, officer)
            assert request.find_service(Intakes).detach(intake).incident_id == incident.id
