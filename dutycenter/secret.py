"""The key that signs cookies: random, made at first start, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

KEY_CHARACTERS = 64


def secret_key(place: Path) -> str:
    """The key at ``place``, made now if there is none; several processes may ask at once."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")  # its owner's alone
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_CHARACTERS // 2))
        aside = Path(name)
        # Linked into place: whoever comes second finds the first one's key.
        try:
            place.hardlink_to(aside)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return place.read_text(encoding="ascii").strip()
