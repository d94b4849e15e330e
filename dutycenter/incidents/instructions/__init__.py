"""Leaders' instructions on an incident (批示): who must do what by when, followed until done (督办)."""

from __future__ import annotations

from pyramid.config import Configurator

WATCH_SECONDS = 10.0


def includeme(config: Configurator) -> None:
    from dutycenter.incidents.instructions.open_items import open_instructions
    from dutycenter.incidents.instructions.services import Instructions, instructions_factory, watch

    config.register_service_factory(instructions_factory, Instructions)
    config.add_open_items(open_instructions)
    config.add_job(watch, name="instructions.watch", seconds=WATCH_SECONDS)
    config.include("dutycenter.incidents.instructions.views")
