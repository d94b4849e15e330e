"""The rules that carry the weight, checked after a rehearsal.

Two records are held against each other: the store, which is ours, and the
switch's own journal, which nothing of ours writes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table, select

from dutycenter.audit.verification import put_on_record, verify
from dutycenter.cli.rehearse.result import Result, Verdict
from dutycenter.cli.rehearse.town import Town
from dutycenter.db.base import Base
from dutycenter.work import Work

# The switch stamps its journal when it acts, the dialer its rows when it decides; both clocks tick in microseconds.
SAME_MOMENT = timedelta(milliseconds=1)
AT_ONCE = timedelta(milliseconds=50)  # of the machine's time, which a fast clock makes longer


@dataclass(frozen=True)
class Line:
    """One line of the switch's journal."""

    at: datetime
    what: str
    uuid: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Record:
    """Both records."""

    journal: list[Line]
    broadcasts: list[Row[Any]]
    attempts: list[Row[Any]]
    recipients: list[Row[Any]]
    numbers: list[Row[Any]]
    legs: list[Row[Any]]
    calls: list[Row[Any]]
    recordings: list[Row[Any]]
    ledger: list[Row[Any]]

    def lines(self, what: str) -> Iterator[Line]:
        return (line for line in self.journal if line.what == what)


def check(town: Town, work: Work, result: Result, channels: int) -> dict[str, Verdict]:
    """Every invariant with its verdict."""
    record = _read(work, town.folder / "rehearsal.jsonl")
    verdicts = {
        "written_before_done": _written_before_done(record),
        "one_disposition_per_attempt": _settled(record.attempts, "disposition", "attempt"),
        "one_outcome_per_recipient": _settled(record.recipients, "outcome", "recipient"),
        "acknowledgement_is_final": _acknowledgement_is_final(record),
        "one_live_leg_per_person": _one_live_leg(record),
        "every_leg_is_a_row": _every_leg_is_a_row(record),
        "every_leg_recorded": _every_leg_recorded(record, AT_ONCE * work.settings.clock_speed),
        "channels_kept": _channels_kept(record, channels),
        "every_change_in_the_ledger": _in_the_ledger(record),
        "every_call_kept": _calls_kept(record),
        "real_and_exercise_apart": _exercise_apart(record),
    }
    found = verify(work)
    put_on_record(work, found)
    named = "; ".join(f"{fault.subject} {fault.what}" for fault in found.faults[:3])
    verdicts["evidence_holds"] = Verdict(
        found.holds and found.recordings > 0,
        named or f"{found.proof.entries} entries, {found.proof.heads} heads, {found.recordings} recordings proved",
    )
    pdf = Path(result.report) if result.report else None
    printed = pdf is not None and pdf.is_file() and pdf.read_bytes()[:5] == b"%PDF-"
    verdicts["month_is_printed"] = Verdict(printed, str(pdf) if printed else "there is no PDF")
    return verdicts


def _read(work: Work, journal: Path) -> Record:
    with work.read() as request:

        def rows(name: str) -> list[Row[Any]]:
            table: Table = Base.metadata.tables[name]
            return list(request.db.execute(select(table)))

        return Record(
            [_line(text) for text in journal.read_text(encoding="utf-8").splitlines()],
            rows("broadcasts"),
            rows("attempts"),
            rows("recipients"),
            rows("recipient_numbers"),
            rows("legs"),
            rows("calls"),
            rows("recordings"),
            rows("ledger_entries"),
        )


def _line(text: str) -> Line:
    facts = json.loads(text)
    return Line(datetime.fromisoformat(facts.pop("at")), facts.pop("what"), facts.pop("uuid"), facts)


def _verdict(broken: Iterable[str], good: str) -> Verdict:
    found = list(broken)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return Verdict(not found, "; ".join(found[:3]) + more if found else good)


def _written_before_done(record: Record) -> Verdict:
    created = {row.id: row.created_at for row in record.attempts}
    originated = list(record.lines("originate"))
    broken = [
        f"the switch made {line.uuid} at {line.at:%H:%M:%S.%f} without a row before it"
        for line in originated
        if line.uuid not in created or created[line.uuid] > line.at + SAME_MOMENT
    ]
    twice = len(originated) - len({line.uuid for line in originated})
    if twice:
        broken.append(f"{twice} attempts were originated twice")
    return _verdict(broken, f"{len(originated)} originates, each a committed row before")


def _settled(rows: list[Row[Any]], column: str, noun: str) -> Verdict:
    broken = [f"{noun} {row.id} has no {column}" for row in rows if getattr(row, column) is None]
    if not rows:
        broken.append(f"there is no {noun}")
    return _verdict(broken, f"{len(rows)} of {len(rows)}")


def _acknowledgement_is_final(record: Record) -> Verdict:
    final = {row.id: row.acknowledged_at for row in record.recipients if row.acknowledged_at}
    recipient = {row.id: row.recipient_id for row in record.attempts}
    broken = []
    for line in record.lines("originate"):
        at = final.get(recipient.get(line.uuid, 0))
        if at is not None and line.at > at + SAME_MOMENT:
            broken.append(f"recipient {recipient[line.uuid]} was called at {line.at:%H:%M:%S} after {at:%H:%M:%S}")
    return _verdict(broken, f"{len(final)} acknowledged, none called again")


def _one_live_leg(record: Record) -> Verdict:
    recipient = {row.id: row.recipient_id for row in record.attempts}
    ended = {line.uuid: line.at for line in record.lines("hangup")}
    legs: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for line in record.lines("originate"):
        if line.uuid in recipient:
            legs[recipient[line.uuid]].append((line.at, ended.get(line.uuid)))
    broken = [
        f"recipient {who} had two legs at {later[0]:%H:%M:%S}"
        for who, spans in legs.items()
        for earlier, later in pairwise(sorted(spans, key=lambda span: span[0]))
        if earlier[1] is None or later[0] < earlier[1]
    ]
    return _verdict(broken, f"{len(legs)} people, never two legs at once")


def _every_leg_is_a_row(record: Record) -> Verdict:
    known = {row.channel_uuid for row in record.legs}
    made = {line.uuid for line in record.journal if line.uuid and line.what in ("originate", "answer", "call")}
    return _verdict(
        (f"the leg {uuid} is no row" for uuid in sorted(made - known)), f"{len(made)} legs, {len(known)} rows"
    )


def _every_leg_recorded(record: Record, at_once: timedelta) -> Verdict:
    kept = {row.channel_uuid for row in record.recordings if row.state == "kept" and (row.seconds or 0) >= 0}
    recorded = {line.uuid for line in record.lines("record_start")}
    # What was answered is a caller's leg, or an attempt's; a desk's own leg is heard on the caller's recording.
    callers = {row.channel_uuid for row in record.calls} | {row.id for row in record.attempts}
    ended = {line.uuid: line.at for line in record.lines("hangup")}
    answered = {line.uuid: line.at for line in record.lines("answer") if line.uuid in callers}
    # Laid down in the moment of the answer: the switch never came to run an application, as a real one doesn't.
    laid_down = {uuid for uuid, at in answered.items() if uuid in ended and ended[uuid] - at < at_once} - recorded
    unrecorded = sorted(answered.keys() - recorded - laid_down)
    broken = [f"the answered leg {uuid} was not recorded" for uuid in unrecorded]
    broken += [f"the recording of {uuid} was not taken in" for uuid in sorted(recorded - kept)]
    briefly = f", {len(laid_down)} laid down at the answer" if laid_down else ""
    return _verdict(broken, f"{len(answered)} answered legs, {len(kept)} recordings hashed{briefly}")


def _channels_kept(record: Record, channels: int) -> Verdict:
    ended = {line.uuid: line.at for line in record.lines("hangup")}
    steps = [(line.at, 1) for line in record.lines("originate")]
    steps += [(ended[line.uuid], -1) for line in record.lines("originate") if line.uuid in ended]
    most = up = 0
    for _at, step in sorted(steps):
        up += step
        most = max(most, up)
    return Verdict(most <= channels, f"{most} legs at once at the most, {channels} allowed")


def _in_the_ledger(record: Record) -> Verdict:
    told = {row.subject for row in record.ledger}
    for row in record.ledger:
        if row.action == "broadcast.called":
            told.add(f"attempt:{json.loads(row.data)['attempt']}")
        if row.action == "broadcast.attempt_ended":
            told.add(f"end of attempt:{json.loads(row.data)['attempt']}")
    wanted: list[tuple[str, list[Row[Any]], Callable[[Row[Any]], object]]] = [
        ("attempt", record.attempts, lambda row: row.id),
        ("end of attempt", record.attempts, lambda row: row.id),
        ("call", record.calls, lambda row: row.id),
        ("recording", record.recordings, lambda row: row.id),
    ]
    broken = [
        f"{kind}:{name(row)} has no entry" for kind, rows, name in wanted for row in rows
        if f"{kind}:{name(row)}" not in told
    ]  # fmt: skip
    return _verdict(broken, f"{len(record.ledger)} entries tell of every attempt and its end, every call and recording")


def _calls_kept(record: Record) -> Verdict:
    broken = [f"call {row.id} has no result" for row in record.calls if row.result is None]
    broken += [
        f"call {row.id} was not taken and is on no list"
        for row in record.calls
        if row.result not in (None, "answered") and not row.open and row.settled_at is None
    ]
    called = {line.uuid for line in record.lines("call")}
    broken += [f"the call {uuid} is no row" for uuid in called - {row.channel_uuid for row in record.calls}]
    return _verdict(broken, f"{len(record.calls)} calls in, each with its result or on the list")


def _exercise_apart(record: Record) -> Verdict:
    drill = {row.id for row in record.broadcasts if row.exercise}
    of_a_drill = {row.id: row.broadcast_id in drill for row in record.attempts}
    recordings = [row for row in record.recordings if row.attempt_id in of_a_drill]
    broken = [
        f"recording {row.id} is marked wrongly" for row in recordings if row.exercise is not of_a_drill[row.attempt_id]
    ]
    drilled = sum(row.exercise for row in recordings)
    if not drilled:
        broken.append("nothing of the exercise was recorded")
    return _verdict(broken, f"{drilled} recordings of the exercise, {len(recordings) - drilled} of the real call-out")
