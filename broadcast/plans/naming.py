"""The names behind a plan's ids, for its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.messages import Translate
from broadcast.plans.content import Content
from broadcast.plans.who import names_of
from broadcast.plans.words import Change, Names, Section, changes, sections
from dutycenter.directory.models import Department, District


def names_for(db: Session, contents: Iterable[Content]) -> Names:
    """Everything that these versions name."""
    known = list(contents)
    selection = {who.token: who for content in known for who in content.who}
    units = {step.unit_id for content in known for step in content.steps if step.unit_id is not None}
    districts = {one for content in known for one in content.districts}
    return Names(
        {named.who.token: named.title for named in names_of(db, selection.values())},
        {row.id: row.name for row in db.execute(select(District.id, District.name).where(District.id.in_(districts)))},
        {
            row.id: row.name
            for row in db.execute(select(Department.id, Department.name).where(Department.id.in_(units)))
        },
    )


def in_words(db: Session, content: Content, translate: Translate) -> list[Section]:
    """A plan in words."""
    return sections(content, names_for(db, [content]), translate)


def difference(db: Session, before: Content, after: Content, translate: Translate) -> Sequence[Change]:
    """What two versions say differently, in words."""
    names = names_for(db, [before, after])
    return changes(sections(before, names, translate), sections(after, names, translate))
