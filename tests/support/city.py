"""A believable city: some months of calls, incidents, broadcasts and duty, the same for the same seed."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from broadcast.models import Attempt, Broadcast, Recipient, RecipientNumber
from dutycenter.accounts.models import Account
from dutycenter.calls.models import Call, Recording
from dutycenter.directory.models import Department, District, Person
from dutycenter.incidents.models import Deadline, Incident
from dutycenter.ledger.models import LedgerEntry
from dutycenter.roster.models import Shift, ShiftMember
from dutycenter.vocabulary import (
    BroadcastState,
    CallResult,
    CallState,
    Disposition,
    IncidentClass,
    IncidentStatus,
    Level,
    NumberKind,
    Outcome,
    RecordingKind,
    RecordingState,
    Role,
    ShiftDuty,
    SourceChannel,
)
from reports.period import Month

ZONE = ZoneInfo("Asia/Shanghai")
DISTRICTS = ("临江区", "云麓区", "望城区", "南湖区", "清溪县", "石门县", "浏水市")
DEPARTMENTS = (
    ("市应急管理局", "应急局"), ("市公安局", "公安局"), ("市水利局", "水利局"), ("市气象局", "气象局"),
    ("市消防救援支队", "消防支队"), ("市卫生健康委员会", "卫健委"), ("市交通运输局", "交通局"),
    ("市自然资源和规划局", "资规局"), ("市住房和城乡建设局", "住建局"), ("国网云江供电公司", "供电公司"),
)  # fmt: skip
POSTS = ("局长", "副局长", "副局长", "办公室主任", "应急科科长", "值班员")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("伟", "静", "建国", "敏", "志强", "丽华", "军", "晓东", "海燕", "明", "国庆", "秀英", "鹏", "文博", "雪梅")
TITLES = {
    IncidentClass.NATURAL: ("强降雨致低洼地段积水", "山体滑坡阻断乡道", "河道水位超警戒", "雷击引发山火"),
    IncidentClass.ACCIDENT: ("两车相撞", "化工厂原料泄漏", "居民楼燃气爆燃", "在建工地脚手架坍塌", "供水主管爆裂"),
    IncidentClass.HEALTH: ("学校聚集性腹泻", "疑似食物中毒", "犬只狂犬病疫情"),
    IncidentClass.SECURITY: ("群众聚集反映欠薪", "网络谣言引发围观", "商场持刀伤人"),
}
HOURS = (3, 2, 2, 1, 1, 2, 4, 9, 14, 17, 16, 13, 9, 10, 14, 15, 14, 12, 10, 9, 8, 7, 5, 4)
DISPOSITIONS = (
    (Disposition.ACKNOWLEDGED, 60), (Disposition.NO_ANSWER, 16), (Disposition.BUSY, 7), (Disposition.SWITCHED_OFF, 5),
    (Disposition.REJECTED, 3), (Disposition.VOICEMAIL, 3), (Disposition.HEARD, 2), (Disposition.DECLINED, 2),
    (Disposition.HUNG_UP_EARLY, 2), (Disposition.NO_SUCH_NUMBER, 1), (Disposition.CONGESTION, 1),
)  # fmt: skip
ANSWERED = (Disposition.ACKNOWLEDGED, Disposition.DECLINED, Disposition.HEARD, Disposition.HUNG_UP_EARLY,
            Disposition.VOICEMAIL)  # fmt: skip


@dataclass(frozen=True)
class City:
    """Who lives in it: ids to refer to."""

    districts: Sequence[int]
    accounts: Sequence[int]
    people: Sequence[tuple[int, str, str]]  # id, name, department


def found(db: Session, seed: int = 1) -> City:
    """Districts, departments, six people in each, and four accounts."""
    rng = random.Random(seed)
    districts = [District(code=f"4301{n:02d}", name=name) for n, name in enumerate(DISTRICTS, start=2)]
    departments = [Department(name=name, short_name=short, position=n) for n, (name, short) in enumerate(DEPARTMENTS)]
    db.add_all([*districts, *departments])
    db.flush()
    people = [
        Person(department_id=department.id, name=_name(rng), post=post, position=position)
        for department in departments
        for position, post in enumerate(POSTS)
    ]
    accounts = [
        Account(username=f"officer{n}", name=_name(rng), role=Role.OFFICER, password_hash="-", desk=f"100{n}",
                created_at=datetime(2025, 1, 1, tzinfo=UTC))
        for n in range(4)
    ]  # fmt: skip
    db.add_all([*people, *accounts])
    db.flush()
    units = {department.id: department.name for department in departments}
    return City(
        [d.id for d in districts], [a.id for a in accounts], [(p.id, p.name, units[p.department_id]) for p in people]
    )


def live(db: Session, city: City, month: Month, seed: int = 1, busy: float = 1.0) -> None:
    """Fill one month: about 30 calls a day, two incidents a day, a broadcast every other day, two drills."""
    rng = random.Random(f"{seed}-{month}")
    calls = _calls(rng, city, month, round(rng.gauss(900, 60) * busy))
    db.execute(insert(Call), calls)
    incidents = _incidents(rng, city, month, max(1, round(rng.gauss(62, 8) * busy)))
    db.execute(insert(Incident), incidents)
    ids = dict(db.execute(Incident.__table__.select().with_only_columns(Incident.sequence, Incident.id)
                          .where(Incident.year == month.year)).all())  # fmt: skip
    _deadlines(rng, db, incidents, ids)
    for number in range(round(14 * busy)):
        incident = incidents[(number * 4) % len(incidents)]
        _broadcast(rng, db, city, incident["reported_at"] + timedelta(seconds=rng.randint(120, 1500)),
                   incident["title"] + "处置通知", ids[incident["sequence"]], exercise=False)  # fmt: skip
    for number in range(2 if busy >= 1 else 0):
        at = _at(rng, month)
        _broadcast(rng, db, city, at, ("防汛叫应演练", "节前在岗抽查演练")[number], None, exercise=True)
    _roster(rng, db, city, month)
    _recordings(rng, db, month, calls)


def _name(rng: random.Random) -> str:
    return rng.choice(SURNAMES) + rng.choice(GIVEN)


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _at(rng: random.Random, month: Month) -> datetime:
    """A moment by the day's usual rhythm."""
    day = rng.choice(month.dates)
    hour = rng.choices(range(24), HOURS)[0]
    local = datetime(day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60), rng.randrange(10**6),
                     tzinfo=ZONE)  # fmt: skip
    return local.astimezone(UTC)


def _calls(rng: random.Random, city: City, month: Month, count: int) -> list[dict[str, Any]]:
    rows = []
    for _ in range(count):
        at = _at(rng, month)
        result = rng.choices(
            (CallResult.ANSWERED, CallResult.ABANDONED, CallResult.VOICEMAIL, CallResult.FAILED), (93, 4, 2.5, 0.5)
        )[0]
        answered = at + timedelta(seconds=6 + rng.expovariate(1 / 9)) if result is CallResult.ANSWERED else None
        ended = (answered or at) + timedelta(seconds=20 + rng.expovariate(1 / 90))
        rows.append({
            "channel_uuid": _uuid(rng), "caller_number": f"138{rng.randrange(10**8):08d}", "called_number": "07318888",
            "state": CallState.ENDED, "result": result, "arrived_at": at, "answered_at": answered, "ended_at": ended,
            "answered_by_id": rng.choice(city.accounts) if answered else None, "desk": "1001" if answered else None,
            "open": answered is None and rng.random() < 0.03,
            "settled_at": None if answered or rng.random() < 0.1 else ended + timedelta(minutes=5),
        })  # fmt: skip
    return rows


def _incidents(rng: random.Random, city: City, month: Month, count: int) -> list[dict[str, Any]]:
    rows = []
    for at in sorted(_at(rng, month) for _ in range(count)):
        kind = rng.choices((*IncidentClass, None), (28, 46, 9, 14, 3))[0]
        level = rng.choices((*Level, None), (0.3, 1.2, 6, 78, 10))[0]
        place = rng.choice(DISTRICTS)
        known = kind or IncidentClass.ACCIDENT
        rows.append({
            "year": month.year, "sequence": month.month * 1000 + len(rows) + 1,
            "title": f"{place}{rng.choice(TITLES[known])}", "incident_class": kind,
            "level": None if kind is IncidentClass.SECURITY else level,
            "status": rng.choices((IncidentStatus.CLOSED, IncidentStatus.OPEN), (9, 1))[0],
            "channel": rng.choices(tuple(SourceChannel), (70, 6, 6, 3, 15))[0],
            "district_id": rng.choice([*city.districts, *city.districts, None]),
            "dead": rng.choice((None, 0, 0, 0, 1)) if level in (Level.I, Level.II, Level.III) else None,
            "injured": rng.choice((None, 0, 1, 2)), "evacuated": rng.choice((None, 0, 0, 12)),
            "reported_at": at, "created_at": at + timedelta(minutes=4), "version": 1,
        })  # fmt: skip
    return rows


def _deadlines(rng: random.Random, db: Session, incidents: list[dict[str, Any]], ids: dict[int, int]) -> None:
    rows = []
    for incident in incidents:
        for report, minutes in (("phone", 30), ("written", 60)):
            due = incident["reported_at"] + timedelta(minutes=minutes)
            how = rng.choices(("met", "late", "missed"), (95, 4, 1))[0]
            met = {"met": due - timedelta(minutes=rng.randint(1, 25)), "late": due + timedelta(minutes=9)}.get(how)
            rows.append({
                "incident_id": ids[incident["sequence"]], "report": report, "due_at": due, "met_at": met,
            })  # fmt: skip
    db.execute(insert(Deadline), rows)


def _broadcast(rng: random.Random, db: Session, city: City, at: datetime, title: str, incident_id: int | None, *,
               exercise: bool) -> None:  # fmt: skip
    broadcast = Broadcast(
        incident_id=incident_id, title=title, message="请立即到位", exercise=exercise, state=BroadcastState.FINISHED,
        created_at=at, launched_at=at, finished_at=at + timedelta(minutes=6),
    )  # fmt: skip
    db.add(broadcast)
    db.flush()
    for person_id, name, department in rng.sample(city.people, rng.randint(18, 60)):
        position = city.people.index((person_id, name, department)) % len(POSTS)
        recipient = Recipient(
            broadcast=broadcast, person_id=person_id, name=name, department=department, post=POSTS[position],
            weight=max(1, 4 - position),
        )  # fmt: skip
        number = RecipientNumber(recipient=recipient, number="13800000000", kind=NumberKind.MOBILE)
        attempts: list[dict[str, Any]] = []
        if rng.random() < 0.02:
            recipient.outcome, recipient.outcome_ground = Outcome.NOT_CALLED, "没有号码"
        else:
            _ring(rng, recipient, attempts, at, weak=department == "市交通运输局")
        recipient.outcome_at = at + timedelta(minutes=6)
        db.add_all([recipient, number])
        db.add_all(
            Attempt(
                id=_uuid(rng), broadcast_id=broadcast.id, recipient=recipient, number=number, gateway="trunk", **one
            )
            for one in attempts
        )
    db.flush()


def _ring(rng: random.Random, recipient: Recipient, attempts: list[dict[str, Any]], at: datetime, *,
          weak: bool) -> None:  # fmt: skip
    when = at
    kinds, weights = zip(*DISPOSITIONS, strict=True)
    for _ in range(4):
        when += timedelta(seconds=rng.randint(8, 50))
        how = rng.choices(kinds, (22 if weak else 60, *weights[1:]))[0]
        answered = when + timedelta(seconds=9) if how in ANSWERED else None
        attempts.append({
            "created_at": when, "answered_at": answered, "ended_at": when + timedelta(seconds=30), "disposition": how,
        })  # fmt: skip
        if how is Disposition.ACKNOWLEDGED:
            recipient.outcome, recipient.acknowledged_at = Outcome.ACKNOWLEDGED, when + timedelta(seconds=14)
            return
        if how is Disposition.DECLINED:
            recipient.outcome = Outcome.DECLINED
            return
    reached = any(a["disposition"] in (Disposition.HEARD, Disposition.HUNG_UP_EARLY) for a in attempts)
    recipient.outcome = Outcome.REACHED if reached else Outcome.NOT_REACHED


def _roster(rng: random.Random, db: Session, city: City, month: Month) -> None:
    for day in month.dates:
        for hour, name in ((8, "白班"), (20, "夜班")):
            start = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)
            shift = Shift(starts_at=start, ends_at=start + timedelta(hours=12), name=name)
            staff = rng.sample(city.people[:14], 3)
            duties = (ShiftDuty.LEADER, ShiftDuty.CHIEF, ShiftDuty.OFFICER)
            shift.members = [ShiftMember(person_id=p[0], duty=d) for p, d in zip(staff, duties, strict=True)]
            db.add(shift)


def _recordings(rng: random.Random, db: Session, month: Month, calls: list[dict[str, Any]]) -> None:
    rows, entries = [], []
    for call in calls:
        seconds = (call["ended_at"] - call["arrived_at"]).total_seconds()
        rows.append({
            "channel_uuid": call["channel_uuid"], "file_name": f"{call['channel_uuid']}.wav",
            "kind": RecordingKind.CALL, "state": RecordingState.MISSING if rng.random() < 0.002 else RecordingState.KEPT,
            "foundling": rng.random() < 0.003, "started_at": call["arrived_at"], "stopped_at": call["ended_at"],
            "seconds": seconds, "bytes": int(seconds * 32000), "exercise": False,
        })  # fmt: skip
        entries.append({"at": call["arrived_at"], "actor": "ivr", "action": "call.arrived",
                        "subject": f"call:{call['channel_uuid'][:8]}", "data": "{}", "transaction_id": 0})  # fmt: skip
        if rng.random() < 0.02:
            entries.append({"at": call["ended_at"], "actor": f"user:{rng.randint(1, 3)}", "transaction_id": 0,
                            "action": "recording.replayed", "subject": f"recording:{rng.randint(1, 90)}",
                            "data": "{}"})  # fmt: skip
        if call["result"] is CallResult.VOICEMAIL:
            rows.append({**rows[-1], "file_name": f"{call['channel_uuid']}.voicemail.wav", "foundling": False,
                         "kind": RecordingKind.VOICEMAIL, "state": RecordingState.KEPT})  # fmt: skip
    inside = month.span(ZONE)
    answered = select(Attempt).where(
        Attempt.answered_at.is_not(None), Attempt.created_at >= inside.start, Attempt.created_at < inside.end
    )
    rows += [
        {
            "channel_uuid": attempt.id, "file_name": f"{attempt.id}.wav", "kind": RecordingKind.NOTICE,
            "state": RecordingState.KEPT, "foundling": False, "started_at": attempt.created_at,
            "stopped_at": attempt.ended_at, "seconds": 24.0, "bytes": 768_044,
            "exercise": attempt.recipient.broadcast.exercise,
        }
        for attempt in db.scalars(answered.order_by(Attempt.created_at, Attempt.id))
    ]  # fmt: skip
    db.execute(insert(Recording), rows)
    db.execute(insert(LedgerEntry), sorted((e for e in entries if inside.holds(e["at"])), key=lambda e: e["at"]))
