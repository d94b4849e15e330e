"""Sample plans for a sample city: editable data, as a county's published rules have them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from broadcast.plans.content import Content, Who
from broadcast.plans.services import Plans
from dutycenter.directory.models import Department, Person, PersonGroup
from dutycenter.interfaces import EscalationStep
from dutycenter.vocabulary import (
    EscalationKind,
    IncidentClass,
    Level,
    ReachedRule,
    ShiftDuty,
    SmsWhen,
    StepWhom,
    WhoKind,
)

FLOOD = "防汛红色预警叫应"
ACCIDENT = "较大以上事故应急响应"
HEALTH = "突发公共卫生事件通知"


def seed_plans(request: Any) -> int:
    """Three plans over the departments that the sample city has; how many were made."""
    plans: Plans = request.find_service(Plans)
    if plans.listed():
        return 0
    units = {row.short_name: row.id for row in request.db.execute(select(Department.short_name, Department.id))}
    posts = ("防汛抗旱科科长", "水旱灾害防御科科长", "防汛责任人", "山塘巡查员", "气象台台长")
    people = request.db.scalars(select(Person).where(Person.post.in_(posts)).order_by(Person.id)).all()
    group = PersonGroup(name="防汛责任人", people=list(people))
    request.db.add(group)
    request.db.flush()
    made = [content for content in _contents(units, group.id) if content.who]
    for content in made:
        plans.create(content, "随样例城市提供，可以修改")
    return len(made)


def _contents(units: dict[str, int], group: int) -> list[Content]:
    leader = Who(WhoKind.DUTY, ShiftDuty.LEADER.value, both=True)

    def of(*names: str, tier: int = 1) -> list[Who]:
        return [Who(WhoKind.DEPARTMENT, str(units[name]), tier) for name in names if name in units]

    return [
        Content(
            title=FLOOD,
            message="{区县}{地点}：{标题}。市防汛抗旱指挥部启动叫应。请您立即到岗，组织人员转移避险，并在半小时内报告情况。",
            who=[leader, Who(WhoKind.GROUP, str(group)), *of("水利局", "应急局", "气象局")],
            classes=[IncidentClass.NATURAL],
            levels=[Level.I, Level.II, Level.III],
            reached_rule=ReachedRule.HEARD,
            channels=200,
            rounds=3,
            pause=45,
            ring_timeout=25,
            goal="90%",
            goal_seconds=480,
            steps=(
                EscalationStep(EscalationKind.DEPUTY, 180),
                EscalationStep(EscalationKind.SUPERIOR, 300),
                EscalationStep(EscalationKind.KNOCK, 300),
            ),
        ),
        Content(
            title=ACCIDENT,
            message="{地点}发生{标题}，级别{级别}。请您立即赶赴现场或到岗，按预案开展处置，并回报到达时间。",
            who=[leader, *of("应急局", "消防支队", "公安局", "卫健委")],
            classes=[IncidentClass.ACCIDENT],
            levels=[Level.I, Level.II, Level.III],
            channels=30,
            rounds=3,
            pause=30,
            sms_when=SmsWhen.WITH,
            goal="应急局×2 且 消防支队×2 且 公安局×1 且 卫健委×1",
            goal_seconds=300,
            steps=(
                EscalationStep(EscalationKind.DEPUTY, 120),
                EscalationStep(EscalationKind.SUPERIOR, 300, StepWhom.GOAL_UNMET),
            ),
        ),
        Content(
            title=HEALTH,
            message="{地点}报告{标题}。请您立即到岗，组织核实和处置，并回报情况。",
            who=[Who(WhoKind.DUTY, ShiftDuty.LEADER.value), *of("卫健委", "应急局")],
            classes=[IncidentClass.HEALTH],
            channels=20,
            rounds=2,
            pause=60,
            sms_when=SmsWhen.AFTER,
            goal="卫健委×2",
            goal_seconds=600,
            steps=(EscalationStep(EscalationKind.DEPUTY, 300),),
        ),
    ]
