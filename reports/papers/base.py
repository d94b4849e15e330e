"""What the papers about one thing share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from dutycenter.db.base import Base
from reports.making import Making
from reports.paper import Cell, Maker, Paper, Section
from reports.period import Span
from reports.queries import last_entry_at

Row = TypeVar("Row", bound=Base)
BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)


def the(db: Session, model: type[Row], about: str) -> Row:
    """The row that a paper is about.

    Raises:
        ValueError: there is none.
    """
    found = db.get(model, int(about)) if about.isdecimal() and len(about) < 10 else None
    if found is None:
        raise ValueError(f"there is no {model.__name__.lower()} {about}")
    return found


def data_until(db: Session, making: Making) -> datetime:
    """The last thing that the ledger tells of: as long as nothing happens, a paper made again is the same."""
    return last_entry_at(db, Span(BEGINNING, making.now)) or making.now


def maker(making: Making) -> Maker:
    return Maker(making.words.gettext("Table"), making.words.gettext("Figure"))


def hashed(value: str | None) -> Cell:
    """A hash in full, for comparing by eye."""
    return Cell(value or "—", form="hash")


def list_paper(
    making: Making, title: str, subtitle: str, cover: Sequence[tuple[str, str]], sections: Sequence[Section], *,
    exercise: bool = False, landscape: bool = False,
) -> Paper:  # fmt: skip
    """A paper for use in the house: a title and tables."""
    paper = _short(making, "list", title, subtitle, cover, sections, "", "", exercise)
    return replace(paper, landscape=landscape)


def brief_paper(
    making: Making, title: str, subtitle: str, sections: Sequence[Section], *, issue: str, issued: str,
    exercise: bool = False,
) -> Paper:  # fmt: skip
    """A paper that goes out: a red head and then the text."""
    return _short(making, "brief", title, subtitle, (), sections, issue, issued, exercise)


def _short(
    making: Making, form: str, title: str, subtitle: str, cover: Sequence[tuple[str, str]],
    sections: Sequence[Section], issue: str, issued: str, exercise: bool,
) -> Paper:  # fmt: skip
    words = making.words
    warnings = [words.gettext("Exercise: not a real incident")] if exercise else []
    return Paper(
        language=words.language, form=form, authority=making.house.authority, head=making.house.duty_room, title=title,
        subtitle=subtitle, issue=issue, issued=issued, cover=cover,
        banner=words.clauses([*warnings, *making.house.warnings(words)]), sections=sections,
        note=words.gettext("N.B."), exercise=exercise,
    )  # fmt: skip
