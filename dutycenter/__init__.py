"""Dutycenter: calls come in, incidents call people out, everything leaves evidence.

The include list below is the table of contents of the product. Upper rooms
(``broadcast``, ``ivr_flows``, ``reports``) are named as text: the record knows
of them only that they are there.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

# Pyramid 2.1 still asks setuptools for its entry points, which says so at every start.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.router import Router

from dutycenter.clock import clock_for
from dutycenter.current import keep_by_context
from dutycenter.interfaces import IClock
from dutycenter.settings import Settings, load

FOUNDATIONS = (
    "pyramid_services",
    "dutycenter.db",
    "dutycenter.jobs",
    "dutycenter.ledger",
    "dutycenter.switch",
    "dutycenter.mail",
)

ROOMS = (
    "dutycenter.frame",
    "dutycenter.accounts",
    "dutycenter.directory",
    "dutycenter.roster",
    "dutycenter.calls",
    "dutycenter.incidents",
    "dutycenter.audit",
    "dutycenter.live",
    "ivr_flows",
    "broadcast",
    "reports",
)


class _WithoutViews(Configurator):
    """Registers no page: most of a configuration's time, for roles and commands that show none."""

    def add_view(self, *view: object, **options: object) -> None:
        """Leave it out."""


def configure(settings: Settings, raw: Mapping[str, Any] | None = None, *, views: bool = True) -> Configurator:
    """The whole application, for any role.

    Args:
        settings: parsed settings.
        raw: the ini file's own values, for Pyramid and its add-ons.
        views: whether it answers requests from outside.
    """
    keep_by_context()
    config = (Configurator if views else _WithoutViews)(settings=dict(raw or {}))
    config.registry["dutycenter.settings"] = settings
    config.registry["dutycenter.clock"] = clock_for(settings)
    config.add_request_method(_actor, "actor", reify=True)
    for name in FOUNDATIONS:
        config.include(name)
    config.register_service(config.registry["dutycenter.clock"], IClock)
    for name in ROOMS:
        config.include(name)
    if settings.rehearsal:
        config.include("dutycenter.switch.rehearsal.views")  # the page of simulated telephones
    config.commit()
    return config


def main(global_config: Mapping[str, str], **raw: str) -> Router:
    """The WSGI application of the ``web`` role (``pserve development.ini``)."""
    settings = load(raw, here=global_config.get("here", "."))
    app: Router = configure(settings, raw).make_wsgi_app()
    return app


def _actor(request: Request) -> str:
    """Who acts, for the ledger: the account that is logged in, or the role's process."""
    identity = request.identity if "dutycenter.actor" not in request.environ else None
    if identity is not None:
        return f"user:{identity.id}"
    return str(request.environ.get("dutycenter.actor", "anonymous"))
