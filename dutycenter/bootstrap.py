"""From a settings file to an application, for every role and command."""

from __future__ import annotations

import configparser
from pathlib import Path

from dutycenter import configure
from dutycenter.settings import Settings, SettingsError, load
from dutycenter.work import Work

APP_SECTION = "app:main"
NOT_SETTINGS = ("use",)


def read_ini(path: Path) -> dict[str, str]:
    """The raw ``[app:main]`` section.

    Raises:
        SettingsError: the file is not there, or is no ini file.
    """
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file; give one with -c FILE") from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None
    if not parser.has_section(APP_SECTION):
        raise SettingsError(f"{path}: there is no section [{APP_SECTION}]")
    return {name: value for name, value in parser.items(APP_SECTION) if name not in NOT_SETTINGS}


def settings_from(path: Path) -> Settings:
    """The settings that the file gives."""
    return load(read_ini(path), here=path.resolve().parent)


def open_work(path: Path, actor: str) -> Work:
    """The configured application, but for its pages, as units of work, acting as ``actor``."""
    raw = read_ini(path)
    settings = load(raw, here=path.resolve().parent)
    return Work(configure(settings, raw, views=False).registry, actor)
