"""A file as it came → rows of text, each with its line.

CSV in UTF-8 (with or without byte-order mark), UTF-16 or Windows-1252, separated by comma, semicolon, tab or bar, with
any line ends; or the first sheet of an XLSX workbook. What is not a table is refused in a sentence. What the cells mean
is no business of this module, and it trusts nothing: not the name of the file, not its length, not its bytes.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from openpyxl import load_workbook

from circulation.words import several

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LOST_BYTES = re.compile(r"[\udc80-\udcff]")
"""What ``surrogateescape`` leaves of bytes that the character set does not have."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LONGEST_CELL = 100_000
LARGEST_WORKBOOK = 200_000_000
"""Bytes of a workbook once unpacked: a small file that claims more is a trap, not a list."""

NOT_TABLES = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
}


class FileError(Exception):
    """Why nothing can be made of the whole file, as a sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record, the line on which it begins, and the sentence that refuses it when it could not be read."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The header, how the file was read ("UTF-8, commas"), notices for a person, and the rows, once."""

    header: list[str]
    rows: Iterator[Row]
    read_as: str
    notices: tuple[str, ...] = ()


def read(content: bytes) -> Table:
    """The table in ``content``. Raises FileError when it is empty, not a table, or has no row below its header."""
    if not content.strip():
        raise FileError("The file is empty.")
    for beginning, what in NOT_TABLES.items():
        if content.startswith(beginning):
            raise FileError(f"This is {what}, not a table. Export the list as CSV or XLSX.")
    table = _workbook(content) if content.startswith(b"PK\x03\x04") else _csv(content)
    first = next(table.rows, None)
    if first is None:
        raise FileError("The file has a header and no rows below it.")
    return Table(table.header, chain([first], table.rows), table.read_as, table.notices)


def legible(text: str) -> str:
    """``text`` with a sign in place of what cannot be shown or stored: for sentences about a cell, never for data."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _csv(content: bytes) -> Table:
    text, charset, notices = _decoded(content)
    csv.field_size_limit(LONGEST_CELL)
    separator = max(SEPARATORS, key=_outside_quotes(_first_line(text)).count)
    records = (row for row in _records(text, separator) if row.fault or any(cell.strip() for cell in row.cells))
    header = [cell.strip() for cell in next(records, Row(1, [])).cells]
    if not any(header) or any(CONTROL.search(cell) or LOST_BYTES.search(cell) for cell in header):
        raise FileError("The first line is not a list of column names. Export the list as CSV or XLSX.")
    rows = (_checked(row, len(header)) for row in records)
    return Table(header, rows, f"{charset}, {SEPARATORS[separator]}", notices)


def _first_line(text: str) -> str:
    return next((line for line in text[:LONGEST_CELL].splitlines() if line.strip()), "")


def _decoded(content: bytes) -> tuple[str, str, tuple[str, ...]]:
    """The text, its character set, and a notice where that was a guess.

    A file that is not UTF-8 is Windows-1252, unless most of its lines with foreign letters are UTF-8: then a few bytes
    are damaged, and only their rows are refused.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace"), "UTF-16", ()
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode("utf-8"), "UTF-8", ()
    except UnicodeDecodeError:
        pass
    foreign = [line for line in content.splitlines() if not line.isascii()]
    damaged = sum(not _is_utf8(line) for line in foreign)
    if damaged * 2 < len(foreign):
        return content.decode("utf-8", errors="surrogateescape"), "UTF-8", ()
    notice = "The file is not UTF-8, so it was read as Windows-1252. Look at names with accents before you apply it."
    return content.decode("cp1252", errors="surrogateescape"), "Windows-1252", (notice,)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _records(text: str, separator: str) -> Iterator[Row]:
    """Each record with its first line; a record that cannot be read says so, and how far it reaches."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield Row(line, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, [], _why_unreadable(error, first=line, last=reader.line_num))


def _why_unreadable(error: csv.Error, *, first: int, last: int) -> str:
    reach = "" if first == last else f" Nothing down to line {last} could be read."
    if "end of data" in str(error):
        return f"A quotation mark is opened here and never closed.{reach}"
    if "limit" in str(error):
        return f"One cell is longer than {LONGEST_CELL:,} characters.{reach}"
    return f"A quotation mark stands in the middle of a cell.{reach}"


def _checked(row: Row, width: int) -> Row:
    """``row`` with as many cells as the header, or with the reason why not."""
    cells = row.cells
    if row.fault:
        return row
    if len(cells) < width:
        fault = (
            f"{several(len(cells), 'column')} of {width}. The file seems to be cut off here. Is it the whole export?"
        )
        return Row(row.line, cells, fault)
    if any(cell.strip() for cell in cells[width:]):
        return Row(row.line, cells, f"{len(cells)} columns, but the header has {width}. A separator stands in a cell.")
    return Row(row.line, cells[:width])


def _workbook(content: bytes) -> Table:
    _refuse_bomb(content)
    records = _sheet(content)
    header = [cell.strip() for cell in next(records, Row(1, [])).cells]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise FileError("The first row of the workbook is not a list of column names.")
    width = len(header)
    filled = (
        Row(row.line, row.cells + [""] * (width - len(row.cells))) for row in records if any(map(str.strip, row.cells))
    )
    return Table(header, (_checked(row, width) for row in filled), "XLSX")


def _sheet(content: bytes) -> Iterator[Row]:
    """The rows of the first sheet. openpyxl reads as it goes, so a damaged workbook shows itself at any row."""
    try:
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is often wrong, and rows beyond it would be lost
        for line, values in enumerate(sheet.values, start=1):
            yield Row(line, [_as_text(value) for value in values])
    except Exception as error:  # whatever its parts raise: zipfile, XML, numbers
        raise FileError("This workbook cannot be read to its end. Save it once more as XLSX, or as CSV.") from error


def _refuse_bomb(content: bytes) -> None:
    try:
        size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except zipfile.BadZipFile as error:
        raise FileError("This workbook is damaged or cut off. Save it once more as XLSX.") from error
    if size > LARGEST_WORKBOOK:
        raise FileError("This workbook is larger than 200 MB once unpacked. Export the list as CSV.")


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
