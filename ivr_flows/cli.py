"""``dutycenter flows``: look at the conversations before anybody is on the line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click

from dutycenter.bootstrap import settings_from
from dutycenter.interfaces import VoiceError
from dutycenter.settings import Settings, SettingsError
from ivr_flows.conversation import (
    KEYS,
    Ask,
    Bridge,
    Bridged,
    Digits,
    Effect,
    Enter,
    Event,
    Flow,
    Gone,
    Join,
    Joined,
    Key,
    NoKey,
    Note,
    Noted,
    Queue,
    QueueEnded,
    Record,
    Recorded,
    Said,
    Say,
    Started,
)
from ivr_flows.engine import advance, begin
from ivr_flows.library import FACTS, NOTES, check, flow_file
from ivr_flows.plain import plain
from ivr_flows.prompts import Catalogue, PromptBook, load_catalogue
from ivr_flows.reader import FlowError
from ivr_flows.voice import voice_for


@click.group()
def flows() -> None:
    """Telephone conversations: check them, make their prompts, try them."""


def _settings(ini: Path) -> Settings:
    try:
        return settings_from(ini)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _catalogue(settings: Settings) -> Catalogue:
    try:
        return load_catalogue(settings)
    except FlowError as error:
        raise click.ClickException(str(error)) from None


@flows.command("lint")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def lint_command(ini: Path, files: tuple[Path, ...]) -> None:
    """Check flow files; without any, those that this installation runs."""
    settings = _settings(ini)
    catalogue = _catalogue(settings)
    faults = []
    paths = files or tuple(flow_file(settings, name) for name in NOTES)
    for path in paths:
        try:
            faults += check(settings, path, catalogue)[1]
        except FlowError as error:
            faults += error.faults
    for fault in faults:
        click.echo(str(fault))
    if faults:
        raise click.ClickException(f"{len(faults)} faults in {len(paths)} files.")
    click.echo(f"{len(paths)} flows are in order.")


@flows.command()
@click.pass_obj
def prompts(ini: Path) -> None:
    """Make all fixed prompts ahead, in every language of the settings."""
    settings = _settings(ini)
    made = PromptBook(_catalogue(settings), voice_for(settings), settings.prompts_dir).make_all(settings.languages)
    for fault in made.faults:
        click.echo(fault, err=True)
    click.echo(f"{made.made} prompts made, {made.kept} kept, in {settings.prompts_dir}.")
    if made.faults:
        raise click.ClickException(f"{len(made.faults)} prompts could not be made.")


@flows.command()
@click.argument("text")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="WAV file to write.")
@click.option("--language", default="zh_CN", show_default=True)
@click.pass_obj
def say(ini: Path, text: str, out: Path, language: str) -> None:
    """Speak TEXT into a WAV file, as a telephone would have it."""
    settings = _settings(ini)
    try:
        prompt = voice_for(settings).say(text, language)
        shutil.copyfile(prompt.path, out)
    except (VoiceError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {prompt.seconds:.1f} s")


@flows.command("try")
@click.argument("name")
@click.option("--fact", "facts", multiple=True, help="What is known at the start, such as exercise; repeatable.")
@click.option("--language", help="Language of the prompts; the first of the settings by default.")
@click.pass_obj
def try_flow(ini: Path, name: str, facts: tuple[str, ...], language: str | None) -> None:
    """Step a flow (its name, or a file) at the terminal by typing keys."""
    settings = _settings(ini)
    catalogue = _catalogue(settings)
    path = flow_file(settings, name) if name in NOTES else Path(name)
    try:
        flow, faults = check(settings, path, catalogue)
    except FlowError as error:
        raise click.ClickException(str(error)) from None
    unknown = set(facts) - flow.facts
    if unknown:
        known = ", ".join(sorted(FACTS.get(flow.name, flow.facts))) or "none"
        raise click.ClickException(f"The flow {flow.name} knows no {', '.join(sorted(unknown))}; its facts: {known}.")
    for fault in faults:
        click.secho(str(fault), fg="yellow")
    click.echo("Type a key, or Enter for nothing; q hangs up.")
    _step(flow, frozenset(facts), catalogue, language or settings.languages[0])


def _step(flow: Flow, facts: frozenset[str], catalogue: Catalogue, language: str) -> None:
    state = begin(flow, facts)
    event: Event = Started()
    while not state.ended:
        state, effects = advance(flow, state, event)
        for effect in effects:
            click.secho(f"[{state.node}] {json.dumps(plain(effect), ensure_ascii=False)}", dim=True)
            for prompt in getattr(effect, "prompts", ()):
                click.echo(f"  {catalogue.texts.get(prompt, {}).get(language) or f'({prompt})'}")
        if not state.ended:
            event = _typed(effects[-1])
    click.echo(f"The conversation has ended: {state.ended}.")


def _typed(effect: Effect) -> Event:
    """What happens next, as the person at the terminal says."""
    if isinstance(effect, Say):
        return Said()
    question = {
        Ask: f"key ({effect.keys})" if isinstance(effect, Ask) else "",
        Enter: "number, or Enter for nothing",
        Join: "conference: j was in it, Enter there is none",
        Queue: "queue: a answered, a key that leads out, Enter nobody",
        Bridge: "desk: a answered, a key that leads away, Enter nobody",
        Record: "message: its seconds, Enter nothing",
        Note: "written down: Enter yes, n no",
    }[type(effect)]
    while True:
        typed = click.prompt(question, default="", show_default=False).strip()
        event = _event(effect, typed)
        if event is not None:
            return event
        click.echo("That is not possible here.")


def _event(effect: Effect, typed: str) -> Event | None:
    if typed == "q":
        return Gone()
    match effect:
        case Ask() if typed == "":
            return NoKey()
        case Ask() if len(typed) == 1 and typed in KEYS:
            return Key(typed)
        case Enter() if typed == "" or (typed.isascii() and typed.isdigit()):
            return Digits(typed)
        case Join() if typed in ("", "j"):
            return Joined(typed == "j")
        case Queue() if typed in ("", "a"):
            return QueueEnded("answered" if typed else "timeout")
        case Queue() if len(typed) == 1 and typed in effect.keys:
            return QueueEnded(typed)
        case Bridge() if typed in ("", "a"):
            return Bridged(typed == "a")
        case Bridge() if len(typed) == 1 and typed in effect.keys:
            return Bridged(False, typed)
        case Record() if typed == "" or typed.isdigit():
            return Recorded(float(typed or 0))
        case Note() if typed in ("", "n"):
            return Noted(typed == "")
    return None
