"""What people send by mistake, and what somebody might send on purpose: a clear sentence, and nothing lost."""

import io
import zipfile
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from circulation.models import ImportFile, Patron
from circulation.views import import_forms
from tests.circulation.conftest import sample

HEADER = b"barcode,last_name,first_name,group,email\n"
SCRIPT = "<script>alert(1)</script>"


def sent(client: Client, content: bytes, name: str = "list.csv", kind: str = "patrons") -> str:
    upload = SimpleUploadedFile(name, content)
    return client.post("/import/send/", {"kind": kind, "file": upload}, follow=True).content.decode()


def a_bomb() -> bytes:
    """A few kilobytes that unpack to more than 200 MB, as a workbook."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as book, book.open("xl/worksheets/sheet1.xml", "w") as sheet:
        for _ in range(201):
            sheet.write(bytes(1_000_000))
    return whole.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("nothing.csv", b"", "The file is empty."),
        ("blank.csv", b" \r\n\r\n", "The file is empty."),
        ("header.csv", HEADER, "The file has a header and no rows below it."),
        ("photo.csv", sample("damaged-picture.csv"), "This is a picture, not a table. Export the list as CSV or XLSX."),
        ("list.pdf", b"%PDF-1.7\n", "This is a PDF, not a table. Export the list as CSV or XLSX."),
        ("cut.xlsx", b"PK\x03\x04cut off", "This workbook is damaged or cut off. Save it once more as XLSX."),
        ("zip.xlsx", a_bomb(), "This workbook is larger than 200 MB once unpacked. Export the list as CSV."),
        ("noise.csv", b"\x00\x01\x02,\x03\n1,2\n", "The first line is not a list of column names."),
    ],
)
def test_a_file_that_is_no_list_is_refused_and_kept(
    librarian: Client, name: str, content: bytes, sentence: str
) -> None:
    """The page says why, and the file lies among the earlier ones as it came."""
    page = unescape(sent(librarian, content, name))

    file = ImportFile.objects.get()
    assert "Nothing was changed." in page
    assert sentence in page
    assert (file.state, file.name, bytes(file.content)) == ("refused", name, content)
    assert sentence in unescape(librarian.get("/import/").content.decode())


def test_a_file_that_is_too_large_is_not_even_read(librarian: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 MB in truth; the limit is lowered here instead."""
    monkeypatch.setattr(import_forms, "LARGEST", 1_000_000)

    page = sent(librarian, b"x" * 4_000_000)

    assert "This file has 4 MB; there is room for 1 MB. Export it with fewer columns, or in parts." in page
    assert ImportFile.objects.count() == 0


def test_no_file_is_a_sentence(librarian: Client) -> None:
    answer = librarian.post("/import/send/", {"kind": "patrons"})

    assert answer.status_code == 422
    assert "No file was chosen. Choose one." in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "kept"), [("../../x.csv", "x.csv"), ("a\u202eb.csv", "ab.csv"), (f"{SCRIPT}.csv", "script>.csv")]
)
def test_the_name_of_a_file_is_only_shown(librarian: Client, name: str, kept: str) -> None:
    """Never a path, never a header, never HTML."""
    page = sent(librarian, HEADER + b"P1,Chen,Mia,7B,\n", name)

    file = ImportFile.objects.get()
    download = librarian.get(f"/import/{file.pk}/original/")
    assert file.name == kept
    assert SCRIPT not in page
    assert set("/\r\n<") & set(download["Content-Disposition"]) == set()


def test_html_in_cells_and_headers_is_text(librarian: Client) -> None:
    """In names, in a header, in a refused cell, in a question: everywhere a page shows what stood in the file."""
    header = f"barcode,last_name,first_name,group,email,{SCRIPT},guardian_name,guardian_email\n"
    rows = f"P1,{SCRIPT},Mia,{SCRIPT},,x,{SCRIPT},a@home.example\nP2,Lee,Tom,7B,{SCRIPT},x,Ada,a@home.example\n"

    page = sent(librarian, (header + rows).encode())
    file = ImportFile.objects.get()
    done = librarian.post(f"/import/{file.pk}/apply/", {"skip_refused": "on"}, follow=True).content.decode()
    again = sent(librarian, (header + rows.replace(SCRIPT, "Chen", 1)).encode())

    assert [SCRIPT in shown for shown in (page, done, again)] == [False, False, False]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert Patron.objects.get().last_name == SCRIPT


def test_html_in_columns_to_be_matched_is_text(librarian: Client) -> None:
    page = sent(librarian, f"{SCRIPT};Nr\n{SCRIPT};P1\n".encode())

    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3


@pytest.mark.parametrize("path", ["", "columns/", "refused/", "original/"])
def test_a_file_that_is_not_there_is_not_found(librarian: Client, path: str) -> None:
    assert librarian.get(f"/import/999999/{path}").status_code == 404


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣"])
def test_nonsense_in_the_address_shows_the_newest(librarian: Client, before: str) -> None:
    sent(librarian, HEADER + b"P1,Chen,Mia,7B,\n")

    assert librarian.get("/import/", {"before": before}).status_code == 200


def test_a_file_of_which_nearly_nothing_can_be_used_is_not_that_list(librarian: Client) -> None:
    """Millions of short lines would be millions of sentences."""
    page = unescape(sent(librarian, b"barcode,title\n" + b"x\n" * 30_000, kind="items"))

    assert "More than 20,000 rows are refused. Line 2: 1 column of 2." in page
    assert ImportFile.objects.get().refused == []
