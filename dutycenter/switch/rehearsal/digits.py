"""``play_and_get_digits``: a prompt, keys, and what they were."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dutycenter.switch.rehearsal import audio, legs
from dutycenter.switch.rehearsal.channel import Channel
from dutycenter.switch.rehearsal.playing import play

BLANKS = re.compile(r"'([^']*)'|(\S+)")


@dataclass(frozen=True)
class Question:
    """The arguments of the application."""

    least: int
    most: int
    tries: int
    timeout: float  # seconds for the first key, after the prompt
    terminators: str
    prompt: str
    invalid: str
    variable: str
    pattern: str
    between: float  # seconds between keys
    failure: str  # extension to go to when nothing came of it

    @classmethod
    def of(cls, data: str) -> Question:
        """Parse ``min max tries timeout terminators file invalid_file variable regexp digit_timeout``."""
        found = [quoted or plain for quoted, plain in BLANKS.findall(data)]
        found += [""] * (11 - len(found))
        least, most, tries, timeout = (int(text) if text.isdigit() else 0 for text in found[:4])
        between = int(found[9]) if found[9].isdigit() else 0
        return cls(
            least, max(least, most), tries, timeout / 1000, found[4], found[5], found[6], found[7], found[8],
            (between or timeout) / 1000, found[10],
        )  # fmt: skip


def play_and_get_digits(channel: Channel, data: str) -> None:
    """Ask until the keys fit or the tries are used up; sets the variable and ``read_result``."""
    question = Question.of(data)
    if question.variable and question.pattern:
        channel.variables.set(f"{question.variable}_invalid", None)
    for _ in range(question.tries):
        keys, result = _read(channel, question)
        channel.variables.set("read_result", result)
        if keys and question.variable:
            channel.variables.set(question.variable, keys)
        if result != "failure" and keys:
            if not question.pattern or re.search(question.pattern, keys):
                return
            channel.variables.set(question.variable, None)
            channel.variables.set(f"{question.variable}_invalid", keys)
        _play(channel, question.invalid)
    if question.failure:
        legs.transfer(channel, *question.failure.split()[:3])
        channel.check()


def _play(channel: Channel, name: str) -> bool:
    if not name or name == "silence":
        return True
    try:
        play(channel, name)
    except audio.NoSound:
        return False
    return True


def _read(channel: Channel, question: Question) -> tuple[str, str]:
    """One try: the keys, and ``success``, ``timeout`` or ``failure``."""
    channel.variables.set("read_result", None)
    channel.variables.set(question.variable, None)
    keys = terminator = ""

    def collected() -> bool:
        nonlocal keys, terminator
        while channel.keys and not terminator and len(keys) < question.most:
            key = channel.next_key()
            if key in question.terminators:
                terminator = key
            else:
                keys += key
        return bool(terminator) or len(keys) >= question.most

    def touched() -> bool:
        collected()
        return bool(keys or terminator)

    if channel.phone is not None:
        channel.phone.asked()
    if question.prompt and question.prompt != "silence":
        try:
            play(channel, question.prompt, touched)
        except audio.NoSound:
            return "", "failure"
    complete = collected()
    timeout = question.between if keys else question.timeout
    while not complete:
        before = len(keys)
        if not channel.wait(timeout, lambda: collected() or len(keys) > before):  # noqa: B023
            break
        complete, timeout = collected(), question.between
    if terminator:
        channel.variables.set("read_terminator_used", terminator)
    if len(keys) < question.least:
        return keys, "failure"
    return keys, "success" if complete else "timeout"
