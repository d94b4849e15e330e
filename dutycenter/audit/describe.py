"""What a recording is looked for by – number, person, result, broadcast – written beside it once it is known."""

from __future__ import annotations

from sqlalchemy import or_, select

from dutycenter.calls.models import Call, Leg, Recording
from dutycenter.interfaces import IBroadcasts
from dutycenter.vocabulary import RecordingState
from dutycenter.work import Work

BATCH = 500
UNKNOWN = "unknown"  # nothing more will ever be known of it
DONE = (RecordingState.KEPT, RecordingState.MISSING)


def describe(work: Work) -> None:
    """Describe recordings that aren't yet; one whose leg isn't settled waits for the next turn."""
    with work.write() as request:
        rows = request.db.scalars(
            select(Recording)
            .where(Recording.state.in_(DONE), Recording.result == "")
            .order_by(Recording.id)
            .limit(BATCH)
        ).all()
        attempts = [row.attempt_id for row in rows if row.attempt_id]
        legs = {leg.attempt_id: leg for leg in request.find_service(IBroadcasts).legs(attempts=attempts)}
        of_switch = {
            leg.channel_uuid: leg
            for leg in request.db.scalars(select(Leg).where(Leg.channel_uuid.in_([row.channel_uuid for row in rows])))
        }
        for row in rows:
            leg, call = legs.get(row.attempt_id or ""), row.call
            number = leg.number if leg else call.caller_number if call else ""
            if not number and row.channel_uuid in of_switch:
                number = of_switch[row.channel_uuid].number
            row.number, row.number_reversed = number, number[::-1]
            if leg is not None:
                row.person_id, row.broadcast_id, row.result = leg.person_id, leg.broadcast_id, leg.disposition
            elif call is not None:
                row.person_id, row.result = call.person_id, call.result.value if call.result else ""
            else:
                row.result = UNKNOWN


def follow_corrections(work: Work) -> None:
    """A call's result or person may be corrected after its recording was described: once a night they are compared."""
    with work.write() as request:
        stale = select(Recording).join(Call, Call.id == Recording.call_id).where(
            Recording.attempt_id.is_(None),
            Recording.result != "",
            or_(
                Recording.result != Call.result,
                Recording.person_id.is_distinct_from(Call.person_id),
            ),
        )  # fmt: skip
        for row in request.db.scalars(stale.limit(10 * BATCH)):
            row.result = ""
