"""The columns of a sheet of people, as they are headed in either language, and what stands in them.

A cell that is empty, and a column that isn't there, change nothing. A dash empties.
Several numbers of a kind, or several deputies, stand in one cell, apart by ``；`` or a
new line; hours follow their number in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from pyramid.i18n import TranslationString, TranslationStringFactory

from dutycenter.directory.editing import NumberDraft
from dutycenter.directory.models import Person
from dutycenter.directory.numbers import bare
from dutycenter.vocabulary import NumberKind

_ = TranslationStringFactory("dutycenter")

EMPTIES = frozenset("-–—－")
PARTS = re.compile(r"[;；、\n]+")
# Brackets without hours belong to an area code: (0732) 822 2001.
WITH_HOURS = re.compile(r"(.*?)\s*[(（]([^()（）]*(?:[:：]|workdays|工作日)[^()（）]*)[)）]", re.IGNORECASE)
OF_DEPARTMENT = re.compile(r"(.+?)\s*[(（](.+)[)）]")
BETWEEN = "；"


class Column(StrEnum):
    """A column of a sheet of people."""

    ID = "id"
    NAME = "name"
    DEPARTMENT = "department"
    ABOVE = "above"
    DISTRICT = "district"
    POST = "post"
    MOBILE = "mobile"
    OFFICE = "office"
    HOME = "home"
    DUTY = "duty"
    DEPUTIES = "deputies"
    SUPERIOR = "superior"
    ADDRESS = "address"


HEADS: Mapping[Column, TranslationString] = {
    Column.ID: _("Person no."),
    Column.NAME: _("Name"),
    Column.DEPARTMENT: _("Department"),
    Column.ABOVE: _("Department above"),
    Column.DISTRICT: _("District"),
    Column.POST: _("Post"),
    Column.MOBILE: _("Mobile number"),
    Column.OFFICE: _("Office number"),
    Column.HOME: _("Home number"),
    Column.DUTY: _("Duty room number"),
    Column.DEPUTIES: _("Deputies"),
    Column.SUPERIOR: _("Superior"),
    Column.ADDRESS: _("Address"),
}
# Heads are read in both languages whatever the reader's, and under names that sheets in offices have.
READ_AS: Mapping[Column, tuple[str, ...]] = {
    Column.ID: ("person no.", "编号", "人员编号"),
    Column.NAME: ("name", "姓名"),
    Column.DEPARTMENT: ("department", "部门", "单位", "所在部门", "工作单位"),
    Column.ABOVE: ("department above", "上级部门", "主管部门"),
    Column.DISTRICT: ("district", "区县", "行政区划", "所属区县"),
    Column.POST: ("post", "职务", "岗位"),
    Column.MOBILE: ("mobile number", "mobile", "手机", "手机号", "手机号码", "移动电话"),
    Column.OFFICE: ("office number", "office", "办公电话", "办公号码", "座机"),
    Column.HOME: ("home number", "home", "住宅电话", "家庭电话"),
    Column.DUTY: ("duty room number", "值班电话", "值班室电话"),
    Column.DEPUTIES: ("deputies", "替代人员", "代理人", "代班人"),
    Column.SUPERIOR: ("superior", "上级", "上级领导", "直接上级"),
    Column.ADDRESS: ("address", "地址", "住址"),
}
KINDS: Mapping[Column, NumberKind] = {
    Column.MOBILE: NumberKind.MOBILE,
    Column.OFFICE: NumberKind.OFFICE,
    Column.HOME: NumberKind.HOME,
    Column.DUTY: NumberKind.DUTY,
}
LINKS = (Column.DEPUTIES, Column.SUPERIOR)
BY_HEAD = {name: column for column, names in READ_AS.items() for name in names}


def column_of(head: str) -> Column | None:
    """The column that a head names; a star for "must be filled in" may stand at its end."""
    return BY_HEAD.get(head.strip().rstrip("*＊").strip().casefold())


def is_emptied(cell: str) -> bool:
    """Does the cell say that there shall be nothing?"""
    return cell in EMPTIES


def parts(cell: str) -> list[str]:
    """What stands in a cell, piece by piece."""
    return [] if is_emptied(cell) else [part.strip() for part in PARTS.split(cell) if part.strip()]


def read_numbers(cell: str, kind: NumberKind) -> list[NumberDraft]:
    """The numbers in a cell of this kind, as typed."""
    found = ((part, WITH_HOURS.fullmatch(part)) for part in parts(cell))
    return [NumberDraft(kind.value, *(hours.groups() if hours else (part,))) for part, hours in found]


def write_numbers(numbers: Iterable[tuple[str, str]]) -> str:
    """Numbers with their hours as one cell."""
    return BETWEEN.join(f"{number} ({hours})" if hours else number for number, hours in numbers)


def read_link(text: str) -> tuple[str, str]:
    """Name and department of a person who is named in a cell, the latter empty where none is said."""
    found = OF_DEPARTMENT.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def write_link(person: Person) -> str:
    """A person as a cell names them."""
    return f"{person.name}（{person.department.name}）"


def cells_of(person: Person) -> dict[str, str]:
    """A person's row of a sheet."""
    of_kind: dict[str, str] = {
        column: write_numbers((number.number, number.hours) for number in person.numbers if number.kind is kind)
        for column, kind in KINDS.items()
    }
    return {
        Column.ID: str(person.id),
        Column.NAME: person.name,
        Column.DEPARTMENT: person.department.name,
        Column.POST: person.post,
        **of_kind,
        Column.DEPUTIES: BETWEEN.join(write_link(entry.deputy) for entry in person.deputies),
        Column.SUPERIOR: "" if person.superior is None else write_link(person.superior),
        Column.ADDRESS: person.address,
    }


def merged(numbers: Sequence[NumberDraft], cells: Mapping[str, str]) -> list[NumberDraft]:
    """A person's numbers after a row of a sheet, in their order of calling; new ones come last.

    Args:
        numbers: as they are now, with the digits to dial.
        cells: the row; kinds whose cell is empty stay as they are.
    """
    wanted = {kind.value: read_numbers(cells[column], kind) for column, kind in KINDS.items() if cells.get(column)}
    known = {(draft.kind, bare(draft.number)): draft for drafts in wanted.values() for draft in drafts}
    kept = []
    for number in numbers:
        if number.kind not in wanted:
            kept.append(number)
        elif (found := known.pop((number.kind, bare(number.number)), None)) is not None:
            kept.append(number if not found.hours else number._replace(hours=found.hours))
    return [*kept, *known.values()]
