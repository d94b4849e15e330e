"""Languages: which one a reader gets, and catalogues made ready to read.

Translations live beside the room whose words they are
(``<room>/locale/zh_CN/LC_MESSAGES/dutycenter.po``); English is the msgid.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pyramid.i18n import make_localizer
from pyramid.interfaces import ILocalizer, ITranslationDirectories
from pyramid.registry import Registry
from pyramid.request import Request

from dutycenter.settings import Settings

log = logging.getLogger(__name__)

DOMAIN = "dutycenter"
LANGUAGE_COOKIE = "language"
LANGUAGE_NAMES = {"zh_CN": "中文", "en": "English"}
ROOMS = ("dutycenter", "ivr_flows", "broadcast", "reports")


def translator(registry: Registry, language: str) -> Callable[..., str]:
    """Translates into one language, whichever the reader's is: what is read to others, or typed by sound."""
    localizer = registry.queryUtility(ILocalizer, name=language)
    if localizer is None:
        localizer = make_localizer(language, registry.queryUtility(ITranslationDirectories, default=[]))
        registry.registerUtility(localizer, ILocalizer, name=language)
    translate: Callable[..., str] = localizer.translate
    return translate


def packages() -> list[Path]:
    """The folders of the product's top-level packages."""
    found = []
    for name in ROOMS:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(Path(spec.origin).parent)
    return found


def catalogue_folders() -> list[Path]:
    """Every room's ``locale`` folder."""
    return sorted(folder for package in packages() for folder in package.rglob("locale") if folder.is_dir())


def compile_catalogues() -> int:
    """Compile every ``.po`` whose ``.mo`` is missing or older; how many that were."""
    made = 0
    for po in _catalogues():
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        try:
            _compile(po, mo)
        except OSError as error:
            log.warning("The translations %s could not be compiled: %s. Pages are in English there.", po, error)
            continue
        made += 1
    return made


def _catalogues() -> Iterator[Path]:
    for folder in catalogue_folders():
        yield from sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def _compile(po: Path, mo: Path) -> None:
    with po.open("rb") as source:
        catalogue = read_po(source, locale=po.parent.parent.name, domain=DOMAIN)
    # Several processes start at once: each writes aside, the last rename wins.
    aside = mo.with_name(f"{mo.name}.{os.getpid()}")
    with aside.open("wb") as target:
        write_mo(target, catalogue)
    aside.replace(mo)


def negotiate_language(request: Request) -> str:
    """The reader's language: the account's, the cookie's, the browser's, the installation's."""
    settings: Settings = request.registry["dutycenter.settings"]
    offered = settings.languages
    identity = request.identity if "dutycenter.actor" not in request.environ else None
    for wish in (getattr(identity, "language", None), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in offered:
            return str(wish)
    return _browser_language(request, offered) or offered[0]


def _browser_language(request: Request, offered: tuple[str, ...]) -> str | None:
    """The offered language that the browser likes best; ``zh`` means ``zh_CN`` too."""
    parsed = getattr(request.accept_language, "parsed", None) or ()
    for wished, _quality in sorted(parsed, key=lambda pair: -pair[1]):
        for language in offered:
            if wished.lower().split("-")[0] == language.lower().split("_")[0]:
                return language
    return None


if __name__ == "__main__":
    compile_catalogues()
