"""The frame of every page: layout, languages, errors, find box."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment
from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.session import JSONSerializer, SignedCookieSessionFactory
from pyramid_jinja2 import IJinja2Environment

from dutycenter.frame.assets import ContentHash
from dutycenter.frame.filters import FILTERS
from dutycenter.frame.find import add_finder
from dutycenter.frame.i18n import DOMAIN, catalogue_folders, compile_catalogues, negotiate_language
from dutycenter.frame.papers import add_paper
from dutycenter.secret import secret_key
from dutycenter.settings import Settings

DAY = 24 * 3600


def includeme(config: Configurator) -> None:
    settings: Settings = config.registry["dutycenter.settings"]
    config.registry["dutycenter.finders"] = []
    config.add_directive("add_finder", add_finder)
    config.registry["dutycenter.papers"] = []
    config.add_directive("add_paper", add_paper)
    _languages(config, settings)
    _templates(config)
    _sessions(config, settings)
    config.add_static_view("static", "dutycenter:static", cache_max_age=30 * DAY)
    config.add_cache_buster("dutycenter:static", ContentHash())
    config.set_default_permission("view")
    config.include("dutycenter.frame.guard")
    config.include("dutycenter.frame.errors")
    config.include("dutycenter.frame.views")


def _languages(config: Configurator, settings: Settings) -> None:
    compile_catalogues()
    config.add_settings({"pyramid.default_locale_name": settings.languages[0]})
    config.set_locale_negotiator(negotiate_language)
    config.add_translation_dirs(*(str(folder) for folder in catalogue_folders()))


def _templates(config: Configurator) -> None:
    config.add_settings(
        {
            "jinja2.i18n.domain": DOMAIN,
            "jinja2.undefined": "strict",
            "jinja2.trim_blocks": "true",
            "jinja2.lstrip_blocks": "true",
        }
    )
    config.include("pyramid_jinja2")
    # The environment exists only once pyramid_jinja2's own actions have run.
    config.action(None, _furnish, args=(config,), order=PHASE3_CONFIG + 1)


def _furnish(config: Configurator) -> None:
    environment: Environment = config.registry.getUtility(IJinja2Environment, name=".jinja2")
    environment.filters.update(FILTERS)
    environment.policies["ext.i18n.trimmed"] = True


def _sessions(config: Configurator, settings: Settings) -> None:
    """A signed cookie for notices between two pages and the CSRF token; log-ins live in the store."""
    options: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": settings.secure_cookies}
    # Only who changes it sends it: a question asked beside the page would bring back a notice that was shown.
    options["reissue_time"] = None
    config.set_session_factory(
        SignedCookieSessionFactory(
            secret_key(settings.secret_file), cookie_name="page", serializer=JSONSerializer(), timeout=None, **options
        )
    )
    config.set_default_csrf_options(require_csrf=True)
