"""Which texts are telephone numbers here."""

from __future__ import annotations

import re

NUMBER = re.compile(r"\+?[0-9]{3,20}")


def is_number(text: str) -> bool:
    """Digits, with a plus before them at most."""
    return NUMBER.fullmatch(text) is not None
