"""Import on its page: choose a file, look, match its columns, apply; what is shown, and what is done when."""

from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from circulation.models import ColumnMatch, ImportFile, Loan, Patron
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.circulation.conftest import sample

HEADER = "barcode,last_name,first_name,group,email\n"
LOANS = "barcode,title,patron_barcode,due\n"


def sent(client: Client, kind: str, content: bytes | str, name: str = "list.csv") -> tuple[ImportFile, str]:
    """*See what this file does*: the file that is kept and the page that is shown."""
    content = content.encode() if isinstance(content, str) else content
    upload = SimpleUploadedFile(name, content)
    answer = client.post("/import/send/", {"kind": kind, "file": upload}, follow=True)
    return ImportFile.objects.latest("pk"), unescape(answer.content.decode())


def applied(client: Client, file: ImportFile, **said: object) -> str:
    answer = client.post(f"/import/{file.pk}/apply/", said, follow=True)
    file.refresh_from_db()
    return unescape(answer.content.decode())


def test_a_file_is_shown_and_then_applied(librarian: Client) -> None:
    """Nothing is changed by looking; the button has the number."""
    file, page = sent(librarian, "patrons", sample("koha-patrons-bom-crlf.csv"), "students.csv")

    assert "<strong>Nothing is changed yet.</strong> <bdi>students.csv</bdi> has 40\u00a0rows: all can be used." in page
    assert "It looks like a Koha export." in page
    assert "Apply 40 changes" in page
    assert (file.state, Patron.objects.count()) == ("planned", 0)

    done = applied(librarian, file)

    assert "40\u00a0changes are made." in done
    assert (file.state, Patron.objects.count()) == ("applied", 40)
    assert (file.name, bytes(file.content)) == ("students.csv", sample("koha-patrons-bom-crlf.csv"))


def test_what_changes_is_shown_from_what_to_what(librarian: Client) -> None:
    """Zayd moves to 7A and has an address at last."""
    a_patron(barcode="P1", last_name="Rahimi", first_name="Zayd", email="", group=a_group(name="7B"))

    file, page = sent(librarian, "patrons", HEADER + "P1,Rahimi,Zayd,7A,zayd@students.example\n")

    assert [(one["what"], one["was"], one["becomes"]) for one in file.shown["differences"]] == [
        ("Group", "7B", "7A"),
        ("Email", "", "zayd@students.example"),
    ]
    assert file.shown["kinds_of_change"] == {"group": 1, "address": 1}
    assert "Zayd Rahimi" in page
    assert "1 address new, so 1 more by email. Nothing that waits is touched." in page


def test_refused_rows_stop_the_file_until_they_are_left_out(librarian: Client) -> None:
    """Eight rows, each with its line; the others go in when the tick says so."""
    file, page = sent(librarian, "patrons", sample("damaged-patrons.csv"))
    assert "There is no barcode, so nobody can be found by it." in page

    stopped = applied(librarian, file)
    assert "Some rows are refused. Tick that they are left out, or correct the file." in stopped
    assert (file.state, Patron.objects.count()) == ("planned", 0)

    applied(librarian, file, skip_refused="on")
    assert (file.state, Patron.objects.count()) == ("applied", file.added)


def test_refused_rows_as_a_file(librarian: Client) -> None:
    """As they stand in the file, with line and reason before them; a formula is text."""
    file, _ = sent(librarian, "patrons", HEADER + '=1+1,Chen,Mia,7B,\nP2,Lee,Tom,7B,nonsense\nP3,Lee,"=2+3",7B,\n')

    answer = librarian.get(f"/import/{file.pk}/refused/")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()

    assert rows == [
        "Line,Why it is refused,barcode,last_name,first_name,group,email",
        '2,"“=1+1” begins like a formula, as no barcode does.",\'=1+1,Chen,Mia,7B,',
        '3,"“nonsense” is not an email address. Correct it, or leave it empty.",P2,Lee,Tom,7B,nonsense',
        '4,"“=2+3” begins like a formula, as no first name does.",P3,Lee,\'=2+3,7B,',
    ]


def test_absent_patrons_are_moved_when_the_tick_says_so(librarian: Client) -> None:
    a_patron(barcode="P9", last_name="Okafor", first_name="Tom", group=a_group(name="8C"))
    a_patron(barcode="P1", last_name="Chen", first_name="Mia", group=a_group(name="7B"))

    file, page = sent(librarian, "patrons", HEADER + "P1,Chen,Mia,7B,\n")
    applied(librarian, file, unmatched="on")

    assert "1\u00a0patron on file is not in this list</strong>, 1 is. Tick this" in page
    assert "Letters, if you move this one: Nothing that waits is touched." in page
    assert "Tom Okafor, 8C" in page
    assert Patron.objects.get(barcode="P9").group.name == "Unmatched"


def test_more_than_half_coming_back_wants_the_number(librarian: Client) -> None:
    """A tick is quickly set; a number has to be read."""
    mia = a_patron(barcode="P1")
    for barcode in ("X1", "X2", "X3"):
        a_loan(due=timezone.localdate(), patron=mia, item=an_item(barcode=barcode))

    file, page = sent(librarian, "loans", LOANS + f"X1,Holes,P1,{timezone.localdate()}\n")
    assert "2\u00a0loans are not in this file any more and would be returned: more than half of what is out." in page

    for wrong in ({}, {"allow_returns": "1"}, {"allow_returns": "all"}):
        assert "Type 2 if so many loans really came back." in applied(librarian, file, **wrong)
    assert Loan.objects.open().count() == 3

    applied(librarian, file, allow_returns="2")
    assert (file.state, Loan.objects.open().count()) == ("applied", 1)


def test_columns_are_matched_once_and_remembered(librarian: Client) -> None:
    """A system that nobody has heard of, today and next week."""
    content = "Nr;Familie;Vorname;Klasse\nP1;Chen;Mia;7B\n"
    file, page = sent(librarian, "patrons", content, "liste.csv")
    assert "No column holds the barcode of each patron. The columns are: Nr, Familie, Vorname, Klasse." in page
    assert "<bdi>Chen</bdi>" in page

    said = {"column-1": "barcode", "column-2": "last_name", "column-3": "first_name", "column-4": "group"}
    page = unescape(librarian.post(f"/import/{file.pk}/columns/", said, follow=True).content.decode())
    assert "Its columns were matched by hand." in page
    applied(librarian, file)
    _, next_week = sent(librarian, "patrons", content.replace("Mia", "Mira"), "liste.csv")

    assert "Apply 1 change" in next_week
    assert list(Patron.objects.values_list("barcode", "first_name", "group__name")) == [("P1", "Mia", "7B")]
    assert ColumnMatch.objects.count() == 1


def test_columns_that_are_matched_wrongly_are_named(librarian: Client) -> None:
    file, _ = sent(librarian, "patrons", "Nr;Alt\nP1;P0\n")

    nothing = librarian.post(f"/import/{file.pk}/columns/", {})
    twice = librarian.post(f"/import/{file.pk}/columns/", {"column-1": "barcode", "column-2": "barcode"})

    assert "No column is chosen for the barcode of each patron." in nothing.content.decode()
    assert "Barcode is chosen for 2 columns. Keep one." in twice.content.decode()
    assert ColumnMatch.objects.count() == 0


def test_what_is_applied_is_what_was_shown(librarian: Client) -> None:
    """Between look and Apply somebody puts Mia on file by hand: back to the page, with the new figures."""
    file, _ = sent(librarian, "patrons", HEADER + "P1,Chen,Mia,7B,\n")
    a_patron(barcode="P1", last_name="Chen", first_name="Mia", email="", group=a_group(name="7A"))

    page = applied(librarian, file)

    assert "Something changed since this was shown, so nothing was applied. Look at it once more." in page
    assert (file.state, file.added, file.changed) == ("planned", 0, 1)
    assert Patron.objects.get().group.name == "7A"


def test_applied_twice_says_so(librarian: Client) -> None:
    """Back, and the button once more."""
    file, _ = sent(librarian, "patrons", HEADER + "P1,Chen,Mia,7B,\n")
    applied(librarian, file)

    page = applied(librarian, file)

    assert "This file was applied before. Nothing was applied again." in page
    assert Patron.objects.count() == 1


def test_earlier_files_lie_newest_first_and_are_turned_by_key(librarian: Client) -> None:
    for number in range(21):
        sent(librarian, "items", "barcode,title\nX1,Holes\n", f"list-{number}.csv")

    first = librarian.get("/import/").content.decode()
    oldest = ImportFile.objects.earliest("pk")
    second = librarian.get(f"/import/?before={oldest.pk + 1}").content.decode()

    assert [f"list-{number}.csv" in first for number in (20, 1, 0)] == [True, True, False]
    assert [f"list-{number}.csv" in second for number in (20, 1, 0)] == [False, False, True]


def test_the_original_is_a_download(librarian: Client) -> None:
    """Byte for byte, and nothing that a browser opens."""
    file, _ = sent(librarian, "items", sample("koha-items.csv"), "Bücher.csv")

    answer = librarian.get(f"/import/{file.pk}/original/")

    assert answer.content == sample("koha-items.csv")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == "attachment; filename=\"B_cher.csv\"; filename*=UTF-8''B%C3%BCcher.csv"


@pytest.mark.parametrize("state", ["planned", "waiting", "applied"])
def test_a_file_that_was_emptied_says_so(librarian: Client, state: str) -> None:
    """Its numbers stay; nothing of it can be downloaded, looked at or applied any more."""
    file, _ = sent(librarian, "patrons", HEADER + "P1,Chen,Mia,7B,\n")
    if state == "applied":
        applied(librarian, file)
    ImportFile.objects.filter(pk=file.pk).update(
        state=state, content=b"", refused=[], notes=[], shown={}, emptied_at=timezone.now()
    )

    page = librarian.get(f"/import/{file.pk}/").content.decode()
    applied(librarian, file)

    assert "The file itself was removed on" in page
    assert librarian.get(f"/import/{file.pk}/original/").status_code == 404
    assert (file.state, Patron.objects.count()) == (state, 1 if state == "applied" else 0)
