"""The name of a file as its sender gave it: shown as text, and said to a browser so that it can mean nothing else."""

from __future__ import annotations

import re
from urllib.parse import quote

from dutycenter.incidents.elements import one_line

MOST = 255
_LAST = re.compile(r"[^/\\]*\Z")
_SAME = {"jpg": ("jpg", "jpeg"), "tif": ("tif", "tiff"), "heic": ("heic", "heif"), "ogg": ("ogg", "oga", "opus")}


def plain_name(sent: str, extension: str) -> str:
    """The name without folders, control characters and odd ends; its extension is the content's.

    Args:
        sent: what the browser said.
        extension: of the file's kind.
    """
    found = _LAST.search(one_line(sent))
    name = (found.group() if found else "").strip(" .")
    if name.rpartition(".")[2].lower() not in _SAME.get(extension, (extension,)) or "." not in name:
        name = f"{name or 'file'}.{extension}"
    stem, _, ending = name.rpartition(".")
    return f"{stem[: MOST - len(ending) - 1]}.{ending}"


def disposition(name: str, fallback: str) -> str:
    """The header that makes a browser save the file under this name and open it nowhere (RFC 6266).

    Args:
        name: any text.
        fallback: a plain ASCII name, for what does not read RFC 8187.
    """
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
