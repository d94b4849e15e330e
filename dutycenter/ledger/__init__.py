"""Append, seal, prove: the ground that every feature writes to. Knows no feature."""

from __future__ import annotations

from pyramid.config import Configurator

from dutycenter.interfaces import ILedger
from dutycenter.settings import Settings
from dutycenter.work import kept

SEAL_SECONDS = 2.0


def includeme(config: Configurator) -> None:
    from dutycenter.ledger.authority import stamp_last_head
    from dutycenter.ledger.sealer import seal
    from dutycenter.ledger.services import Ledger, factory
    from dutycenter.ledger.steps import StepWatch

    config.register_service_factory(
        lambda context, request: kept(request.registry, "dutycenter.steps", StepWatch), StepWatch
    )
    config.register_service_factory(factory, ILedger)
    config.register_service_factory(factory, Ledger)
    config.add_job(seal, name="ledger.seal", seconds=SEAL_SECONDS)
    settings: Settings = config.registry["dutycenter.settings"]
    if settings.ledger_tsa_url:
        config.add_job(stamp_last_head, name="ledger.stamp", seconds=settings.ledger_tsa_seconds)
