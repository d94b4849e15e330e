"""Plans, groups and doors in the browser's words."""

import pytest
from sqlalchemy import select

from broadcast.models import Recipient
from broadcast.plans.checking import check_asked
from broadcast.plans.content import Content, Who
from broadcast.plans.knocks import Knocks
from broadcast.plans.models import KnockTask, Plan, PlanVersion
from broadcast.plans.services import Plans
from broadcast.services import Broadcasts
from dutycenter.directory.models import Department, Person, PersonGroup, PhoneNumber
from dutycenter.interfaces import EscalationStep
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import EscalationKind, NumberKind, Role, WhoKind


@pytest.fixture
def town(site):
    """Two departments with two people each, and a plan for one of them."""
    with site.work.write() as request:
        rooms = [Department(name=f"市{n}局", short_name=f"{n}局", position=i) for i, n in enumerate(("水利", "应急"))]
        request.db.add_all(rooms)
        for p in range(4):
            request.db.add(
                Person(
                    department=rooms[p % 2], name=f"人{p}", post="科长", position=p, address=f"解放路{p}号",
                    numbers=[PhoneNumber(number=f"1380000000{p}", kind=NumberKind.MOBILE)],
                )
            )  # fmt: skip
        request.db.add(Gateway(name="pstn", channels=10, calls_per_second=5, reserved=2, caller_id="07318888"))
        request.db.flush()
        site.rooms = [room.id for room in rooms]
        content = Content(
            "防汛叫应", "{地点}:请立即到岗。", [Who(WhoKind.DEPARTMENT, str(rooms[0].id))],
            steps=(EscalationStep(EscalationKind.KNOCK, 300),),
        )  # fmt: skip
        site.plan = request.find_service(Plans).create(content).id
    return site


def send(browser, page, town, **more):
    """Send the plan form with one department picked."""
    form = page.forms["plan-form"]
    fields = [(n, v) for n, v in form.submit_fields() if n not in ("title", "message", "who", "tier", "both", *more)]
    values = {"title": "事故响应", "message": "{地点}发生{标题},请到岗。"} | more
    who = [("who", f"department:{town.rooms[1]}"), ("tier", "0"), ("both", "no")]
    return browser.post(form.action or page.request.path, [*fields, *values.items(), *who], expect_errors=True)


class TestForm:
    def test_a_plan_is_written_previewed_and_said_in_words(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        page = admin.get("/plans/new")
        shown = send(admin, page, town, goal="应急局×1", goal_minutes="5", step_minutes="8", step_kind="superior")
        assert shown.status_int == 303
        text = shown.follow().text
        assert "first call 应急局" in text
        assert "应急局×1, within 5 min" in text
        assert "8 min after the launch the superior" in text
        token = page.forms["plan-form"]["csrf_token"].value
        preview = admin.post(
            "/plans/preview",
            [("csrf_token", token), ("title", "x"), ("who", "duty:leader"), ("tier", "0"), ("both", "yes")],
        )
        assert "Leader on duty (who is on duty then) on two numbers at once" in preview

    def test_what_is_wrong_is_said_and_nothing_is_lost(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        page = send(
            admin, admin.get("/plans/new"), town, title="", message="{天气}", goal="(应急局", channels="9999",
            goal_minutes="bald",
        )  # fmt: skip
        assert page.status_int == 422
        for words in (
            "Give the plan a title",
            "No incident has a field",
            "cannot be read at character",
            "1 to 500",
            "Give minutes",
        ):
            assert words in page.text, words
        form = page.forms["plan-form"]
        assert [form[n].value for n in ("message", "goal", "channels")] == ["{天气}", "(应急局", "9999"]
        assert form.fields["who"][0].value == f"department:{town.rooms[1]}"

    def test_two_who_edit_at_once_do_not_overwrite_each_other(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        first, second = admin.get(f"/plans/{town.plan}/edit"), admin.get(f"/plans/{town.plan}/edit")
        assert send(admin, first, town, title="一").status_int == 303
        page = send(admin, second, town, title="二")
        assert page.status_int == 409
        assert "another version meanwhile" in page
        assert send(admin, page, town, title="二").status_int == 303

    def test_versions_are_kept_compared_and_restored(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        send(admin, admin.get(f"/plans/{town.plan}/edit"), town, title="防汛叫应", note="换成应急局")
        old = admin.get(f"/plans/{town.plan}/versions/1")
        assert "first call 水利局" in old
        assert "first call 应急局" in old
        next(f for f in old.forms.values() if f.action.endswith("/restore")).submit(status=303)
        with town.work.read() as request:
            rows = request.db.scalars(select(PlanVersion).order_by(PlanVersion.version)).all()
            assert [(r.version, r.restores, r.note) for r in rows] == [
                (1, None, ""),
                (2, None, "换成应急局"),
                (3, 1, ""),
            ]
            assert rows[2].content == rows[0].content
        admin.get(f"/plans/{town.plan}/versions/9", status=404)

    def test_it_is_removed_and_put_back(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        page = admin.get(f"/plans/{town.plan}")
        next(f for f in page.forms.values() if f.action.endswith("/remove")).submit(status=303)
        page = admin.get(f"/plans/{town.plan}")
        assert "no longer in use" in page
        next(f for f in page.forms.values() if f.action.endswith("/put-back")).submit(status=303)
        with town.work.read() as request:
            assert request.db.get(Plan, town.plan).removed_at is None


class TestPicker:
    def test_it_finds_whatever_can_be_called(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        everything = admin.get("/plans/who?plans=1&q=")
        for token in (f"plan:{town.plan}", "duty:leader", f"department:{town.rooms[0]}"):
            assert f'data-token="{token}"' in everything
        assert 'data-token="post:科长"' in admin.get("/plans/who", {"q": "科"})
        assert "人1" in admin.get("/plans/who?q=0001")
        assert "Nothing is called" in admin.get("/plans/who?q=%25%3Cb%3E")


class TestCheck:
    def test_a_red_plan_is_seen_on_every_desk_until_it_is_mended(self, town):
        with town.work.write() as request:
            for person in request.db.scalars(select(Person)):
                person.numbers = []
        officer = town.logged_in(Role.OFFICER)
        page = officer.get(f"/plans/{town.plan}")
        next(f for f in page.forms.values() if f.action.endswith("/check")).submit(status=303)
        check_asked(town.work)
        assert "Nobody in the plan can be called." in officer.get(f"/plans/{town.plan}")
        assert officer.get("/strip").html.select_one("[href='/plans']").text.split() == ["Plans", "not", "ready", "1"]
        assert "Nobody in the plan can be called." in officer.get("/desk/right")
        with town.work.write() as request:
            for person in request.db.scalars(select(Person)):
                person.numbers = [PhoneNumber(number=f"1391234000{person.id}", kind=NumberKind.MOBILE)]
            plans = request.find_service(Plans)
            plans.ask_check(plans.plan(town.plan))
        check_asked(town.work)
        assert "Plans not ready" not in officer.get("/strip")


class TestGroups:
    def test_a_group_takes_people_and_whole_departments(self, town):
        admin = town.logged_in(Role.ADMINISTRATOR)
        page = admin.get("/groups/new")
        token = next(f for f in page.forms.values() if "csrf_token" in f.fields)["csrf_token"].value
        fields = [
            ("csrf_token", token),
            ("name", "专家组"),
            ("who", f"department:{town.rooms[0]}"),
            ("who", "person:2"),
        ]
        admin.post("/groups/new", fields, status=303)
        with town.work.read() as request:
            group = request.db.scalars(select(PersonGroup)).one()
            assert [p.name for p in group.people] == ["人0", "人1", "人2"]
        assert "already" in admin.post("/groups/new", fields, status=422)
        assert "专家组" in admin.get("/groups")
        admin.post(f"/groups/{group.id}/remove", {"csrf_token": token}, status=303)
        assert "There is no group yet" in admin.get("/groups")


class TestDoors:
    def test_the_list_is_worked_through_and_a_slip_taken_back(self, town):
        with town.work.write() as request:
            plans, broadcasts = request.find_service(Plans), request.find_service(Broadcasts)
            made = broadcasts.draft(plans.wish(plans.plan(town.plan), "请到岗。"))
            broadcasts.launch(made)
            one = request.db.scalars(select(Recipient).where(Recipient.person_id == 1)).one()
            request.db.add(
                KnockTask(
                    broadcast_id=made, recipient_id=one.id, unit="市水利局", address="解放路0号",
                    created_at=broadcasts.clock.now(),
                )
            )  # fmt: skip
        officer = town.logged_in(Role.OFFICER)
        assert "1 door to knock at" in officer.get("/desk/right")
        page = officer.get("/knocks")
        assert "解放路0号" in page
        form = next(f for f in page.forms.values() if "result" in f.fields)
        form["note"] = "本人在家"
        after = form.submit("result", value="told").follow()
        assert "本人在家" in after
        assert "Told face to face" in after
        with town.work.read() as request:
            assert request.find_service(Knocks).listed() == []
        next(f for f in after.forms.values() if f.action.endswith("/reopen")).submit(status=303)
        with town.work.read() as request:
            assert len(request.find_service(Knocks).listed()) == 1
        assert "1 still open" in officer.get(f"/broadcasts/{made}/knocks")
        assert 'name="result"' not in town.logged_in(Role.AUDITOR).get("/knocks")


class TestPermissions:
    @pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER, Role.AUDITOR])
    def test_only_administrators_write_plans_and_groups(self, town, role):
        browser = town.logged_in(role)
        page = browser.get(f"/plans/{town.plan}")
        assert "/edit" not in page
        for path in ("/plans/new", f"/plans/{town.plan}/edit", "/groups/new"):
            browser.get(path, status=403)

    def test_a_wall_display_reads_none_of_it(self, town):
        for path in ("/plans", "/knocks", "/groups"):
            town.logged_in(Role.DISPLAY).get(path, status=403)
