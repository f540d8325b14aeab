"""A kept file names somebody, in whatever character set and kind of file it came (product.md, S3)."""

import io
import zipfile

import openpyxl
import pytest

from circulation.imports.naming import files_naming, names
from circulation.models import ImportFile


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"card,name\nP100417,Chen\n", True),
        (b"card;name\np100417;Chen\n", True),
        (b"card,name\nP1004170,Chen\n", False),
        ("card\tname\nP100417\tChen\n".encode("utf-16"), True),
        ("name\nZoë Müller\n".encode("cp1252"), True),
        ("name\nZoë Müller\n".encode("utf-8-sig"), True),
        (b"", False),
        (b"PK\x03\x04 that is no workbook, with P100417", True),
    ],
)
def test_texts(content: bytes, expected: bool) -> None:
    """Whole numbers, addresses and names, in capitals or not."""
    assert names(content, ["P100417", "Zoë Müller"]) is expected


@pytest.mark.parametrize(("cell", "expected"), [("P100417", True), ("A & P100417", True), ("P1004171", False)])
def test_workbooks(cell: str, expected: bool) -> None:
    """They are packed: nothing can be seen from outside."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["card", cell])
    book.save(file)

    assert names(file.getvalue(), ["P100417"]) is expected


def test_a_workbook_escapes_what_it_holds() -> None:
    """Tom & Co stands as Tom &amp; Co between its tags."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("xl/sharedStrings.xml", "<t>Tom &amp; Co</t>")

    assert names(file.getvalue(), ["Tom & Co"]) is True


@pytest.mark.django_db
def test_those_files_and_no_others() -> None:
    """One whose content was removed names nobody."""
    contents = {"mine": b"P100417", "other": b"P200", "removed": b""}
    files = {
        name: ImportFile.objects.create(kind="patrons", name=name, content=content)
        for name, content in contents.items()
    }

    assert files_naming(["P100417"]) == [files["mine"].pk]
