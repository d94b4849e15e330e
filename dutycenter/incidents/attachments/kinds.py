"""What a file is, told by its content alone: its name and what the browser says of it count for nothing.

Only kinds that a duty room is sent: pictures, PDF and OFD, office documents,
sound. Whatever may hold a program that runs when it is opened is refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

HEAD = 4096
MOST_MEMBERS = 10_000  # of a zip archive: a document has some dozens


@dataclass(frozen=True)
class Kind:
    """A kind of file: its extension, media type and the icon that stands for it."""

    name: str
    media_type: str
    icon: str


class Refused(ValueError):
    """The file is none that is taken; ``str()`` is a msgid."""


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
KINDS = {
    kind.name: kind
    for kind in (
        Kind("jpg", "image/jpeg", "file-earmark-image"),
        Kind("png", "image/png", "file-earmark-image"),
        Kind("gif", "image/gif", "file-earmark-image"),
        Kind("webp", "image/webp", "file-earmark-image"),
        Kind("bmp", "image/bmp", "file-earmark-image"),
        Kind("tif", "image/tiff", "file-earmark-image"),
        Kind("heic", "image/heic", "file-earmark-image"),
        Kind("pdf", "application/pdf", "file-earmark-pdf"),
        Kind("ofd", "application/ofd", "file-earmark-text"),  # GB/T 33190, how government offices send papers
        Kind("docx", f"{_OOXML}wordprocessingml.document", "file-earmark-word"),
        Kind("xlsx", f"{_OOXML}spreadsheetml.sheet", "file-earmark-excel"),
        Kind("pptx", f"{_OOXML}presentationml.presentation", "file-earmark-ppt"),
        Kind("odt", f"{_ODF}text", "file-earmark-word"),
        Kind("ods", f"{_ODF}spreadsheet", "file-earmark-excel"),
        Kind("odp", f"{_ODF}presentation", "file-earmark-ppt"),
        Kind("doc", "application/msword", "file-earmark-word"),
        Kind("xls", "application/vnd.ms-excel", "file-earmark-excel"),
        Kind("ppt", "application/vnd.ms-powerpoint", "file-earmark-ppt"),
        Kind("wav", "audio/wav", "file-earmark-music"),
        Kind("mp3", "audio/mpeg", "file-earmark-music"),
        Kind("m4a", "audio/mp4", "file-earmark-music"),
        Kind("amr", "audio/amr", "file-earmark-music"),
        Kind("ogg", "audio/ogg", "file-earmark-music"),
        Kind("flac", "audio/flac", "file-earmark-music"),
    )
}
_STARTS = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"#!AMR", "amr"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
)
_PDF = re.compile(rb"%PDF-[12]\.")
_MP3_FRAME = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]")  # MPEG audio, layer III
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis"), "heic"),
    **dict.fromkeys((b"M4A ", b"M4B "), "m4a"),
}
_OPENS = ((b"RIFF", {b"WAVE": "wav", b"WEBP": "webp"}),)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The streams of an old office file, as its directory names them, in UTF-16.
_OLE_STREAMS = (("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"))
_OLE_MACROS = ("_VBA_PROJECT", "Macros")
_PARTS = (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("ppt/presentation.xml", "pptx"))
_ODF_KINDS = {
    f"{_ODF}text".encode(): "odt",
    f"{_ODF}spreadsheet".encode(): "ods",
    f"{_ODF}presentation".encode(): "odp",
}
_ZIP = b"PK\x03\x04"


def kind_of(file: IO[bytes]) -> Kind:
    """What the file is; it is read from its beginning and left anywhere.

    Raises:
        Refused: it is empty, of no kind that is taken, or holds macros.
    """
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise Refused(_("The file is empty."))
    looks: tuple[Callable[[], str | None], ...] = (
        lambda: _by_start(head),
        lambda: _zip_kind(file) if head.startswith(_ZIP) else None,
        lambda: _ole_kind(file) if head.startswith(_OLE) else None,
    )
    for look in looks:
        name = look()
        if name is not None:
            return KINDS[name]
    raise Refused(
        _("Files of this kind are not taken. Pictures, PDF, OFD, Word, Excel, PowerPoint and sound recordings are.")
    )


def _by_start(head: bytes) -> str | None:
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if _PDF.match(head):
        return "pdf"
    if head.startswith(b"BM") and len(head) > 14 and head[6:10] == bytes(4):
        return "bmp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    for start, forms in _OPENS:
        if head.startswith(start):
            return forms.get(head[8:12])
    return "mp3" if _MP3_FRAME.match(head) else None


def _zip_kind(file: IO[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist()[:MOST_MEMBERS])
            if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names):
                raise Refused(_("The file holds macros or a program. Ask for it without them."))
            if "[Content_Types].xml" in names:
                return next((kind for part, kind in _PARTS if part in names), None)
            if "OFD.xml" in names:
                return "ofd"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < HEAD:
                return _ODF_KINDS.get(archive.read("mimetype").strip())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        return None
    return None


def _ole_kind(file: IO[bytes]) -> str | None:
    file.seek(0)
    content = file.read()
    if any(name.encode("utf-16-le") in content for name in _OLE_MACROS):
        raise Refused(_("The file holds macros or a program. Ask for it without them."))
    return next((kind for name, kind in _OLE_STREAMS if name.encode("utf-16-le") in content), None)
