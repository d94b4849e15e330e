"""Flow files: YAML in, an engine's ``Flow`` out, or every fault with file, line and node.

    flow: hotline
    start: welcome
    slots: [message]            # prompts that each conversation brings along
    facts: [exercise]           # what may be known at the start
    nodes:
      welcome:
        ask:
          prompts: [hotline.greeting, {prompt: notify.exercise, if: exercise}]
          keys: {1: emergency}
          wait: 3
          no_key: waiting
          wrong: {prompts: [key.pressed, hotline.wrong_key], times: 1, then: waiting}

A node is one of say, ask, enter, queue, join, record, bridge, note, choose, hand_over, hangup. What a
file's graph leads to is ``lint``'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ivr_flows.conversation import (
    KEYS,
    LEADER,
    AskNode,
    BridgeNode,
    ChooseNode,
    EnterNode,
    Flow,
    HandOverNode,
    HangupNode,
    JoinNode,
    Line,
    Node,
    NoteNode,
    QueueNode,
    RecordNode,
    SayNode,
)
from ivr_flows.prompts import PROMPT
from ivr_flows.reader import Faults, Mark, Reader, read_yaml

NAME = r"[a-z][a-z0-9_]{0,39}"
EXTENSION = r"[0-9]{1,24}"
CAUSE = r"[A-Z][A-Z_]{1,39}"


class Source:
    """A loaded flow, and where in the file each node stands."""

    def __init__(self, flow: Flow, file: str, marks: Mapping[str, Mark]) -> None:
        self.flow = flow
        self.file = file
        self.marks = marks


def load_flow(path: Path) -> Source:
    """Read a flow file.

    Raises:
        FlowError: it cannot be read or is no flow; lists every fault.
    """
    faults = Faults(str(path))
    root = read_yaml(path, faults)
    assert root is not None
    return _flow(root, faults)


def _flow(root: Reader, faults: Faults) -> Source:
    root.only("flow", "start", "slots", "facts", "nodes")
    name = root.text("flow", NAME)
    start = root.text("start", NAME)
    slots = frozenset(root.texts("slots", PROMPT, needed=False))
    facts = frozenset(root.texts("facts", NAME, needed=False))
    nodes: dict[str, Node] = {}
    marks: dict[str, Mark] = {}
    for node_name, reader in root.mappings("nodes", NAME):
        reader.node = node_name
        marks[node_name] = reader.mark
        kind, body = reader.single(_KINDS)
        if kind:
            nodes[node_name] = _KINDS[kind](body)
    faults.raise_if_any()
    return Source(Flow(name, start, nodes, slots, facts), faults.file, marks)


def _lines(body: Reader, name: str = "prompts", needed: bool = True) -> tuple[Line, ...]:
    lines = []
    for item in body.items(name, needed=needed):
        if not item.is_mapping:
            lines.append(Line(item.as_text(PROMPT)))
            continue
        item.only("prompt", "if", "unless", "once")
        fact, other = item.text("if", NAME, needed=False), item.text("unless", NAME, needed=False)
        once = item.flag("once")
        if (fact and other) or not (fact or other or once):
            item.fault("give if, unless or once with a prompt, or the prompt's name alone")
        lines.append(Line(item.text("prompt", PROMPT), fact or other, unless=bool(other), once=once))
    return tuple(lines)


def _say(body: Reader) -> Node:
    body.only("prompts", "then")
    return SayNode(_lines(body), body.text("then", NAME))


def _ask(body: Reader) -> Node:
    body.only("prompts", "keys", "wait", "no_key", "silent", "wrong", "visits")
    keys = _keys(body)
    no_key = body.text("no_key", NAME)
    silent, wrong = body.mapping("silent"), body.mapping("wrong")
    silent.only("prompts", "times")
    wrong.only("prompts", "times", "then")
    return AskNode(
        lines=_lines(body),
        keys=keys,
        wait=body.number("wait", 0, 60, default=5),
        no_key=no_key,
        wrong_key=wrong.text("then", NAME, needed=False) or no_key,
        silent_times=int(silent.number("times", 0, 9, default=0, whole=True)),
        silent_lines=_lines(silent, needed=False),
        wrong_times=int(wrong.number("times", 0, 9, default=1, whole=True)),
        wrong_lines=_lines(wrong, needed=False),
        visits=int(body.number("visits", 1, 20, default=6, whole=True)),
    )


def _keys(body: Reader, needed: bool = True) -> dict[str, str]:
    keys = {}
    for key, target in body.pairs("keys", NAME, needed=needed):
        if len(key) != 1 or key not in KEYS:
            body.fault(f"keys: {key!r} is not a key; expected one of {' '.join(KEYS)}")
        keys[key] = target
    return keys


def _enter(body: Reader) -> Node:
    body.only("prompts", "least", "most", "wait", "given", "no_key", "wrong", "telephone", "visits")
    wrong = body.mapping("wrong")
    wrong.only("prompts", "times")
    return EnterNode(
        lines=_lines(body),
        least=int(body.number("least", 0, 99_999, default=1, whole=True)),
        most=int(body.number("most", 1, 99_999, default=999, whole=True)),
        wait=body.number("wait", 1, 60, default=4),
        given=body.text("given", NAME),
        telephone=body.flag("telephone"),
        no_key=body.text("no_key", NAME),
        wrong_times=int(wrong.number("times", 0, 9, default=1, whole=True)),
        wrong_lines=_lines(wrong, needed=False),
        visits=int(body.number("visits", 1, 20, default=4, whole=True)),
    )


def _join(body: Reader) -> Node:
    body.only("left", "closed")
    return JoinNode(body.text("left", NAME), body.text("closed", NAME))


def _hand_over(body: Reader) -> Node:
    body.only("to", "knowing")
    return HandOverNode(body.text("to", NAME), frozenset(body.texts("knowing", NAME, needed=False)))


def _queue(body: Reader) -> Node:
    body.only("answered", "otherwise", "score", "keys", "waiting", "welcome")
    return QueueNode(
        answered=body.text("answered", NAME),
        otherwise=body.text("otherwise", NAME),
        score=int(body.number("score", 0, 10_000, default=0, whole=True)),
        keys=_keys(body, needed=False),
        waiting=_lines(body, "waiting", needed=False),
        welcome=_lines(body, "welcome", needed=False),
    )


def _record(body: Reader) -> Node:
    body.only("limit", "least", "then", "short")
    then = body.text("then", NAME)
    short = body.text("short", NAME, needed=False) or then
    return RecordNode(body.number("limit", 5, 900, default=120), then, short, body.number("least", 0, 10, default=1))


def _bridge(body: Reader) -> Node:
    body.only("to", "answered", "otherwise", "keys")
    to, keys = body.text("to", f"{EXTENSION}|{LEADER}"), _keys(body, needed=False)
    if keys and to != LEADER:
        body.fault(f"keys: they lead away from {LEADER} only")
    return BridgeNode(to, body.text("answered", NAME), body.text("otherwise", NAME), keys)


def _note(body: Reader) -> Node:
    body.only("what", "number", "done", "failed")
    return NoteNode(body.text("what", NAME), body.text("done", NAME), body.text("failed", NAME), body.flag("number"))


def _choose(body: Reader) -> Node:
    body.only("if", "then", "otherwise")
    return ChooseNode(body.text("if", NAME), body.text("then", NAME), body.text("otherwise", NAME))


def _hangup(body: Reader) -> Node:
    body.only("cause")
    return HangupNode(body.text("cause", CAUSE, needed=False) or "NORMAL_CLEARING")


_KINDS: Mapping[str, Callable[[Reader], Any]] = {
    "say": _say,
    "ask": _ask,
    "enter": _enter,
    "join": _join,
    "hand_over": _hand_over,
    "queue": _queue,
    "record": _record,
    "bridge": _bridge,
    "note": _note,
    "choose": _choose,
    "hangup": _hangup,
}
