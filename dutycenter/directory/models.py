"""People who are called: departments, posts, people, numbers, deputies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dutycenter.db.base import Base, text_enum
from dutycenter.vocabulary import NumberKind


class District(Base):
    __tablename__ = "districts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)  # GB/T 2260
    name: Mapped[str] = mapped_column(String(64))


class Department(Base):
    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    district_id: Mapped[int | None] = mapped_column(ForeignKey("districts.id"))
    name: Mapped[str] = mapped_column(String(128), unique=True)
    short_name: Mapped[str] = mapped_column(String(32))
    position: Mapped[int] = mapped_column(default=0)  # order in lists
    removed_at: Mapped[datetime | None]  # nobody is in it any more; the record still names it

    people: Mapped[list[Person]] = relationship(back_populates="department", order_by="Person.position")
    district: Mapped[District | None] = relationship()


class Person(Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    pinyin: Mapped[str] = mapped_column(String(128), default="", index=True)
    initials: Mapped[str] = mapped_column(String(16), default="", index=True)
    post: Mapped[str] = mapped_column(String(64), default="")
    position: Mapped[int] = mapped_column(default=0)
    weight: Mapped[int] = mapped_column(default=1)  # how much it matters to reach this person first
    away_from: Mapped[datetime | None]
    away_until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    superior_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: whoever leads the department
    address: Mapped[str] = mapped_column(String(255), default="")  # where somebody would knock

    department: Mapped[Department] = relationship(back_populates="people")
    numbers: Mapped[list[PhoneNumber]] = relationship(
        back_populates="person", order_by="PhoneNumber.position", cascade="all, delete-orphan"
    )
    deputies: Mapped[list[Deputy]] = relationship(
        foreign_keys="Deputy.person_id", order_by="Deputy.position", cascade="all, delete-orphan"
    )
    superior: Mapped[Person | None] = relationship(foreign_keys=[superior_id], remote_side="Person.id")


class PhoneNumber(Base):
    __tablename__ = "phone_numbers"
    __table_args__ = (UniqueConstraint("person_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    number: Mapped[str] = mapped_column(String(32), index=True)  # digits only, as dialled
    kind: Mapped[NumberKind] = mapped_column(text_enum(NumberKind))
    position: Mapped[int] = mapped_column(default=0)
    hours: Mapped[str] = mapped_column(String(24), default="")  # as ``hours.Hours`` writes them; empty: always
    verified_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="numbers")


class Deputy(Base):
    """Who stands in for a person, in order."""

    __tablename__ = "deputies"
    __table_args__ = (UniqueConstraint("person_id", "deputy_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    position: Mapped[int] = mapped_column(default=0)

    deputy: Mapped[Person] = relationship(foreign_keys=[deputy_id])


class PersonGroup(Base):
    """People who are called together across departments: 防汛责任人, 专家组."""

    __tablename__ = "person_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)

    people: Mapped[list[Person]] = relationship(secondary="person_group_members", order_by="Person.id")


class PersonGroupMember(Base):
    __tablename__ = "person_group_members"

    group_id: Mapped[int] = mapped_column(ForeignKey("person_groups.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class DifferentPeople(Base):
    """Two rows that look like one person, and are two: somebody said so. The smaller id comes first."""

    __tablename__ = "different_people"

    one_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
