"""What is wrong with a flow's graph and prompts, before anybody is on the line.

Structure (unknown names, wrong types) is ``definition``'s to refuse; here the
flow is well-formed, and the question is where it leads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from ivr_flows.conversation import (
    DESK,
    ENTERED,
    PLACE,
    PRESSED,
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
from ivr_flows.definition import Source
from ivr_flows.reader import FlowFault

Found = Iterator[tuple[str, str]]  # node, what is wrong with it


def lint(
    source: Source,
    prompts: Mapping[str, Collection[str]],
    languages: Iterable[str],
    notes: Collection[str],
) -> list[FlowFault]:
    """Every fault of a flow, in the order of the file.

    Args:
        source: the loaded flow.
        prompts: ids of the catalogue, each with the languages it has a text in.
        languages: that callers may hear.
        notes: what the session can write down for this flow.
    """
    flow = source.flow
    found = [found for rule in _RULES for found in rule(flow)]
    found += _prompts(flow, prompts, tuple(languages))
    found += [
        (name, f"nobody writes down {node.what}; known here: {', '.join(sorted(notes)) or 'nothing'}")
        for name, node in flow.nodes.items()
        if isinstance(node, NoteNode) and node.what not in notes
    ]
    faults = [
        FlowFault(source.file, source.marks[node].line if node in source.marks else 1, node, text)
        for node, text in dict.fromkeys(found)
    ]
    return sorted(faults, key=lambda fault: fault.line)


def ways(node: Node) -> dict[str, str]:
    """Where a node can lead: what happens, and the node it leads to."""
    match node:
        case SayNode():
            return {"then": node.then}
        case AskNode():
            keys = {f"key {key}": target for key, target in node.keys.items()}
            return {**keys, "no_key": node.no_key, "wrong": node.wrong_key}
        case QueueNode() | BridgeNode():
            keys = {f"key {key}": target for key, target in node.keys.items()}
            return {**keys, "answered": node.answered, "otherwise": node.otherwise}
        case RecordNode():
            return {"then": node.then, "short": node.short}
        case NoteNode():
            return {"done": node.done, "failed": node.failed}
        case ChooseNode():
            return {"then": node.then, "otherwise": node.otherwise}
        case EnterNode():
            return {"given": node.given, "no_key": node.no_key}
        case JoinNode():
            return {"left": node.left, "closed": node.closed}
        case HangupNode() | HandOverNode():
            return {}


def _unattended(node: Node) -> list[str]:
    """Where a node leads when nobody presses a key."""
    if isinstance(node, QueueNode | BridgeNode):
        return [node.answered, node.otherwise]
    return [node.no_key] if isinstance(node, AskNode | EnterNode) else list(ways(node).values())


def lines_of(node: Node) -> tuple[Line, ...]:
    """Everything that a node may say."""
    match node:
        case SayNode():
            return node.lines
        case AskNode():
            return node.lines + node.silent_lines + node.wrong_lines
        case EnterNode():
            return node.lines + node.wrong_lines
        case QueueNode():
            return node.waiting + node.welcome
    return ()


def _dangling(flow: Flow) -> Found:
    if flow.start not in flow.nodes:
        yield "", f"start: there is no node {flow.start}"
    for name, node in flow.nodes.items():
        for way, target in ways(node).items():
            if target not in flow.nodes:
                yield name, f"{way}: there is no node {target}"


def _unreachable(flow: Flow) -> Found:
    reached = _closure([flow.start], lambda name: _known(flow, name))
    for name in flow.nodes:
        if name not in reached:
            yield name, "unreachable: no node leads here"


def _endless(flow: Flow) -> Found:
    """Nodes from which no way ends the call."""
    for name in flow.nodes:
        beyond = _closure([name], lambda at: _known(flow, at))
        if not any(isinstance(flow.nodes[at], HangupNode | HandOverNode) for at in beyond if at in flow.nodes):
            yield name, "a loop without an exit: no way from here ends the call"


def _unattended_loops(flow: Flow) -> Found:
    """Circles in which a caller who does nothing would be led for ever."""
    for name, node in flow.nodes.items():
        targets = [target for target in _unattended(node) if target in flow.nodes]
        if name in _closure(targets, lambda at: _unattended(flow.nodes[at]) if at in flow.nodes else []):
            yield name, "a loop without an exit: whoever presses nothing comes back here"


def _menus(flow: Flow) -> Found:
    for name, node in flow.nodes.items():
        if not isinstance(node, AskNode):
            continue
        if not node.keys:
            yield name, "a menu without keys"
        elif set(ways(node).values()) == {name}:
            yield name, "a menu with no way out: every way leads back to it"
        elif node.no_key == name:
            yield name, "a menu with no way out for who presses nothing: use silent.times to ask again"


def _messages(flow: Flow) -> Found:
    """A second message would overwrite the first, which may be evidence already."""
    for name, node in flow.nodes.items():
        if not isinstance(node, RecordNode):
            continue
        beyond = _closure(ways(node).values(), lambda at: _known(flow, at))
        if any(isinstance(flow.nodes.get(at), RecordNode) for at in beyond):
            yield name, "a second message could be recorded after this one; a leg can leave one only"


def _facts(flow: Flow) -> Found:
    used = {node.fact: name for name, node in flow.nodes.items() if isinstance(node, ChooseNode)}
    for name, node in flow.nodes.items():
        used.update({line.fact: name for line in lines_of(node) if line.fact})
    for fact, name in used.items():
        if fact not in flow.facts:
            yield name, f"{fact} is not among the flow's facts"
    for fact in sorted(flow.facts - used.keys()):
        yield "", f"the fact {fact} is never asked for"


def _prompts(flow: Flow, prompts: Mapping[str, Collection[str]], languages: tuple[str, ...]) -> Found:
    used = set()
    for name, node in flow.nodes.items():
        lines = lines_of(node)
        if isinstance(node, SayNode | AskNode | EnterNode) and not any(not line.fact for line in node.lines):
            yield name, "says nothing when no fact holds"
        for prompt in dict.fromkeys(line.prompt for line in lines):
            used.add(prompt)
            if prompt in flow.slots or prompt in (PRESSED, ENTERED, PLACE, DESK):
                continue
            if prompt not in prompts:
                yield name, f"there is no prompt {prompt}"
                continue
            for language in languages:
                if language not in prompts[prompt]:
                    yield name, f"the prompt {prompt} has no text in {language}"
    for slot in sorted(flow.slots - used):
        yield "", f"the slot {slot} is never said"


def _closure(start: Iterable[str], onwards: Callable[[str], Iterable[str]]) -> set[str]:
    """Everything that can be reached, the start included."""
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(onwards(name))
    return reached


def _known(flow: Flow, name: str) -> Iterable[str]:
    return ways(flow.nodes[name]).values() if name in flow.nodes else ()


_RULES = (_dangling, _unreachable, _endless, _unattended_loops, _menus, _messages, _facts)
