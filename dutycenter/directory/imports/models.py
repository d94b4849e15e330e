"""Sheets of people that were handed in: rows with what each would change, until somebody confirms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import ImportState, RowVerdict


class DirectoryImport(Base):
    """One sheet. Its bytes are kept only until its rows are read."""

    __tablename__ = "directory_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState), index=True)
    fault: Mapped[list[Any]] = mapped_column(default=list)  # why it can't be read, as ``words.keep`` writes it
    new_departments: Mapped[list[Any]] = mapped_column(default=list)  # [name, name of the one above, district's name]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_by_name: Mapped[str] = mapped_column(String(64), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # who moved it on last
    within_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))  # whose branch it keeps to; None: all
    confirmed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class ImportRow(Base):
    """One row of a sheet."""

    __tablename__ = "directory_import_rows"
    __table_args__ = (Index("ix_directory_import_rows_import_id_verdict", "import_id", "verdict"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("directory_imports.id"))
    line: Mapped[int]  # in the sheet
    cells: Mapped[dict[str, Any]]
    verdict: Mapped[RowVerdict | None] = mapped_column(text_enum(RowVerdict))  # None: not looked at yet
    changes: Mapped[list[Any]] = mapped_column(default=list)  # [column, before, after]
    faults: Mapped[list[Any]] = mapped_column(default=list)  # [column, words]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    entries: Mapped[list[Any]] = mapped_column(default=list)  # ids of the ledger's entries of what was done
    written_at: Mapped[datetime | None]  # the person is there, deputies and superior not yet
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
