"""Small pictures: upright, without what the file says besides, and none of what is none or too much."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from dutycenter.incidents.attachments.thumbnails import FORMATS, SIZE, thumbnail

ORIENTATION, SOFTWARE = 0x0112, 0x0131


def kept(folder: Path, content: bytes) -> Path:
    place = folder / "content"
    place.write_bytes(content)
    return place


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def shown(content: bytes | None) -> Image.Image:
    assert content is not None
    return Image.open(io.BytesIO(content), formats=("JPEG",))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_kind_of_picture_is_shown_small(tmp_path: Path, kind: str) -> None:
    content = saved(Image.new("RGB", (1200, 400), "red"), FORMATS[kind])
    small = shown(thumbnail(kept(tmp_path, content), kind))
    assert small.size == (SIZE[0], SIZE[0] // 3)
    red, green, _blue = small.getpixel((10, 10))
    assert red > 200 > 50 > green


def test_a_picture_of_a_telephone_stands_upright_and_says_nothing_of_where_it_was_taken(tmp_path: Path) -> None:
    told = Image.Exif()
    told[ORIENTATION], told[SOFTWARE] = 6, "<script>"
    picture = Image.new("RGB", (800, 400), "white")
    picture.paste("red", (0, 0, 400, 400))  # the left half, which is the upper one when it is turned
    small = shown(thumbnail(kept(tmp_path, saved(picture, "JPEG", exif=told)), "jpg"))
    assert small.size == (120, 240)
    assert small.getpixel((60, 40))[1] < 60
    assert small.getpixel((60, 200))[1] > 200
    assert not small.getexif()


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    small = shown(thumbnail(kept(tmp_path, saved(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")), "png"))
    assert small.getpixel((10, 10)) == (255, 255, 255)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )


def test_a_picture_that_broke_off_is_shown_as_far_as_it_came(tmp_path: Path) -> None:
    whole = saved(Image.effect_noise((90, 90), 50).convert("RGB"), "JPEG")
    made = thumbnail(kept(tmp_path, whole[: len(whole) // 2]), "jpg")
    assert made is not None
    assert Image.open(io.BytesIO(made)).size == (90, 90)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (bomb(10_000, 10_000), "png"),
        (bomb(2**31 - 1, 2**31 - 1), "png"),
        (bomb(0, 9), "png"),
        (saved(Image.new("RGB", (90, 90)), "PNG"), "jpg"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "jpg"),
        (b"", "gif"),
    ],
)
def test_what_is_none_or_too_much_has_no_small_picture(tmp_path: Path, content: bytes, kind: str) -> None:
    assert thumbnail(kept(tmp_path, content), kind) is None
