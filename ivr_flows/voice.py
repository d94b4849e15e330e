"""``IVoice``: speech made ahead, kept by content, in the telephone's form.

A synthesiser makes raw sound; ``KeptVoice`` cleans the text, brings the sound
into the telephone's band and loudness, and keeps it under a name that is the
hash of what it was made from. Two processes that make the same prompt at once
write the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shlex
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from translationstring import TranslationStringFactory

from dutycenter.interfaces import Prompt, VoiceError
from dutycenter.settings import Settings
from ivr_flows import speech, wav

_ = TranslationStringFactory("dutycenter")
log = logging.getLogger(__name__)

VERSION = "1"  # of the filtering and levelling: grows when the same text sounds different
MAX_CHARACTERS = 1500  # some six minutes of speech
SECONDS_TO_MAKE = 60.0
LARGEST = 200_000_000  # bytes that a synthesiser may write
ESPEAK_VOICES = {"zh_CN": "cmn-latn-pinyin", "en": "en-gb"}
ESPEAK_WORDS_A_MINUTE = {"zh_CN": 180, "en": 155}


class Synthesiser(Protocol):
    """Makes raw sound of clean text."""

    @property
    def name(self) -> str:
        """What makes it, with whatever changes how it sounds; part of the prompt's hash."""

    def make(self, text: str, language: str) -> bytes:
        """A WAV file.

        Raises:
            VoiceError: it cannot be made.
        """


class Espeak:
    """espeak-ng: Mandarin by pinyin, so that characters are read by their phrase."""

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = program

    @property
    def name(self) -> str:
        return f"espeak-ng {ESPEAK_VOICES} {ESPEAK_WORDS_A_MINUTE}"

    def make(self, text: str, language: str) -> bytes:
        spoken = speech.pinyin(speech.chinese(text)) if language == "zh_CN" else text
        speed = str(ESPEAK_WORDS_A_MINUTE[language])
        arguments = [self._program, "-v", ESPEAK_VOICES[language], "-s", speed, "-g", "1", "--stdin"]
        return _run(
            [*arguments, "-w", "{out}"], speech.paced(spoken), "apt-get install espeak-ng, or set voice = command"
        )


class Command:
    """Any program that reads text on stdin and writes a WAV file to ``{out}``.

    Args:
        line: the command line, split as a shell would, run without one;
            ``{out}`` and ``{language}`` are filled in.
    """

    def __init__(self, line: str) -> None:
        self._line = line

    @property
    def name(self) -> str:
        return f"command {self._line}"

    def make(self, text: str, language: str) -> bytes:
        arguments = [argument.replace("{language}", language) for argument in self._arguments()]
        return _run(arguments, text, "look at the setting voice.command")

    def _arguments(self) -> list[str]:
        try:
            arguments = shlex.split(self._line)
        except ValueError as error:
            raise _failed(f"voice.command cannot be read: {error}") from None
        if not any("{out}" in argument for argument in arguments[1:]):
            raise _failed("voice.command must name the file to write: put {out} among its arguments")
        return arguments


class Silent:
    """Says nothing, for as long as saying it would take; for tests and rehearsals at speed."""

    name = "silent"

    def make(self, text: str, language: str) -> bytes:
        seconds = 0.25 * len(text) if language == "zh_CN" else 0.07 * len(text)
        return wav.encode(wav.silence(round(max(0.4, seconds), 2)))


class KeptVoice:
    """``IVoice`` over a synthesiser.

    Args:
        synthesiser: makes what isn't kept yet.
        folder: where prompts are kept.
    """

    def __init__(self, synthesiser: Synthesiser, folder: Path) -> None:
        self._synthesiser = synthesiser
        self._folder = folder

    def say(self, text: str, language: str = "zh_CN") -> Prompt:
        text = self._checked(text, language)
        path = self._path(text, language)
        kept = _kept(path)
        if kept is not None:
            return kept
        raw = self._synthesiser.make(text, language)
        try:
            sound = wav.decode(raw)
            silent = isinstance(self._synthesiser, Silent)
            samples = sound.samples if silent else wav.telephone(sound)
        except wav.WavError as error:
            raise _failed(f"it made no usable sound: {error}") from None
        try:
            wav.keep(wav.encode(samples), path)
        except OSError as error:
            raise _failed(f"{self._folder} cannot be written to: {error.strerror}") from None
        return Prompt(path, len(samples) / wav.RATE)

    def kept(self, text: str, language: str = "zh_CN") -> Prompt | None:
        """The prompt if it is kept already; never makes one."""
        try:
            return _kept(self._path(self._checked(text, language), language))
        except VoiceError:
            return None

    def _checked(self, text: str, language: str) -> str:
        if language not in ESPEAK_VOICES:
            raise VoiceError(_("There is no voice for the language ${language}.", mapping={"language": language}))
        if len(text) > MAX_CHARACTERS:
            raise VoiceError(
                _("The text has ${count} characters; ${most} can be said. Shorten it.",
                  mapping={"count": len(text), "most": MAX_CHARACTERS})
            )  # fmt: skip
        text = speech.clean(text)
        if not any(c.isalnum() for c in text):
            raise VoiceError(_("There is nothing to say in this text. Write a sentence."))
        return text

    def _path(self, text: str, language: str) -> Path:
        content = json.dumps([VERSION, self._synthesiser.name, language, text], ensure_ascii=False)
        return self._folder / f"{hashlib.sha256(content.encode()).hexdigest()[:40]}.wav"


def _kept(path: Path) -> Prompt | None:
    try:
        return Prompt(path, wav.seconds_of(path))
    except FileNotFoundError:
        return None
    except (OSError, wave.Error, EOFError) as error:
        log.warning("The kept prompt %s cannot be read (%s); it is made again.", path, error)
        return None


def _run(arguments: Sequence[str], text: str, advice: str) -> bytes:
    """Run a program with text on stdin; the file that it wrote to ``{out}``."""
    with tempfile.TemporaryDirectory(prefix="dutycenter-voice-") as folder:
        out = Path(folder) / "out.wav"
        filled = [argument.replace("{out}", str(out)) for argument in arguments]
        try:
            done = subprocess.run(
                filled, input=text.encode(), capture_output=True, timeout=SECONDS_TO_MAKE, check=False
            )
        except FileNotFoundError:
            raise _failed(f"the program {filled[0]} is not installed: {advice}") from None
        except subprocess.TimeoutExpired:
            raise _failed(f"{filled[0]} did not finish in {SECONDS_TO_MAKE:.0f} seconds: {advice}") from None
        except OSError as error:
            raise _failed(f"{filled[0]} cannot be started ({error.strerror}): {advice}") from None
        if done.returncode != 0 or not out.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise _failed(f"{filled[0]} failed: {said[-1][:200] if said else 'it wrote no file'}; {advice}")
        if out.stat().st_size > LARGEST:
            raise _failed(f"{filled[0]} wrote more than can be a prompt: {advice}")
        return out.read_bytes()


def _failed(why: str) -> VoiceError:
    """The machine, not the text, is at fault: ``why`` is for who looks after it."""
    return VoiceError(_("The voice does not work: ${why}. Tell the system's keeper.", mapping={"why": why}))


def voice_for(settings: Settings) -> KeptVoice:
    """The voice that the settings ask for; what is wrong with it is said when it is to speak."""
    makers: dict[str, Callable[[], Synthesiser]] = {
        "espeak": Espeak,
        "silent": Silent,
        "command": lambda: Command(settings.voice_command),
    }
    return KeptVoice(makers[settings.voice](), settings.prompts_dir)
