"""A message's template, with fields that an incident fills: ``{地点}发生{标题}``.

A field is written in either language whatever the reader's. What the incident
does not say stays as it is written, so that it is seen and never spoken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyramid.i18n import TranslationStringFactory

from broadcast.messages import Translate
from dutycenter.frame.labels import label
from dutycenter.incidents.models import Incident

_ = TranslationStringFactory("dutycenter")

MARK = re.compile(r"\{([^{}]{1,24})\}")

Value = Callable[[Incident, Translate, ZoneInfo], str]


@dataclass(frozen=True)
class Field:
    """One thing that an incident may say."""

    name: str
    label: str
    chinese: str
    value: Value

    def written(self, language: str) -> str:
        """How it stands in a template."""
        return f"{{{self.chinese if language.startswith('zh') else self.name}}}"


def _spoken(moment: datetime | None, translate: Translate, zone: ZoneInfo) -> str:
    """A time as it is read aloud."""
    if moment is None:
        return ""
    at = moment.astimezone(zone)
    mapping = {"month": at.month, "day": at.day, "hour": at.hour, "minute": f"{at.minute:02d}"}
    return translate(_("${month}/${day} at ${hour}:${minute}", mapping=mapping))


FIELDS: tuple[Field, ...] = (
    Field("title", _("Title"), "标题", lambda i, t, z: i.title),
    Field("place", _("Place"), "地点", lambda i, t, z: i.place),
    Field("district", _("District"), "区县", lambda i, t, z: i.district.name if i.district else ""),
    Field("time", _("Time"), "时间", lambda i, t, z: _spoken(i.occurred_at, t, z)),
    Field("class", _("Class"), "类别", lambda i, t, z: t(label(i.incident_class)) if i.incident_class else ""),
    Field("level", _("Level"), "级别", lambda i, t, z: t(label(i.level)) if i.level else ""),
    Field("course", _("Course"), "经过", lambda i, t, z: i.course),
    Field("measures", _("Measures"), "措施", lambda i, t, z: i.measures),
    Field("scene", _("At the scene"), "现场负责人", lambda i, t, z: i.scene_contact),
    Field("telephone", _("Telephone"), "现场电话", lambda i, t, z: i.scene_number),
)
_BY_NAME = {name: field for field in FIELDS for name in (field.name, field.chinese)}


@dataclass(frozen=True)
class Filled:
    """A message made of a template: ``missing`` stand in it still, ``unknown`` are no fields at all."""

    text: str
    missing: Sequence[Field] = ()
    unknown: Sequence[str] = ()


def values(incident: Incident | None, translate: Translate, zone: ZoneInfo) -> dict[str, str]:
    """What the incident says, by the field's name; what it doesn't say is empty."""
    if incident is None:
        return {}
    return {field.name: str(field.value(incident, translate, zone) or "").strip() for field in FIELDS}


def filled(template: str, known: Mapping[str, str]) -> Filled:
    """The template with what is known put in."""
    missing: dict[str, Field] = {}
    unknown: list[str] = []

    def put(found: re.Match[str]) -> str:
        field = _BY_NAME.get(found[1].strip())
        if field is None:
            unknown.append(found[1])
            return found[0]
        if not known.get(field.name):
            missing[field.name] = field
            return found[0]
        return known[field.name]

    return Filled(MARK.sub(put, template), tuple(missing.values()), tuple(unknown))
