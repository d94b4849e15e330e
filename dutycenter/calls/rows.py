"""Find or make a row under its lock, so that two processes never make it twice."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dutycenter.calls.models import Call, Leg, Recording
from dutycenter.db.base import Base
from dutycenter.vocabulary import CallState, Direction, RecordingKind, RecordingState

VOICEMAIL_SUFFIX = ".voicemail.wav"
_Row = TypeVar("_Row", bound=Base)
_UUID = re.compile(r"[0-9A-Za-z-]{1,36}", re.ASCII)
_FILE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,240}\.wav", re.ASCII)


def checked_uuid(channel_uuid: str) -> str:
    """The channel's id as it is.

    Raises:
        ValueError: it is no id that a switch would give.
    """
    if not _UUID.fullmatch(channel_uuid):
        raise ValueError(f"not a channel id: {channel_uuid[:80]!r}")
    return channel_uuid


def checked_file(file_name: str) -> str:
    """A recording's name below ``recordings.dir``; a whole path is reduced to its last part.

    Raises:
        ValueError: it is no name that our dialplan would give.
    """
    name = file_name.rpartition("/")[2]
    if not _FILE.fullmatch(name) or ".." in name:
        raise ValueError(f"not a recording's name: {file_name[:80]!r}")
    return name


def locked_call(db: Session, channel_uuid: str, at: datetime) -> tuple[Call, bool]:
    """The call of this caller's leg, locked, and whether it was made now."""
    made = _insert(
        db,
        Call,
        "channel_uuid",
        channel_uuid=channel_uuid,
        caller_number="",
        called_number="",
        state=CallState.ARRIVING,
        arrived_at=at,
        keys="",
        hangup_cause="",
        exercise=False,
        open=False,
        settled_how="",
    )
    return _locked(db, Call, Call.channel_uuid == channel_uuid), made


def locked_leg(db: Session, channel_uuid: str, direction: Direction, at: datetime) -> tuple[Leg, bool]:
    """The leg, locked, and whether it was made now."""
    made = _insert(
        db,
        Leg,
        "channel_uuid",
        channel_uuid=channel_uuid,
        direction=direction,
        number="",
        gateway="",
        created_at=at,
        hangup_cause="",
    )
    return _locked(db, Leg, Leg.channel_uuid == channel_uuid), made


def locked_recording(db: Session, channel_uuid: str, file_name: str, at: datetime) -> tuple[Recording, bool]:
    """The recording of this name, locked, and whether it was made now (as ``RECORDING``)."""
    kind = RecordingKind.VOICEMAIL if file_name.endswith(VOICEMAIL_SUFFIX) else RecordingKind.CALL
    made = _insert(
        db,
        Recording,
        "file_name",
        channel_uuid=channel_uuid,
        file_name=file_name,
        kind=kind,
        state=RecordingState.RECORDING,
        foundling=False,
        exercise=False,
        started_at=at,
    )
    return _locked(db, Recording, Recording.file_name == file_name), made


def _insert(db: Session, model: type[Base], unique: str, **values: Any) -> bool:
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    key = getattr(model, next(iter(model.__mapper__.primary_key)).name)
    statement = insert(model).values(**values).on_conflict_do_nothing(index_elements=[unique]).returning(key)
    return db.execute(statement).first() is not None


def _locked(db: Session, model: type[_Row], condition: Any) -> _Row:
    return db.scalars(select(model).where(condition).with_for_update().execution_options(populate_existing=True)).one()
