"""Recordings by number, person and result; packages, holds and destructions

Revision: 0011
After: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dutycenter.db.base import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEXED = ("number", "number_reversed", "person_id", "result", "broadcast_id")


def _state(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _account(table: str, column: str, *, nullable: bool = True) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return (
        sa.Column(column, sa.Integer(), nullable=nullable),
        sa.ForeignKeyConstraint([column], ["accounts.id"], name=op.f(f"fk_{table}_{column}_accounts")),
    )


def upgrade() -> None:
    _recordings()
    _exports()
    _holds()
    _destructions()


def _recordings() -> None:
    with op.batch_alter_table("recordings") as table:
        table.drop_constraint("recordingstate", type_="check")
        table.create_check_constraint(
            "recordingstate", "state IN ('recording', 'stopped', 'kept', 'missing', 'destroyed')"
        )
        table.add_column(sa.Column("findings", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("number", sa.String(length=64), nullable=False, server_default=""))
        table.add_column(sa.Column("number_reversed", sa.String(length=64), nullable=False, server_default=""))
        table.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("result", sa.String(length=32), nullable=False, server_default=""))
        table.add_column(sa.Column("broadcast_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_recordings_person_id_people"), "people", ["person_id"], ["id"])
    with op.batch_alter_table("recordings") as table:
        for name in ("findings", "number", "number_reversed", "result"):
            table.alter_column(name, server_default=None)
    for column in INDEXED:
        op.create_index(op.f(f"ix_recordings_{column}"), "recordings", [column])
    op.create_index("ix_recordings_started", "recordings", ["started_at", "id"])
    op.create_index("ix_recordings_seconds", "recordings", ["seconds"])
    op.create_index("ix_recordings_undescribed", "recordings", ["state", "result"])


def _exports() -> None:
    op.create_table(
        "evidence_exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("recordings", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", _state("reportstate", "waiting", "made", "failed"), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        *_account("evidence_exports", "asked_by_id", nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.Column("file_name", sa.String(length=128), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_evidence_exports_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_exports")),
    )
    op.create_index(op.f("ix_evidence_exports_incident_id"), "evidence_exports", ["incident_id"])
    op.create_index(op.f("ix_evidence_exports_state"), "evidence_exports", ["state"])


def _holds() -> None:
    op.create_table(
        "evidence_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_account("evidence_holds", "set_by_id", nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        *_account("evidence_holds", "lifted_by_id"),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_evidence_holds_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_holds")),
    )
    op.create_index(op.f("ix_evidence_holds_incident_id"), "evidence_holds", ["incident_id"])


def _destructions() -> None:
    op.create_table(
        "destructions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_account("destructions", "proposed_by_id", nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        *_account("destructions", "confirmed_by_id"),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destructions")),
    )
    op.create_table(
        "destruction_items",
        sa.Column("destruction_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["destruction_id"], ["destructions.id"], name=op.f("fk_destruction_items_destruction_id_destructions")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_destruction_items_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("destruction_id", "recording_id", name=op.f("pk_destruction_items")),
    )
    op.create_index(op.f("ix_destruction_items_recording_id"), "destruction_items", ["recording_id"])
