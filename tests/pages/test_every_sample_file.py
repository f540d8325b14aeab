"""Every sample file through the page and through the command: what each says, and that text stays text.

In none of them does a name become code, the header of a mail or a formula.
"""

import csv
import io
import re
from dataclasses import dataclass
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from circulation.imports import apply as imports
from circulation.models import Guardian, ImportFile, Item, Loan, Patron
from library.exports import FORMULA
from tests.circulation.conftest import NOON, SAMPLES, sample

GROUPS = "10A, 10B, 10C, 11A, 11B, 11C, 12A, 12B, 12C, 7A, 7B, 7C, 8A, 8B, 8C, 9A, 9B, 9C, STAFF"


@dataclass(frozen=True, kw_only=True)
class File:
    """``on_page`` stands in the lede, or among the sentences below; ``said`` is the last line of the command."""

    name: str
    kind: str = "patrons"
    after: tuple[str, ...] = ()
    on_page: tuple[str, ...]
    said: str = "Applied."


PEOPLE, SHELVES, MONDAY = "koha-patrons.csv", "koha-items.csv", "koha-open-loans-2026-11-23.csv"
FILES = [
    File(
        name=PEOPLE,
        on_page=("600\u00a0rows: all can be used. It looks like a Koha export.", f"19 groups will be made: {GROUPS}."),
    ),
    File(name="koha-patrons-bom-crlf.csv", on_page=("40\u00a0rows: all can be used. It looks like a Koha export.",)),
    File(
        name="bibliotech-patrons.xlsx",
        on_page=("300\u00a0rows: all can be used. It looks like a BiblioTECH export.", "Read as XLSX."),
    ),
    File(
        name="microlibrarian-students-cp1252-semicolon.csv",
        on_page=(
            "77\u00a0rows: all can be used. It looks like a MicroLibrarian export.",
            "The file is not UTF-8, so it was read as Windows-1252. Look at names with accents before you apply it.",
            "Read as Windows-1252, semicolons.",
        ),
    ),
    File(
        name="patrons-with-guardians.csv",
        on_page=(
            "240\u00a0rows: all can be used. Its columns have our own names.",
            "300 guardians added, 300 children linked to a guardian.",
            "family001@example.net belongs to Guardian Perkins and Guardian 刘. "
            "Each gets letters of their own: are they one person?",
        ),
    ),
    File(
        name=SHELVES,
        kind="items",
        on_page=("1,800\u00a0rows: all can be used. It looks like a Koha export.", "3 collections will be made."),
    ),
    File(
        name=MONDAY,
        kind="loans",
        after=(PEOPLE, SHELVES),
        on_page=("700\u00a0rows: all can be used. It looks like a Koha export.", "Apply 700 changes"),
    ),
    File(
        name="koha-open-loans-2026-11-24.csv",
        kind="loans",
        after=(PEOPLE, SHELVES, MONDAY),
        on_page=("588\u00a0rows: all can be used.", "not in this file any more"),
    ),
    File(
        name="damaged-loans-truncated.csv",
        kind="loans",
        after=(PEOPLE, SHELVES, MONDAY),
        on_page=(
            "90\u00a0rows: all can be used. It looks like a Koha export.",
            "610\u00a0loans are not in this file any more and would be returned: more than half of what is out.",
        ),
        said=(
            "damaged-loans-truncated.csv: This file would return 610 of 700 open loans, more than half. "
            "If that is right, say the number (--allow-returns 610). Nothing was changed."
        ),
    ),
    File(
        name="damaged-patrons.csv",
        on_page=(
            "13\u00a0rows: 5 can be used, 8 are refused. It looks like a Koha export.",
            "There is no barcode, so nobody can be found by it.",
            "“not an address” is not an email address. Correct it, or leave it empty.",
            "Line 2 has the same barcode, for 英 黄. Both cannot have it.",
            "The last name holds a line break. It has to stand on one line.",
            "“a@example.org, b@example.org” holds two addresses. Keep one.",
            '“=HYPERLINK("x")” begins like a formula, as no first name does.',
            "The last name is 5,000 characters long; there is room for 120.",
            "A quotation mark is opened here and never closed. Nothing down to line 16 could be read.",
        ),
        said=(
            "damaged-patrons.csv: 8 rows are refused, so nothing is applied. Correct the file, or leave them out "
            "(--skip-refused). Nothing was changed."
        ),
    ),
    File(
        name="damaged-empty.csv",
        on_page=("Nothing was changed.", "The file is empty."),
        said="damaged-empty.csv: The file is empty. Nothing was changed.",
    ),
    File(
        name="damaged-header-only.csv",
        kind="items",
        on_page=("Nothing was changed.", "The file has a header and no rows below it."),
        said="damaged-header-only.csv: The file has a header and no rows below it. Nothing was changed.",
    ),
    File(
        name="damaged-picture.csv",
        kind="loans",
        on_page=("Nothing was changed.", "This is a picture, not a table. Export the list as CSV or XLSX."),
        said=(
            "damaged-picture.csv: This is a picture, not a table. Export the list as CSV or XLSX. Nothing was changed."
        ),
    ),
]

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@every_file
def test_on_the_page(librarian: Client, file: File) -> None:
    """What it would do, or why nothing can be made of it; nothing is changed by looking."""
    _bring_in(file.after)
    before = _what_is_on_file()

    page = _shown(librarian, file)

    words = unescape(re.sub(r"<[^>]+>", "", page))
    assert [sentence for sentence in file.on_page if sentence not in words] == []
    assert _what_is_on_file() == before
    assert bytes(ImportFile.objects.latest("pk").content) == sample(file.name)


@every_file
def test_by_the_command(db: None, file: File) -> None:
    """Applied whole, or a sentence and exit code 1 with nothing changed."""
    _bring_in(file.after)
    before = _what_is_on_file()

    assert _commanded(file).splitlines()[-1] == file.said

    assert (_what_is_on_file() == before) is (file.said != "Applied.")


@every_file
def test_text_stays_text(librarian: Client, file: File) -> None:
    """On the page and in its CSV, with whatever the file could bring in."""
    _bring_in(file.after)

    page = _shown(librarian, file)
    kept = ImportFile.objects.latest("pk")
    allowed = {"skip_refused": "on", "allow_returns": kept.returned}
    done = librarian.post(f"/import/{kept.pk}/apply/", allowed, follow=True).content.decode()
    refused = librarian.get(f"/import/{kept.pk}/refused/")
    cells = [cell for row in csv.reader(io.StringIO(b"".join(refused.streaming_content).decode())) for cell in row]

    assert re.findall(r"<(?:script|img|iframe)(?! src=\"/static/)[^>]*>", page + done) == []
    assert [cell for cell in cells if cell.startswith(FORMULA)] == []
    assert [name for name in _names() if re.search(r"[\r\n\x00-\x1f]", name) or name.startswith(("=", "+", "@"))] == []


def _shown(client: Client, file: File) -> str:
    upload = SimpleUploadedFile(file.name, sample(file.name))
    return client.post("/import/send/", {"kind": file.kind, "file": upload}, follow=True).content.decode()


def _commanded(file: File) -> str:
    said = io.StringIO()
    try:
        call_command(f"import_{file.kind}", str(SAMPLES / file.name), stdout=said, on=NOON.date().isoformat())
    except CommandError as error:
        return str(error)
    return said.getvalue()


def _bring_in(names: tuple[str, ...]) -> None:
    for name in names:
        kind = next(file.kind for file in FILES if file.name == name)
        imports.apply(imports.a_file(sample(name), kind=kind, name=name), on=NOON.date(), at=NOON)


def _what_is_on_file() -> tuple[int, ...]:
    return (*(model.objects.count() for model in (Patron, Guardian, Item, Loan)), Loan.objects.open().count())


def _names() -> list[str]:
    people = Patron.objects.values_list("first_name", "last_name", "barcode")
    return [name for row in people for name in row] + list(Guardian.objects.values_list("name", flat=True))
