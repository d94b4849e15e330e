"""The navigation: the product's pages in the order of the day's work."""

from __future__ import annotations

from dataclasses import dataclass

from pyramid.i18n import TranslationStringFactory
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

_ = TranslationStringFactory("dutycenter")


@dataclass(frozen=True)
class Place:
    """A page of the navigation, shown to those who have one of ``permissions``.

    ``also`` are addresses outside ``path`` whose pages belong to it.
    """

    path: str
    label: str
    icon: str
    permissions: tuple[str, ...]
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Does the page at this address belong here?"""
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.also))


PLACES = (
    Place("/desk", _("Duty desk"), "headset", ("desk",)),
    Place("/incidents", _("Incidents"), "clipboard-pulse", ("view",), ("/instructions",)),
    Place("/broadcasts", _("Broadcasts"), "broadcast-pin", ("board",), ("/plans", "/groups", "/knocks")),
    Place("/directory", _("Directory"), "person-rolodex", ("view",)),
    Place("/roster", _("Roster"), "calendar3", ("board",)),
    Place("/recordings", _("Recordings"), "soundwave", ("audit",), ("/evidence",)),
    Place("/reports", _("Reports"), "bar-chart", ("view",)),
    Place("/rehearsal", _("Simulated telephones"), "telephone", ("view",)),
    Place("/settings", _("Settings"), "gear", ("admin",)),
)


def places(request: Request) -> list[Place]:
    """The pages that the reader may open and this installation has."""
    return [
        place
        for place in PLACES
        if has_path(request, place.path) and any(may(request, name) for name in place.permissions)
    ]


def has_path(request: Request, path: str) -> bool:
    """Does this installation have a route with exactly this pattern?"""
    return any(route.pattern == path for route in request.registry.getUtility(IRoutesMapper).get_routes())


def may(request: Request, permission: str) -> bool:
    """May the reader do this? Also where an error came before there was a context."""
    return bool(request.has_permission(permission, context=request))
