"""A small fictional city to begin with: 云江市, its departments, people, roster and lines.

No telephone here can ring: mobile numbers begin with 154, which is assigned to
no network, and landlines have area code 0732, which was given up in 2009.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dutycenter.directory.models import Department, Deputy, District, Person, PhoneNumber
from dutycenter.directory.names import pinyin_of
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.switch.models import Gateway
from dutycenter.vocabulary import NumberKind, ShiftDuty

MOBILE_PREFIX = "154"
AREA_CODE = "0732"

DISTRICTS = (
    ("430191", "临江区"), ("430192", "云麓区"), ("430193", "高新区"),
    ("430194", "清溪县"), ("430195", "石桥县"), ("430196", "南浦县"),
)  # fmt: skip

# (name, short name, posts in order of rank)
DEPARTMENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("云江市人民政府总值班室", "总值班室", ("副秘书长", "值班室主任", "值班长", *["值班员"] * 5)),
    ("云江市应急管理局", "应急局", ("局长", "副局长", "副局长", "应急指挥科科长", "防汛抗旱科科长", "值班员")),
    ("云江市水利局", "水利局", ("局长", "副局长", "总工程师", "水旱灾害防御科科长", "河湖科科长", "值班员")),
    ("云江市消防救援支队", "消防支队", ("支队长", "政治委员", "副支队长", "作战训练科科长", "指挥中心主任", "值班员")),
    ("云江市公安局", "公安局", ("局长", "副局长", "指挥中心主任", "治安支队支队长", "交警支队支队长", "值班员")),
    ("云江市卫生健康委员会", "卫健委", ("主任", "副主任", "应急办主任", "疾控中心主任", "急救中心主任", "值班员")),
    ("云江市气象局", "气象局", ("局长", "副局长", "气象台台长", "首席预报员", "预警中心主任", "值班员")),
    ("云江市交通运输局", "交通局", ("局长", "副局长", "安全监督科科长", "公路中心主任", "运输中心主任", "值班员")),
    ("云江市住房和城乡建设局", "住建局", ("局长", "副局长", "质量安全科科长", "物业科科长", "市政中心主任", "值班员")),
    ("云江市自然资源和规划局", "资规局", ("局长", "副局长", "地质灾害科科长", "测绘科科长", "地质环境站站长", "值班员")),
)  # fmt: skip
_TOWNS = "双河 石坝 长岭 白沙 青山 龙潭 黄家 马头 新桥 大坪 罗田 柳溪 竹园 三江 古塘 平安 永兴 望城 金盆 花桥"
TOWN_NAMES = _TOWNS.split()
TOWN_POSTS = (
    "镇党委书记", "镇长", "分管副镇长", "应急办主任", "水利站站长", "派出所所长", "卫生院院长", "村党支部书记", "村民委员会主任",
    "防汛责任人", "山塘巡查员", "地灾监测员", "网格员",
)  # fmt: skip
TOWN_SIZE = 25

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
_GIVEN = (
    "伟 芳 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 霞 平 刚 桂英 建国 建华 志强 志刚 国强 文斌 晓东 海燕 玉兰 春梅 "
    "红梅 雪梅 立新 卫东 卫国 永康 宏伟 少华 思远 子轩 雨桐 浩然 佳怡 俊杰 天宇 一鸣 振华 德明 长青 光辉 秀兰 瑞 "
    "倩 婷 鹏 斌 波 辉 凯 健 峰 兵 毅 宁 岩 楠 颖 璐 莉 萍 燕 云 虹 松 林 欣 悦 航 博 晨"
)
GIVEN = _GIVEN.split()

# Those who log in are on the roster under their names.
ROOM = ("李建国", "周志强", "王红梅", "张伟", "陈静", "刘洋", "赵敏", "孙浩")


@dataclass
class Town:
    """Rows of a city, not yet in any store."""

    districts: list[District] = field(default_factory=list)
    departments: list[Department] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)


def build(people: int, seed: int, now: datetime, zone: ZoneInfo) -> Town:
    """A city of so many people, always the same for the same seed; the roster is that of ``now``'s week and the next."""
    chance = random.Random(seed)  # noqa: S311 – names and numbers, no secrets
    town = Town(districts=[District(code=code, name=name) for code, name in DISTRICTS])
    numbers = _Numbers(chance)
    for department, posts in _departments(town, people):
        town.departments.append(department)
        for position, post in enumerate(posts):
            if len(town.people) == people:
                break
            room = len(town.people) < len(ROOM)
            name = ROOM[len(town.people)] if room else _name(chance)
            town.people.append(_person(department, name, post, position, numbers, now, chance))
        _deputies([person for person in town.people if person.department is department])
    _troubles(town.people, now, chance)
    town.shifts = list(_shifts(town.people, now, zone))
    town.gateways = _gateways()
    return town


def _departments(town: Town, people: int) -> Iterator[tuple[Department, tuple[str, ...]]]:
    made = 0
    for position, (name, short_name, posts) in enumerate(DEPARTMENTS):
        if made >= people and position:
            return
        yield Department(name=name, short_name=short_name, position=position, district=None), posts
        made += len(posts)
    number = 0
    while made < people:
        district = town.districts[number % len(town.districts)]
        round_, at = divmod(number, len(TOWN_NAMES))
        short_name = f"{TOWN_NAMES[at]}{'东西南北中'[round_ % 5] if round_ else ''}镇{round_ // 5 or ''}"
        size = min(TOWN_SIZE, people - made)
        posts = tuple(TOWN_POSTS[min(place, len(TOWN_POSTS) - 1)] for place in range(size))
        yield (
            Department(
                name=f"{district.name}{short_name}人民政府", short_name=short_name,
                position=len(DEPARTMENTS) + number, district=district,
            ),
            posts,
        )  # fmt: skip
        made, number = made + size, number + 1


class _Numbers:
    """Telephone numbers, no two people's mobiles alike."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.given: set[str] = set()

    def mobile(self) -> str:
        return self._fresh(MOBILE_PREFIX, 8)

    def landline(self) -> str:
        return self._fresh(AREA_CODE + self.chance.choice("2568"), 6)

    def _fresh(self, prefix: str, digits: int) -> str:
        while True:
            number = prefix + "".join(self.chance.choices("0123456789", k=digits))
            if number not in self.given:
                self.given.add(number)
                return number


def _name(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + chance.choice(GIVEN)


def _person(
    department: Department, name: str, post: str, position: int, numbers: _Numbers, now: datetime, chance: random.Random
) -> Person:
    pinyin, initials = pinyin_of(name)
    kinds = [(NumberKind.MOBILE, numbers.mobile()), (NumberKind.OFFICE, numbers.landline())]
    if chance.random() < 0.4:
        kinds.append((NumberKind.HOME, numbers.landline()))
    return Person(
        department=department, name=name, pinyin=pinyin, initials=initials, post=post, position=position,
        weight=max(1, 4 - position),
        numbers=[
            PhoneNumber(
                kind=kind, number=number, position=place,
                verified_at=now - timedelta(days=chance.randint(3, 90)) if chance.random() < 0.7 else None,
            )
            for place, (kind, number) in enumerate(kinds)
        ],
    )  # fmt: skip


def _deputies(people: list[Person]) -> None:
    """Whoever comes next in rank stands in for the first two."""
    for place, person in enumerate(people[:2]):
        stand_ins = [other for other in people[1:4] if other is not person and people.index(other) > place]
        person.deputies = [Deputy(deputy=deputy, position=n) for n, deputy in enumerate(stand_ins[:2])]


def _troubles(people: list[Person], now: datetime, chance: random.Random) -> None:
    """A few people who can't be called, as every directory has them; never those of the duty room."""
    others = people[len(ROOM) :]
    if len(others) < 10:
        return
    nobody, dead, leave, open_leave = chance.sample(others, 4)
    nobody.numbers = []
    for number in dead.numbers:
        number.failed_at = now - timedelta(days=2)
    leave.away_from, leave.away_until = now - timedelta(days=1), now + timedelta(days=6)
    open_leave.away_from = now - timedelta(days=20)
    for person in chance.sample(others, max(1, len(others) // 15)):
        if person.numbers and person is not dead:
            person.numbers[0].failed_at = now - timedelta(days=5)


def _shifts(people: list[Person], now: datetime, zone: ZoneInfo) -> Iterator[Shift]:
    """Two shifts a day from last Sunday's night on, this week and the next; the last night has nobody yet."""
    if len(people) < len(ROOM):
        return
    first, second, chief, *officers = people[: len(ROOM)]
    leaders = [first, second, *(person for person in people[len(ROOM) :] if person.position == 1)][:5]
    monday = now.astimezone(zone).date() - timedelta(days=now.astimezone(zone).weekday())
    for turn in range(-1, 27):
        day = monday + timedelta(days=turn // 2)
        night = turn % 2 == 1
        begins = datetime.combine(day, time(20 if night else 8), tzinfo=zone).astimezone(UTC)
        leader = leaders[(turn // 2) % len(leaders)]
        pair = (officers[2 * turn % len(officers)], officers[(2 * turn + 1) % len(officers)])
        members = [ShiftMember(person=leader, duty=ShiftDuty.LEADER)]
        if not night and leader is not chief:
            members.append(ShiftMember(person=chief, duty=ShiftDuty.CHIEF))
        members += [ShiftMember(person=person, duty=ShiftDuty.OFFICER) for person in pair]
        yield Shift(
            starts_at=begins, ends_at=begins + timedelta(hours=12), name="夜班" if night else "白班", members=members
        )


def _gateways() -> list[Gateway]:
    return [
        Gateway(name="pstn", channels=30, calls_per_second=10.0, reserved=6, caller_id="07318888", cost=1.0),
        Gateway(name="backup", channels=10, calls_per_second=2.0, reserved=2, caller_id="07318888", cost=1.6),
    ]
