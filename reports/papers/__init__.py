"""Papers about one thing: an incident, a broadcast, a shift, a week."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dutycenter.vocabulary import ReportKind
from reports.making import Making
from reports.paper import Paper

MAKERS: Mapping[ReportKind, Callable[[str, Making], Paper]] = {}
