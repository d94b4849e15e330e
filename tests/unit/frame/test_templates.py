"""No template holds what a half-finished merge leaves behind: Jinja would print it."""

from __future__ import annotations

import re

from dutycenter.frame.i18n import packages

MARK = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)


def test_no_page_shows_the_marks_of_a_merge() -> None:
    templates = [place for package in packages() for place in package.rglob("*.jinja2")]
    assert templates
    assert [place.name for place in templates if MARK.search(place.read_text(encoding="utf-8"))] == []
