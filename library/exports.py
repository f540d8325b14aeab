"""A list as a file, CSV or XLSX: text only, row by row, and nothing in it that a spreadsheet would calculate.

Which rows and which columns is the list's business (``library.lists``). Names and titles come from outside, so a cell
that a spreadsheet might take for a formula gets an apostrophe before it (OWASP, CSV injection).
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db.models import TextChoices
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FORMULA = ("=", "+", "-", "@", "\t", "\r")
LINES_AT_ONCE = 500
"""Of CSV; each part costs a server a call and its headers."""
SHEET_ROWS = 1_000_000
"""Excel has 1,048,576; what is more goes to another sheet."""


class Format(TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


def file(kind: Format, *, name: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    """The rows as a download called ``name``, taken one by one from ``rows``."""
    lines = (list(map(text, row)) for row in rows)
    return (_csv if kind == Format.CSV else _xlsx)(name, list(headings), lines)


def text(value: object) -> str:
    """What stands in a cell: days as 2026-11-23, moments as 2026-11-23 06:30 in library time, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    cell = str(value)
    return f"'{cell}" if cell.startswith(FORMULA) else cell


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _csv(name: str, headings: list[str], lines: Iterator[list[str]]) -> HttpResponseBase:
    """With a byte order mark, without which Excel takes UTF-8 for Windows-1252."""
    writer = csv.writer(_Echo())

    def written() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(headings)
        rest = map(writer.writerow, lines)
        while some := "".join(islice(rest, LINES_AT_ONCE)):
            yield some

    response = StreamingHttpResponse(written(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _xlsx(name: str, headings: list[str], lines: Iterator[list[str]]) -> HttpResponseBase:
    book = Workbook(write_only=True)
    sheet: Any = None
    for number, line in enumerate(lines):
        if number % SHEET_ROWS == 0:
            sheet = _sheet(book, headings)
        sheet.append([_cell(sheet, value) for value in line])
    if sheet is None:
        _sheet(book, headings)
    written = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(written)
    written.seek(0)
    return FileResponse(written, as_attachment=True, filename=f"{name}.xlsx")


def _sheet(book: Workbook, headings: list[str]) -> Any:
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append(headings)
    return sheet


def _cell(sheet: Any, value: str) -> WriteOnlyCell:
    """Text, whatever it looks like; control characters cannot stand in a workbook."""
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"
    return cell
