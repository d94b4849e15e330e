"""Small pictures of attached pictures: made once, by the clerk, out of files that strangers sent.

What is shown is always our own JPEG, never the file: whatever else that holds stays in it. A file that cannot be read
as a picture, or would need more memory than a picture is worth, keeps its icon.
"""

from __future__ import annotations

import io
import logging
import os
import tempfile
import warnings
from pathlib import Path

from PIL import Image, ImageFile, ImageOps
from sqlalchemy import select

from dutycenter.calls.store import sync_folder
from dutycenter.incidents.attachments.models import Attachment
from dutycenter.incidents.attachments.store import AttachmentStore
from dutycenter.interfaces import ILedger
from dutycenter.work import Work

log = logging.getLogger(__name__)

FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "bmp": "BMP", "tif": "TIFF"}  # by kind
SIZE = (240, 240)  # twice what the page shows, for dense screens
MOST_PIXELS = 64_000_000  # of a picture that is decoded: some 250 MB
AT_ONCE = 20  # in one turn of the clerk

# A picture that broke off on its way is shown as far as it came. Pillow knows this for a whole process only, and the
# library that sets our papers asks for it, too.
ImageFile.LOAD_TRUNCATED_IMAGES = True


def thumbnail(place: Path, kind: str) -> bytes | None:
    """The file as a small JPEG, upright as its EXIF data say and without them; None when it is none that is shown.

    Args:
        kind: of ``FORMATS``; the file is read as this and as nothing else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata; the size is judged below
            with Image.open(place, formats=(FORMATS[kind],)) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return None
                picture.draft("RGB", SIZE)  # a JPEG is decoded no larger than needed
                picture.thumbnail(SIZE)
                layers = ImageOps.exif_transpose(picture).convert("RGBA")
        flat = Image.new("RGB", layers.size, "white")
        flat.paste(layers, mask=layers)
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=80)
        return out.getvalue()
    except Exception as error:  # a stranger's file makes a decoder raise anything
        log.info("No picture of %s (%s): %s", place.name, kind, error)
        return None


def thumbnail_place(store: AttachmentStore, sha256: str) -> Path:
    """Where the small picture of this content lies."""
    place = store.place(sha256)
    return place.with_name(f"{place.name}.thumbnail.jpg")


def make_thumbnails(work: Work) -> None:
    """The clerk: a small picture of each attached picture that nobody tried to make one of."""
    store = AttachmentStore(work.settings.attachments_dir)
    with work.read() as request:
        untried = select(Attachment.id, Attachment.sha256, Attachment.kind).where(
            Attachment.thumbnail.is_(None), Attachment.kind.in_(FORMATS)
        )
        waiting = request.db.execute(untried.order_by(Attachment.id).limit(AT_ONCE)).all()
    for attachment_id, sha256, kind in waiting:
        place = thumbnail_place(store, sha256)
        made = place.exists() or _keep(thumbnail(store.place(sha256), kind), place)
        with work.write() as request:
            row = request.db.get(Attachment, attachment_id, with_for_update=True, populate_existing=True)
            if row.thumbnail is None:
                row.thumbnail = made
                request.find_service(ILedger).append(
                    "attachment.thumbnail", f"attachment:{attachment_id}", {"made": made}
                )


def _keep(content: bytes | None, place: Path) -> bool:
    """Write it aside first, so that it is there whole or not at all."""
    if content is None:
        return False
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as aside:
        aside.write(content)
        aside.flush()
        os.fsync(aside.fileno())
    Path(aside.name).replace(place)
    sync_folder(place.parent)
    return True
