"""What commands share: errors that a person can act on, without a traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from dutycenter.settings import SettingsError

P = ParamSpec("P")
R = TypeVar("R")


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the faults that a person can mend into one sentence each."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except SettingsError as error:
            raise click.ClickException(f"The settings cannot be used:\n{error}") from None
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(
                f"The store cannot be used: {error.orig}\nIf it is new, run: dutycenter db upgrade"
            ) from None

    return run
