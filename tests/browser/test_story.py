"""A whole shift through the screens, by keyboard where a duty officer would use it; then it is heard and printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from dutycenter.incidents.intakes import texts_of
from dutycenter.incidents.models import Intake
from dutycenter.switch.rehearsal.control import Control
from tests.browser import steps
from tests.browser.conftest import Installation, Person

pytestmark = pytest.mark.browser

# Callers, as they dial and as they are shown.
ALONE = ("13507315501", "135 0731 5501")
FIRST = ("13607312202", "136 0731 2202")
SECOND = ("13907318803", "139 0731 8803")
PLACE = "柳河镇 <b>三组</b>"


class TestTheStory:
    def test_from_taking_over_to_the_printed_month(
        self, installation: Installation, person: Callable[[str], Person]
    ) -> None:
        before = person("officer2")
        steps.hand_over(before, "张伟 · 值班员", "三号楼电梯检修")
        officer = person("officer")
        officer.open("/account/factor")
        officer.set_up_factor()
        officer.log_out()
        officer.log_in()
        steps.take_over(officer, "陈静", "三号楼电梯检修")
        before.open("/desk").keyboard.press("F8")  # goes home
        expect(before.page.locator("#desk-pause")).to_contain_text("示闲")

        number = self._answer_alone(installation, officer)
        self._answer_two_at_once(installation, officer)

        page = steps.open_incident(officer, number)
        expect(page.locator("main")).to_contain_text(PLACE)
        steps.call_people_out(page)
        steps.report(steps.open_incident(officer, number), "省政府总值班室", "王值班员")

        steps.hand_over(officer, "陈静 · 值班员", "柳河水位每小时一报")
        officer.log_out()
        steps.take_over(before, "张伟", "柳河水位每小时一报")

        self._hear_it(person("auditor"))
        self._print_the_month(person("admin"))

    def _answer_alone(self, installation: Installation, officer: Person) -> str:
        page, control = officer.open("/desk"), Control(installation.town.settings)
        page.wait_for_selector("#desk-pause")
        leg = control.call(ALONE[0], "hand")
        steps.answer(page, ALONE[1])
        number = steps.write_incident(page, PLACE, "柳河水位超过警戒线,低洼处已经进水。")
        steps.talks(page, ALONE[1])  # still: it was written while talking
        control.hangup(leg)
        expect(page.locator(".bar-live")).to_have_count(0, timeout=steps.MINUTES)
        return number

    def _answer_two_at_once(self, installation: Installation, officer: Person) -> None:
        """The second rings while the first one's words are being typed: a key that is no letter answers it."""
        page, control = officer.open("/desk"), Control(installation.town.settings)
        first = control.call(FIRST[0], "hand")
        steps.ringing(page, FIRST[1])
        second = control.call(SECOND[0], "hand")
        steps.answer(page, FIRST[1])
        expect(page.locator(".ring", has_text=SECOND[1])).to_be_visible()  # waits, and is seen to wait
        page.click("#f-course")
        page.keyboard.type("人民路 路口 两车 相撞")
        control.hangup(first)
        steps.ringing(page, SECOND[1])
        page.keyboard.type(" ,三人 受伤")
        steps.answer(page, SECOND[1], "F9")
        expect(page.locator("#f-course")).to_have_value("")  # the second one's own form
        with installation.work.read() as request:
            written = [texts_of(intake).get("course") for intake in request.db.scalars(select(Intake))]
        assert "人民路 路口 两车 相撞 ,三人 受伤" in written
        control.hangup(second)
        expect(page.locator(".bar-live")).to_have_count(0, timeout=steps.MINUTES)

    def _hear_it(self, auditor: Person) -> None:
        page = auditor.open("/recordings?number=13507315501")
        found = page.locator("a[href*='/recordings/']").first
        while not found.count():  # once the caller has hung up; this page waits for nobody
            page.wait_for_timeout(1000)
            page.reload()
        found.click()
        page.locator("#reason").wait_for(timeout=3 * steps.MINUTES)  # once the caller has hung up
        page.fill("#reason", "核对来电内容")
        page.keyboard.press("Enter")
        play = page.locator("[data-player=play]")
        expect(play).to_be_enabled(timeout=steps.MINUTES)
        play.click()
        page.wait_for_function("() => document.querySelector('[data-player=now]').textContent !== '00:00'")
        page.reload()
        expect(page.locator("main")).to_contain_text("核对来电内容")
        expect(page.locator("main")).to_contain_text("收听")

    def _print_the_month(self, admin: Person) -> None:
        page = admin.open("/reports")
        page.locator(".month-chosen form button").click()
        made = page.locator(".month-chosen a[target=_blank]")
        made.wait_for(timeout=3 * steps.MINUTES)
        answer = admin.context.request.get(admin.installation.url + str(made.get_attribute("href")))
        assert answer.body()[:5] == b"%PDF-"
