"""A golden file per scenario: events in, effects out, as JSON.

``UPDATE_GOLDEN=1 pytest tests/unit/ivr_flows/test_golden.py`` writes what the
flows do now; read the difference before committing it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ivr_flows.definition import load_flow
from ivr_flows.engine import advance, begin
from ivr_flows.library import NOTES
from ivr_flows.plain import event_from, plain, plain_state
from ivr_flows.prompts import SHIPPED

GOLDEN = Path(__file__).with_name("golden")
SCENARIOS = sorted(GOLDEN.glob("*.json"))


def play(flow_name: str, facts: list[str], events: list[Any]) -> dict[str, Any]:
    flow = load_flow(SHIPPED / f"{flow_name}.yaml").flow
    state = begin(flow, frozenset(facts))
    steps = []
    for event in events:
        assert not state.ended, f"ended before {event}"
        state, effects = advance(flow, state, event_from(event))
        steps.append({"event": event, "node": state.node, "effects": [plain(effect) for effect in effects]})
    return {"flow": flow_name, "facts": facts, "steps": steps, "state": plain_state(state)}


def _told(played: dict[str, Any]) -> str:
    """One step a line, so that a difference can be read."""
    steps = ",\n".join("  " + json.dumps(step, ensure_ascii=False) for step in played["steps"])
    rest = {name: json.dumps(played[name], ensure_ascii=False) for name in ("flow", "facts", "state")}
    return (
        f'{{\n "flow": {rest["flow"]},\n "facts": {rest["facts"]},\n'
        f' "steps": [\n{steps}\n ],\n "state": {rest["state"]}\n}}\n'
    )


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_does_what_the_golden_file_says(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    events = told["events"] if "events" in told else [step["event"] for step in told["steps"]]
    played = play(told["flow"], told["facts"], events)
    assert played["state"]["ended"], "the scenario must be told to its end"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(_told(played), encoding="utf-8")
        return
    assert played == told


def test_every_node_of_the_shipped_flows_is_visited() -> None:
    visited: dict[str, set[str]] = {name: set() for name in NOTES}
    for path in SCENARIOS:
        told = json.loads(path.read_text(encoding="utf-8"))
        visited[told["flow"]] |= told["state"]["visits"].keys()
    for name, nodes in visited.items():
        assert nodes == load_flow(SHIPPED / f"{name}.yaml").flow.nodes.keys()
