"""One message to many, and proof of it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.static import QueryStringCacheBuster

from broadcast import running, services
from broadcast.callbacks import speak_names
from broadcast.corrections import tell_corrections
from broadcast.exercises import mark_late_recordings
from broadcast.open_items import open_broadcasts
from dutycenter.interfaces import IBroadcasts

STATIC = Path(__file__).parent / "static"
DAY = 24 * 3600


class _ByContent(QueryStringCacheBuster):
    """Addresses change with the files, so that browsers may keep them long."""

    def __init__(self) -> None:
        super().__init__("v")

    def tokenize(self, request: Request, pathspec: str, kw: dict[str, object]) -> str:
        file = STATIC / Path(pathspec).name
        return _digest(file, file.stat().st_mtime_ns) if file.is_file() else ""


@lru_cache(maxsize=32)
def _digest(file: Path, changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def includeme(config: Configurator) -> None:
    config.register_service_factory(services.factory, IBroadcasts)
    config.register_service_factory(services.factory, services.Broadcasts)
    config.add_static_view("broadcast-static", "broadcast:static", cache_max_age=30 * DAY)
    config.add_cache_buster("broadcast:static", _ByContent())
    config.register_service_factory(running.factory, running.Running)
    config.add_job(tell_corrections, name="broadcast.corrections", seconds=2)
    config.add_job(mark_late_recordings, name="broadcast.recordings", seconds=5)
    config.include("broadcast.launch_views")
    config.include("broadcast.running_views")
    config.add_job(speak_names, name="broadcast.names", seconds=5)
    config.add_open_items(open_broadcasts)
    config.include("broadcast.views")
    config.include("broadcast.attending")
    config.include("broadcast.sms")
    config.include("broadcast.plans")
    config.include("broadcast.history")
    config.include("broadcast.forecasts")
