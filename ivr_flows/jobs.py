"""What the clerk does for the flows."""

from __future__ import annotations

import logging

from dutycenter.work import Work
from ivr_flows.library import load_flows
from ivr_flows.prompts import PromptBook
from ivr_flows.voice import voice_for

log = logging.getLogger(__name__)


def make_prompts(work: Work) -> None:
    """Make every fixed prompt that isn't kept: texts, voice and duty room may have changed."""
    settings = work.settings
    _, catalogue = load_flows(settings)
    made = PromptBook(catalogue, voice_for(settings), settings.prompts_dir).make_all(settings.languages)
    if made.made:
        log.info("%d prompts were made.", made.made)
    for fault in made.faults:
        log.error("A prompt could not be made: %s", fault)
