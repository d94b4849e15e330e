from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.directory.editing import NumberDraft
from dutycenter.directory.imports import sheets
from dutycenter.directory.imports.columns import BY_HEAD, HEADS, Column, column_of, merged, read_link, read_numbers
from dutycenter.directory.imports.sheets import SheetFault, SheetRow, read_sheet
from dutycenter.directory.imports.writing import NOTES, template, write_csv, write_xlsx
from dutycenter.vocabulary import NumberKind
from tests.unit.frame.test_catalogues import catalogues

HEAD = "姓名,部门,手机\n"
ROW = {"name": "张伟", "department": "水利局", "mobile": "15400001234"}


def plain(words: object) -> str:
    return str(words)


class TestReading:
    @pytest.mark.parametrize(
        "content",
        [
            (HEAD + "张伟,水利局,15400001234\n").encode("utf-8-sig"),
            (HEAD + "张伟,水利局,15400001234\n").encode("gb18030"),
            "Name*\tDepartment\tMobile number\n张伟\t水利局\t'15400001234\n".encode(),
            write_csv([ROW], plain),
            write_xlsx([ROW], plain, NOTES),
        ],
        ids=["utf-8", "gb18030", "tabs", "csv", "xlsx"],
    )
    def test_whatever_office_software_writes_is_read(self, content: bytes) -> None:
        assert read_sheet(content) == [SheetRow(2, ROW)]

    def test_titles_above_and_empty_rows_between_are_passed_over(self) -> None:
        content = "云江市通讯录,,\n,,\n" + HEAD + ",,\n张伟,水利局,\n"
        assert read_sheet(content.encode()) == [SheetRow(5, {"name": "张伟", "department": "水利局"})]

    def test_numbers_that_the_spreadsheet_took_for_amounts_are_numbers_again(self) -> None:
        import xlsxwriter

        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["姓名", "部门", "手机"])
            sheet.write_row(1, 0, ["张伟", "水利局", 15400001234])
        assert read_sheet(out.getvalue()) == [SheetRow(2, ROW)]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "heads"),
            (b"a,b\n1,2\n", "heads"),
            (HEAD.encode(), "no row"),
            ("姓名,姓名,部门\na,b,c\n".encode(), "headed alike"),
            ("姓名,手机\na,1\n".encode(), "department"),
            (b"\xd0\xcf\x11\xe0rest", ".xls"),
            (b"PK\x03\x04 broken", "damaged"),
            (b"\x89PNG\r\n\x1a\n\x00\xff", "neither"),
            (b"name,department\n\x00,x\n", "neither"),
        ],
    )
    def test_what_is_no_sheet_of_people_is_refused_in_words(self, content: bytes, said: str) -> None:
        with pytest.raises(SheetFault) as refused:
            read_sheet(content)
        assert said in str(refused.value.words.interpolate())

    def test_a_small_file_that_unpacks_to_a_giant_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b" " * (sheets.MOST_UNPACKED + 1))
        assert len(out.getvalue()) < 2**20
        with pytest.raises(SheetFault) as refused:
            read_sheet(out.getvalue())
        assert "unpacked" in str(refused.value)

    def test_too_many_rows_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "MOST_ROWS", 2)
        with pytest.raises(SheetFault):
            read_sheet((HEAD + "a,b,\n" * 3).encode())

    @given(st.binary(max_size=200))
    def test_any_bytes_are_rows_or_refused(self, content: bytes) -> None:
        with suppress(SheetFault):
            assert read_sheet(content)


class TestWriting:
    def test_no_name_becomes_a_formula_in_a_spreadsheet(self) -> None:
        hostile = {"name": "=HYPERLINK(1)", "department": "@SUM(A1)"}
        assert ",'=HYPERLINK(1),'@SUM(A1)," in write_csv([hostile], plain).decode("utf-8-sig")
        assert read_sheet(write_csv([hostile], plain)) == [SheetRow(2, hostile)]

    def test_every_head_is_read_back_and_the_template_is_a_sheet(self) -> None:
        assert [column_of(str(words)) for words in HEADS.values()] == list(Column)
        chinese = {message.id: message.string for catalogue in catalogues().values() for message in catalogue}
        assert [column_of(chinese[str(words)]) for words in HEADS.values()] == list(Column)
        assert len(BY_HEAD) > 2 * len(Column)
        assert read_sheet(template(plain))[0].cells["name"] == "张伟"


class TestCells:
    def test_hours_follow_their_number_and_an_area_code_in_brackets_is_none(self) -> None:
        cell = "(0732) 822 0000；0732-8220001 (工作日 08:30-17:30)\n15400001234（8：00-20：00）"
        assert read_numbers(cell, NumberKind.OFFICE) == [
            ("office", "(0732) 822 0000", ""),
            ("office", "0732-8220001", "工作日 08:30-17:30"),
            ("office", "15400001234", "8：00-20：00"),
        ]

    def test_numbers_keep_their_order_what_is_new_comes_last_and_a_dash_empties(self) -> None:
        now = [
            NumberDraft("office", "07328220000", "workdays"), NumberDraft("mobile", "15400001234"),
            NumberDraft("home", "07328220009"),
        ]  # fmt: skip
        assert merged(now, {"office": "0732-822 0000; 0732 822 0001", "home": "-"}) == [
            ("office", "07328220000", "workdays"),
            ("mobile", "15400001234", ""),
            ("office", "0732 822 0001", ""),
        ]

    @pytest.mark.parametrize(
        ("text", "who"),
        [("李强", ("李强", "")), ("李强（水利局）", ("李强", "水利局")), ("李强 (水利局)", ("李强", "水利局"))],
    )
    def test_who_is_named(self, text: str, who: tuple[str, str]) -> None:
        assert read_link(text) == who
