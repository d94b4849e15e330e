"""What is said: a catalogue of texts by language, and where their sound is.

Texts come from ``flows/prompts.yaml``; a file of that name in the folder
``flows.dir`` replaces or adds some. A WAV that somebody uploaded takes the
place of the voice. ``PromptBook.find`` only looks: it never makes a sound
while a phone is waiting, and never gives nothing.
"""

from __future__ import annotations

import logging
import re
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dutycenter.interfaces import Prompt, VoiceError
from dutycenter.settings import Settings
from ivr_flows import wav
from ivr_flows.reader import Faults, read_yaml
from ivr_flows.voice import KeptVoice

log = logging.getLogger(__name__)

PROMPT = r"[a-z][a-z0-9_]{0,39}(\.[a-z0-9_]{1,40}){0,2}"
LANGUAGE = r"[a-z]{2}(_[A-Z]{2})?"
FILE_NAME = "prompts.yaml"
SHIPPED = Path(__file__).with_name("flows")
RECORD_TONE, STAND_IN = "tone.record", "tone.stand_in"
TONES = {RECORD_TONE: wav.tone(440, 0.4), STAND_IN: wav.tone(330, 0.25)}

_PLACE = re.compile(r"\{([^{}]*)\}")

Replaced = Mapping[tuple[str, str], Path]  # prompt id and language: an uploaded file, made ready


@dataclass(frozen=True)
class Catalogue:
    """All texts, their places filled in."""

    texts: Mapping[str, Mapping[str, str]]  # prompt id: language: text

    def languages(self, languages: Iterable[str]) -> dict[str, frozenset[str]]:
        """Every id, tones included, with the languages it can be heard in."""
        known = {prompt: frozenset(texts) for prompt, texts in self.texts.items()}
        return known | dict.fromkeys(TONES, frozenset(languages))


def load_catalogue(settings: Settings, *, own: bool = True) -> Catalogue:
    """The shipped texts, with this installation's ``own`` over them.

    Raises:
        FlowError: a file cannot be used; lists every fault.
    """
    values = {"duty_room": settings.duty_room, "authority": settings.authority, "hotline": settings.hotline_number}
    texts = _read(SHIPPED / FILE_NAME, values)
    theirs = settings.flows_dir / FILE_NAME
    if own and theirs.is_file():
        for prompt, by_language in _read(theirs, values).items():
            texts[prompt] = {**texts.get(prompt, {}), **by_language}
    return Catalogue(texts)


def _read(path: Path, values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    faults = Faults(str(path))
    texts: dict[str, dict[str, str]] = {}
    for prompt, reader in read_yaml(path, faults).entries(PROMPT):
        reader.node = prompt
        texts[prompt] = {}
        for language in reader.names_like(LANGUAGE):
            text = reader.text(language, r"(?s).{1,1000}")
            texts[prompt][language] = _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
            if any(place[1] not in values for place in _PLACE.finditer(text)):
                reader.fault(f"{language}: only {{{'}, {'.join(sorted(values))}}} can be filled in")
    faults.raise_if_any()
    return texts


@dataclass
class Made:
    """What ``make_all`` did."""

    kept: int = 0
    made: int = 0
    faults: list[str] = field(default_factory=list)


class PromptBook:
    """Where the sound of each prompt is.

    Args:
        catalogue: the texts.
        voice: keeps what was made of them.
        folder: where tones are kept.
        replaced: uploads that take the voice's place.
    """

    def __init__(self, catalogue: Catalogue, voice: KeptVoice, folder: Path, replaced: Replaced | None = None) -> None:
        self.catalogue = catalogue
        self._voice = voice
        self._folder = folder
        self._replaced = replaced or {}

    def with_replaced(self, replaced: Replaced) -> PromptBook:
        """The same book with other uploads."""
        return PromptBook(self.catalogue, self._voice, self._folder, replaced)

    def make_all(self, languages: Iterable[str]) -> Made:
        """Make everything that isn't kept yet. What fails is listed, and the rest is made."""
        made = Made()
        for name, samples in TONES.items():
            path = self._tone(name)
            if _length(path) is None:
                wav.keep(wav.encode(samples), path)
        for language in languages:
            for prompt, texts in self.catalogue.texts.items():
                if language not in texts:
                    continue
                if self._voice.kept(texts[language], language):
                    made.kept += 1
                    continue
                try:
                    self._voice.say(texts[language], language)
                    made.made += 1
                except (VoiceError, OSError) as error:
                    made.faults.append(f"{prompt} ({language}): {error}")
        return made

    def find(self, prompt: str, language: str) -> Prompt:
        """The prompt's sound: uploaded, made, or in another language; at the worst a short tone."""
        if prompt in TONES:
            return self._ready(self._tone(prompt)) or self._stand_in(prompt)
        texts = self.catalogue.texts.get(prompt, {})
        for spoken in dict.fromkeys((language, *texts)):
            uploaded = self._replaced.get((prompt, spoken))
            found = self._ready(uploaded) if uploaded else None
            if found is None and spoken in texts:
                found = self._voice.kept(texts[spoken], spoken)
            if found is not None:
                return found
        return self._stand_in(prompt)

    def number(self, number: int, language: str) -> list[tuple[str, Prompt]]:
        """A whole number below 100,000, put together of the prompts ``number.0`` … ``number.thousand``."""
        return [(prompt, self.find(prompt, language)) for prompt in number_prompts(number, language)]

    def _stand_in(self, prompt: str) -> Prompt:
        log.error("The prompt %s isn't made; a tone stands in for it. Run: dutycenter flows prompts", prompt)
        return Prompt(self._tone(STAND_IN), len(TONES[STAND_IN]) / wav.RATE)

    def _tone(self, name: str) -> Path:
        return self._folder / f"{name.replace('.', '-')}.wav"

    def _ready(self, path: Path) -> Prompt | None:
        seconds = _length(path)
        return None if seconds is None else Prompt(path, seconds)


def number_prompts(number: int, language: str) -> list[str]:
    """The prompts that say a whole number, 0 to 99,999.

    Chinese says the one of a ten after a hundred (一百一十五) and a zero where a place is skipped (一百零五).
    """
    thousands, hundreds, rest = number // 1000, number // 100 % 10, number % 100
    said = [*number_prompts(thousands, language), "number.thousand"] if thousands else []
    said += [f"number.{hundreds}", "number.hundred"] if hundreds else []
    chinese = language == "zh_CN"
    if chinese and said and rest and (rest < 10 or (thousands and not hundreds)):
        said.append("number.0")
    if chinese and said and 10 <= rest < 20:
        said.append("number.1")
    if rest <= 20:
        return [*said, f"number.{rest}"] if rest or not said else said
    tens, ones = rest - rest % 10, rest % 10
    return [*said, f"number.{tens}", *([f"number.{ones}"] if ones else [])]


def _length(path: Path) -> float | None:
    try:
        return wav.seconds_of(path)
    except (OSError, wave.Error, EOFError):
        return None
