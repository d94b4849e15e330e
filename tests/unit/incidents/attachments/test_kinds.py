"""What a file is, is read from its content; its name means nothing and can do nothing."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import suppress
from email.message import Message

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from PIL import Image

from dutycenter.incidents.attachments.kinds import KINDS, Refused, kind_of
from dutycenter.incidents.attachments.names import MOST, disposition, plain_name

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, form)
    return file.getvalue()


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return file.getvalue()


def written(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


TAKEN = {
    "jpg": picture("JPEG"),
    "png": picture("PNG"),
    "gif": picture("GIF"),
    "bmp": picture("BMP"),
    "tif": picture("TIFF"),
    "webp": picture("WEBP"),
    "heic": b"\0\0\0\x18ftypheic" + bytes(20),
    "pdf": b"%PDF-1.7\n",
    "docx": written(Document()),
    "xlsx": written(Workbook()),
    "ofd": archive(OFD_DOT_xml=b"<ofd/>"),
    "odt": archive(mimetype=b"application/vnd.oasis.opendocument.text"),
    "doc": OLE + "WordDocument".encode("utf-16-le"),
    "xls": OLE + "Workbook".encode("utf-16-le"),
    "wav": b"RIFF\0\0\0\0WAVEfmt ",
    "mp3": b"\xff\xfb\x90\x00" + bytes(20),
    "m4a": b"\0\0\0\x18ftypM4A " + bytes(20),
    "amr": b"#!AMR\n",
}
REFUSED = {
    "nothing": b"",
    "a program": b"MZ\x90\x00" + bytes(100),
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a drawing that runs": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "an archive": archive(a_DOT_txt=b"x"),
    "a broken archive": TAKEN["docx"][:200],
    "a workbook with macros": archive(
        **{"[Content_Types]_DOT_xml": b"", "xl__workbook_DOT_xml": b"", "xl__vbaProject_DOT_bin": b""}
    ),
    "an old document with macros": OLE + "WordDocument".encode("utf-16-le") + "_VBA_PROJECT".encode("utf-16-le"),
    "a page that calls itself PDF later": b"<html>%PDF-1.7",
}


class TestKindOf:
    @pytest.mark.parametrize("name", TAKEN)
    def test_it_takes_what_duty_rooms_are_sent(self, name: str) -> None:
        assert kind_of(io.BytesIO(TAKEN[name])) is KINDS[name]

    @pytest.mark.parametrize("what", REFUSED)
    def test_it_refuses_the_rest(self, what: str) -> None:
        with pytest.raises(Refused):
            kind_of(io.BytesIO(REFUSED[what]))

    @given(st.binary(max_size=300) | st.sampled_from(list(TAKEN.values())).map(lambda whole: whole[: len(whole) // 2]))
    def test_whatever_the_bytes_it_answers_or_refuses(self, content: bytes) -> None:
        with suppress(Refused):  # and nothing else is ever raised
            assert kind_of(io.BytesIO(content)).name in KINDS


class TestNames:
    @given(st.text(max_size=400), st.sampled_from(sorted(KINDS)))
    def test_a_name_is_one_line_of_text_that_ends_as_its_content_does(self, sent: str, extension: str) -> None:
        name = plain_name(sent, extension)
        assert 0 < len(name) <= MOST
        assert not re.search(r"[\x00-\x1f/\\\u202a-\u202e\u2066-\u2069]", name)
        assert name.count(".") >= 1
        assert plain_name(name, extension) == name

    @given(st.text(max_size=100))
    def test_the_header_says_exactly_this_name_and_nothing_else(self, sent: str) -> None:
        name = plain_name(sent, "pdf")
        header = disposition(name, "attachment-7.pdf")
        assert header.isascii()
        assert re.fullmatch(
            r"attachment; filename=\"attachment-7\.pdf\"; filename\*=UTF-8''[\w.~%-]+", header, re.ASCII
        )
        read = Message()
        read["Content-Disposition"] = header
        if name.isprintable() and not re.search(r"[\ud800-\udfff]", name):
            assert read.get_filename() in (name, "attachment-7.pdf")

    @pytest.mark.parametrize(
        ("sent", "name"),
        [
            ("C:\\现场\\照片.JPG", "照片.JPG"),
            ("../../etc/passwd", "passwd.jpg"),
            ("照片.jpeg", "照片.jpeg"),
            ("photo\u202egpj.exe", "photogpj.exe.jpg"),
            ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>.jpg"),
            ("", "file.jpg"),
            ("...", "file.jpg"),
        ],
    )
    def test_the_content_has_the_last_word(self, sent: str, name: str) -> None:
        assert plain_name(sent, "jpg") == name
