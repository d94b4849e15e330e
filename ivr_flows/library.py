"""The flows of this installation: the shipped ones, or its own of the same name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from dutycenter.settings import Settings
from ivr_flows.callers import CallbackScribe
from ivr_flows.conversation import Flow, HandOverNode
from ivr_flows.definition import load_flow
from ivr_flows.lint import lint
from ivr_flows.prompts import SHIPPED, Catalogue, load_catalogue
from ivr_flows.reader import FlowError, FlowFault
from ivr_flows.scribes import HotlineScribe, NoticeScribe

log = logging.getLogger(__name__)

HOTLINE, NOTIFY, CALLBACK, REMIND = "hotline", "notify", "callback", "remind"
NOTES = {
    HOTLINE: HotlineScribe.notes,
    NOTIFY: NoticeScribe.notes,
    CALLBACK: CallbackScribe.notes,
    REMIND: NoticeScribe.notes,
}
SLOTS: Mapping[str, frozenset[str]] = {
    HOTLINE: frozenset(),
    NOTIFY: frozenset({"message"}),
    CALLBACK: frozenset({"message", "first", "second", "third", "fourth"}),
    REMIND: frozenset({"message"}),
}
FACTS: Mapping[str, frozenset[str]] = {
    HOTLINE: frozenset({"greeted", "wants_desk", "number_known", "slowed"}),
    NOTIFY: frozenset({"exercise", "settled", "unknown", "heard_counts", "asks_arrival", "conference"}),
    CALLBACK: frozenset({"exercise", "several", "third", "fourth", "acknowledged", "asks_arrival", "conference"}),
    REMIND: frozenset({"exercise", "settled", "conference"}),
}


def flow_file(settings: Settings, name: str) -> Path:
    """Where a flow is: in the folder ``flows.dir`` if it has one of this name, else the shipped one."""
    own = settings.flows_dir / f"{name}.yaml"
    return own if own.is_file() else SHIPPED / f"{name}.yaml"


def check(settings: Settings, path: Path, catalogue: Catalogue) -> tuple[Flow, list[FlowFault]]:
    """Load a flow file and list what lint finds.

    Raises:
        FlowError: it is no flow at all.
    """
    source = load_flow(path)
    flow = source.flow
    known = catalogue.languages(settings.languages)
    faults = lint(source, known, settings.languages[:1], NOTES.get(flow.name, frozenset()))
    if flow.name not in NOTES:
        faults.append(FlowFault(source.file, 1, "", f"nothing runs a flow {flow.name}; known: {', '.join(NOTES)}"))
    else:
        strange = (flow.slots - SLOTS[flow.name]) | (flow.facts - FACTS[flow.name])
        faults += [FlowFault(source.file, 1, "", f"nothing brings {name} along for this flow") for name in strange]
    for name, node in flow.nodes.items():
        if isinstance(node, HandOverNode):
            faults += [FlowFault(source.file, source.marks[name].line, name, text) for text in _astray(node)]
    return flow, faults


def _astray(node: HandOverNode) -> list[str]:
    """What is wrong with where a conversation is handed over."""
    if node.to not in FACTS:
        return [f"to: nothing runs a flow {node.to}; known: {', '.join(FACTS)}"]
    return [f"knowing: the flow {node.to} knows no {fact}" for fact in sorted(node.knowing - FACTS[node.to])]


def usable_catalogue(settings: Settings) -> Catalogue:
    """The prompts to speak. An own file with a fault is told of, and the shipped one speaks instead."""
    try:
        return load_catalogue(settings)
    except FlowError as error:
        log.error("The installation's own prompts cannot be used; the shipped ones are:\n%s", error)
        return load_catalogue(settings, own=False)


def load_flows(settings: Settings) -> tuple[dict[str, Flow], Catalogue]:
    """The flows and prompts to run. An own file with a fault is told of, and the shipped one runs instead.

    Raises:
        FlowError: a shipped file has a fault.
    """
    catalogue = usable_catalogue(settings)
    flows = {}
    for name in NOTES:
        path = flow_file(settings, name)
        try:
            flows[name] = _checked(settings, path, catalogue)
        except FlowError as error:
            if path.parent == SHIPPED:
                raise
            log.error("The installation's own flow cannot be used; the shipped one runs instead:\n%s", error)
            flows[name] = _checked(settings, SHIPPED / f"{name}.yaml", catalogue)
    return flows, catalogue


def _checked(settings: Settings, path: Path, catalogue: Catalogue) -> Flow:
    flow, faults = check(settings, path, catalogue)
    if faults:
        raise FlowError(faults)
    return flow
