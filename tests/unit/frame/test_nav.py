"""Every page says in the navigation where one is."""

from __future__ import annotations

import pytest

from dutycenter.frame.nav import PLACES


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/incidents", "/incidents"),
        ("/incidents/7/documents", "/incidents"),
        ("/instructions/3", "/incidents"),
        ("/plans/2/edit", "/broadcasts"),
        ("/groups", "/broadcasts"),
        ("/knocks", "/broadcasts"),
        ("/evidence/custody", "/recordings"),
        ("/settings/accounts", "/settings"),
    ],
)
def test_a_page_belongs_to_one_place(path: str, place: str) -> None:
    assert [one.path for one in PLACES if one.holds(path)] == [place]


@pytest.mark.parametrize("path", ["/", "/find", "/account", "/deskless", "/planson"])
def test_what_belongs_nowhere_marks_nothing(path: str) -> None:
    assert not [one for one in PLACES if one.holds(path)]
