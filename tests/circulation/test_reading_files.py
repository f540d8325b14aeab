"""Bytes become rows, or a sentence: character sets, separators, line ends, workbooks, and what is no table."""

import io
import zipfile
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from circulation.imports.read import FileError, Row, Table, read
from tests.circulation.conftest import sample

PLAIN = "barcode,last_name\nP1,Brontë\nP2,Chen\n"


def rows(table: Table) -> list[tuple[int, list[str]]]:
    return [(row.line, row.cells) for row in table.rows]


def faults(content: bytes) -> list[tuple[int, str]]:
    return [(row.line, row.fault) for row in read(content).rows if row.fault]


def a_workbook(*lines: list[object]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "read_as"),
    [
        (PLAIN.encode(), "UTF-8, commas"),
        (b"\xef\xbb\xbf" + PLAIN.encode(), "UTF-8, commas"),
        (PLAIN.encode("utf-16"), "UTF-16, commas"),
        (PLAIN.encode("cp1252"), "Windows-1252, commas"),
        (PLAIN.replace(",", ";").encode(), "UTF-8, semicolons"),
        (PLAIN.replace(",", "\t").encode(), "UTF-8, tabs"),
        (PLAIN.replace("\n", "\r\n").encode(), "UTF-8, commas"),
        (PLAIN.replace("\n", "\r").encode(), "UTF-8, commas"),
        (PLAIN.rstrip("\n").encode(), "UTF-8, commas"),
    ],
)
def test_a_list_is_read_however_it_was_saved(content: bytes, read_as: str) -> None:
    """The same two patrons in every dress."""
    table = read(content)

    assert (table.header, table.read_as) == (["barcode", "last_name"], read_as)
    assert rows(table) == [(2, ["P1", "Brontë"]), (3, ["P2", "Chen"])]


def test_windows_1252_comes_with_a_notice() -> None:
    """It is a guess, and a person should look at the accents."""
    table = read(PLAIN.encode("cp1252"))

    assert [notice.partition(":")[0] for notice in table.notices] == [
        "The file is not UTF-8, so it was read as Windows-1252. Look at names with accents before you apply it."
    ]
    assert read(PLAIN.encode()).notices == ()


def test_a_few_damaged_bytes_do_not_change_the_character_set() -> None:
    """One broken line among many in UTF-8: only that line has lost something."""
    content = "barcode,last_name\nP1,Brontë\nP2,黄\nP3,".encode() + b"\xff\xfe\n"

    table = read(content)

    assert table.read_as == "UTF-8, commas"
    assert rows(table) == [(2, ["P1", "Brontë"]), (3, ["P2", "黄"]), (4, ["P3", "\udcff\udcfe"])]


def test_line_breaks_inside_quotes_keep_the_count_of_lines() -> None:
    """A refused row is found again in an editor."""
    table = read(b'barcode,address\nP1,"1 Wattle Road\nTherry"\n\nP2,here\n')

    assert rows(table) == [(2, ["P1", "1 Wattle Road\nTherry"]), (5, ["P2", "here"])]


def test_rows_of_the_wrong_width_say_so() -> None:
    """Cut off, or a separator too many; empty cells at the end do no harm."""
    content = b"barcode,last_name,group\nP1,Chen\nP2,Lee,7B,more\nP3,Novak,7B,,\n"

    assert faults(content) == [
        (2, "2 columns of 3. The file seems to be cut off here. Is it the whole export?"),
        (3, "4 columns, but the header has 3. A separator stands in a cell."),
    ]


def test_a_stray_quotation_mark_costs_one_row() -> None:
    """What follows is read again; an open one costs everything down to the end, and says how far."""
    stray = b'barcode,last_name\nP1,"O"Neil"\nP2,Chen\n'
    unclosed = b'barcode,last_name\nP1,"Chen\nP2,Lee\nP3,Novak\n'

    assert faults(stray) == [(2, "A quotation mark stands in the middle of a cell.")]
    assert [row.cells for row in read(stray).rows][1:] == [["P2", "Chen"]]
    assert faults(unclosed) == [
        (2, "A quotation mark is opened here and never closed. Nothing down to line 4 could be read.")
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \r\n\n", "The file is empty."),
        (b"barcode,last_name\n", "The file has a header and no rows below it."),
        (sample("damaged-picture.csv"), "This is a picture, not a table. Export the list as CSV or XLSX."),
        (b"%PDF-1.7 ...", "This is a PDF, not a table. Export the list as CSV or XLSX."),
        (b"\xd0\xcf\x11\xe0....", "This is an old Excel file (.xls), not a table. Export the list as CSV or XLSX."),
        (
            b"\x00\x01\x02\x03\n\x04",
            "The first line is not a list of column names. Export the list as CSV or XLSX.",
        ),
        (b"PK\x03\x04 and then nothing", "This workbook is damaged or cut off. Save it once more as XLSX."),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    """Nothing of it is read."""
    with pytest.raises(FileError) as refused:
        read(content)

    assert str(refused.value) == sentence


def test_a_workbook_is_read_as_it_looks() -> None:
    """Numbers without decimals, dates as dates, short rows filled up, empty rows passed over."""
    content = a_workbook(
        ["barcode", "due", "note", None],
        [100123, datetime(2026, 7, 26, 23, 59), None],
        [],
        [2.5, True],
    )

    table = read(content)

    assert (table.header, table.read_as) == (["barcode", "due", "note"], "XLSX")
    assert rows(table) == [(2, ["100123", "2026-07-26 23:59:00", ""]), (4, ["2.5", "yes", ""])]


def test_a_damaged_workbook_is_refused_in_a_sentence() -> None:
    """A zip that holds no workbook, and one whose sheet breaks off."""
    other, broken = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("letter.txt", "hello")
    with zipfile.ZipFile(io.BytesIO(a_workbook(["barcode"], ["P1"]))) as whole, zipfile.ZipFile(broken, "w") as half:
        for name in whole.namelist():
            part = whole.read(name)
            half.writestr(name, part[: len(part) // 2] if "sheet1" in name else part)

    for content in (other, broken):
        with pytest.raises(FileError) as refused:
            list(read(content.getvalue()).rows)
        assert str(refused.value) == "This workbook cannot be read to its end. Save it once more as XLSX, or as CSV."


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_rows_or_a_sentence(content: bytes) -> None:
    """Whatever is uploaded, it is read or refused."""
    assert outcome(content)


def outcome(content: bytes) -> str | list[Row]:
    try:
        return list(read(content).rows)
    except FileError as refused:
        return str(refused)
