"""The three commands: one table of numbers, sentences, and an exit code."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from circulation.imports import matching
from circulation.models import ImportFile, Loan, Patron
from tests.circulation.conftest import SAMPLES

pytestmark = pytest.mark.django_db


def run(command: str, name: str, **options: object) -> str:
    said = io.StringIO()
    call_command(command, str(SAMPLES / name), stdout=said, **options)
    return said.getvalue()


def test_a_file_is_applied_and_the_numbers_are_printed() -> None:
    """As somebody reads them in a terminal."""
    assert run("import_patrons", "koha-patrons-bom-crlf.csv").splitlines() == [
        "Read as Koha; UTF-8, commas.",
        "  Rows               40",
        "  Add                40",
        "  Change              0",
        "  Leave as is         0",
        "  Refused             0",
        "17 groups will be made: 10A, 10B, 10C, 11A, 11B, 11C, 12A, 12B, 12C, 7A, 7C, 8A, 8C, 9A, 9B, 9C, STAFF.",
        "Applied.",
    ]
    assert (Patron.objects.count(), ImportFile.objects.count()) == (40, 1)


def test_a_dry_run_changes_nothing_and_says_so() -> None:
    """The last line is what one looks for."""
    printed = run("import_patrons", "koha-patrons.csv", dry_run=True)

    assert printed.splitlines()[-1] == "Nothing was changed: this was a dry run."
    assert (Patron.objects.count(), ImportFile.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("command", "name", "sentence"),
    [
        ("import_patrons", "damaged-empty.csv", "The file is empty."),
        ("import_items", "damaged-header-only.csv", "The file has a header and no rows below it."),
        (
            "import_loans",
            "damaged-picture.csv",
            "This is a picture, not a table. Export the list as CSV or XLSX.",
        ),
        (
            "import_patrons",
            "damaged-patrons.csv",
            "8 rows are refused, so nothing is applied. Correct the file, or leave them out (--skip-refused).",
        ),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_refused_file_is_a_sentence_and_an_exit_code(command: str, name: str, sentence: str, dry_run: bool) -> None:
    """CommandError is exit code 1; the sentence ends with what did not happen."""
    with pytest.raises(CommandError) as refused:
        run(command, name, dry_run=dry_run)

    assert str(refused.value) == f"{name}: {sentence} Nothing was changed."
    assert Patron.objects.count() == 0


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """A wrong path in a nightly job."""
    path = tmp_path / "gone.csv"

    with pytest.raises(CommandError) as refused:
        call_command("import_loans", str(path))

    assert str(refused.value) == f"{path} cannot be read: No such file or directory."


def test_a_nightly_file_speaks_for_its_day() -> None:
    """Last night's file, read in this morning."""
    run("import_patrons", "koha-patrons.csv")
    run("import_loans", "koha-open-loans-2026-11-23.csv", on="2026-11-23")

    printed = run("import_loans", "koha-open-loans-2026-11-24.csv", on="2026-11-24")

    assert "  Return            112" in printed.splitlines()
    assert Loan.objects.filter(returned_on="2026-11-24").count() == 112


def test_quiet_prints_figures_and_no_names() -> None:
    """For the log of a cron: who reads it need not know who borrows."""
    printed = run("import_patrons", "patrons-with-guardians.csv", quiet=True)

    with pytest.raises(CommandError) as refused:
        run("import_patrons", "damaged-patrons.csv", quiet=True)

    assert printed.splitlines() == [
        "Read as our own columns; UTF-8, commas.",
        "  Rows              240",
        "  Add               240",
        "  Change              0",
        "  Leave as is         0",
        "  Refused             0",
        "Applied.",
    ]
    assert str(refused.value) == (
        "damaged-patrons.csv: 8 rows are refused, so nothing is applied. Correct the file, or leave them out "
        "(--skip-refused). Nothing was changed."
    )


def test_columns_matched_on_the_page_serve_the_command(tmp_path: Path) -> None:
    """The nightly export of a system that nobody has heard of."""
    header = ["Nr", "Familie", "Klasse"]
    matching.remember("patrons", header, {"Nr": "barcode", "Familie": "last_name", "Klasse": "group"})
    path = tmp_path / "liste.csv"
    path.write_text("Nr;Familie;Klasse\nP1;Chen;7B\n")

    call_command("import_patrons", str(path), stdout=io.StringIO())

    assert list(Patron.objects.values_list("barcode", "last_name", "group__name")) == [("P1", "Chen", "7B")]
