"""A file of patrons: added, changed, left, refused, and those whom it no longer names."""

from datetime import date
from typing import Any

import pytest

from circulation.imports import apply as imports
from circulation.models import Group, ImportFile, Patron
from tests.builders import a_group, a_guardian, a_loan, a_patron
from tests.circulation.conftest import NOON, bring_in, figures, refusal_of, sample

pytestmark = pytest.mark.django_db

HEADER = "barcode,last_name,first_name,group,email\n"


def reasons(refusal: imports.ImportRefused) -> list[str]:
    assert refusal.plan is not None
    return [str(one) for one in refusal.plan.refused]


def test_koha_patrons_become_patrons_with_groups_and_addresses() -> None:
    """The first of 600, in their own script."""
    plan = bring_in("patrons", sample("koha-patrons.csv"))

    ying = Patron.objects.get(barcode="P100000")
    assert figures(plan) == (600, 600, 0, 0, 0)
    assert (ying.first_name, ying.last_name, ying.email) == ("英", "黄", "p0000@example.org")
    assert ying.address == "149 Therry Street\nMelbourne VIC 3019\nAustralia"
    assert (ying.group.name, ying.group.year_level, ying.group.is_staff) == ("11C", 11, False)
    assert Group.objects.get(name="STAFF").is_staff
    assert Patron.objects.filter(email="").count() == 66


def test_the_same_file_again_changes_nothing(said: list[Any]) -> None:
    """Nobody hears anything, either."""
    bring_in("patrons", sample("koha-patrons.csv"))

    plan = bring_in("patrons", sample("koha-patrons.csv"))

    assert figures(plan) == (600, 0, 0, 600, 0)
    assert said == []


@pytest.mark.parametrize(
    ("name", "read_as", "rows"),
    [
        ("koha-patrons-bom-crlf.csv", "Koha; UTF-8, commas", 40),
        ("bibliotech-patrons.xlsx", "BiblioTECH; XLSX", 300),
        ("microlibrarian-students-cp1252-semicolon.csv", "MicroLibrarian; Windows-1252, semicolons", 77),
        ("patrons-with-guardians.csv", "our own columns; UTF-8, commas", 240),
    ],
)
def test_the_exports_of_other_systems_are_understood(name: str, read_as: str, rows: int) -> None:
    """By their headers alone."""
    plan = bring_in("patrons", sample(name))

    assert plan.read_as == read_as
    assert figures(plan) == (rows, rows, 0, 0, 0)


def test_microlibrarian_names_keep_their_accents() -> None:
    """Windows-1252, and the year group says who is staff."""
    bring_in("patrons", sample("microlibrarian-students-cp1252-semicolon.csv"))

    assert Patron.objects.get(barcode="0000019").last_name == "Höfig"
    assert Group.objects.get(name="STAFF").is_staff
    assert Group.objects.get(name="10C").year_level == 10


def test_changes_are_made_and_said_by_cause(said: list[Any]) -> None:
    """Mia moved to 8A and Tom has another address; Grace is as she was."""
    mia = a_patron(barcode="P1", last_name="Chen", first_name="Mia", email="", group=a_group(name="7B"))
    tom = a_patron(barcode="P2", last_name="Okafor", first_name="Tom", email="old@example.org", group=mia.group)
    a_patron(barcode="P3", last_name="Lee", first_name="Grace", email="grace@example.org", group=mia.group)

    plan = bring_in(
        "patrons",
        HEADER + "P1,Chen,Mia,8A,\nP2,Okafor,Tom,7b,new@Example.ORG\nP3,Lee,Grace,7B,grace@example.org\n",
    )

    mia.refresh_from_db()
    tom.refresh_from_db()
    assert figures(plan) == (3, 0, 2, 1, 0)
    assert (mia.group.name, tom.group.name, tom.email) == ("8A", "7B", "new@example.org")
    assert said == [
        ("address", {"patron_ids": [tom.pk], "guardian_ids": []}),
        ("group", {"patron_ids": [mia.pk], "guardian_ids": []}),
    ]


def test_a_column_that_is_absent_leaves_what_is_on_file() -> None:
    """BiblioTECH's own way: a list of addresses for patrons who are there already."""
    mia = a_patron(barcode="P1", last_name="Chen", first_name="Mia", address="1 Wattle Road", known_as="Mimi")

    bring_in("patrons", "barcode,email\nP1,mia@example.org\n")

    mia.refresh_from_db()
    assert (mia.email, mia.last_name, mia.address, mia.known_as) == (
        "mia@example.org",
        "Chen",
        "1 Wattle Road",
        "Mimi",
    )


def test_what_it_does_to_letters_is_said_before(today: date) -> None:
    """Three addresses go; two of these patrons have something out, and one of them has a home to tell."""
    a_patron(barcode="P1", email="")
    a_patron(barcode="P2", email="a@example.org")
    a_patron(barcode="P3", email="b@example.org")
    a_loan(patron=a_patron(barcode="P4", email="c@example.org"), due=today)
    a_loan(patron=a_patron(barcode="P5", email="d@example.org", guardians=[a_guardian()]), due=today)
    file = imports.a_file(
        b"barcode,email\nP1,new@example.org\nP2,other@example.org\nP3,\nP4,\nP5,\n", kind="patrons", name="list.csv"
    )

    plan = imports.look_at(file, on=today, at=NOON)

    assert plan.notes == [
        "1 address new, so 1 more by email.",
        "1 address changed: what waits is written again.",
        "3 addresses gone; 2 of them have something out and get paper (1 can be told at home).",
    ]


def test_looking_changes_nothing(today: date, said: list[Any]) -> None:
    """A dry run of 600 patrons leaves no patron, no group and no file."""
    file = imports.a_file(sample("koha-patrons.csv"), kind="patrons", name="list.csv")

    plan = imports.look_at(file, on=today, at=NOON)

    assert figures(plan) == (600, 600, 0, 0, 0)
    assert (Patron.objects.count(), Group.objects.count(), ImportFile.objects.count()) == (0, 0, 0)
    assert said == []


def test_every_damaged_row_is_refused_in_a_sentence_and_nothing_is_applied() -> None:
    """Line, column, reason; the good rows wait for the others."""
    refusal = refusal_of("patrons", sample("damaged-patrons.csv"))

    assert reasons(refusal) == [
        "Line 3, cardnumber: There is no barcode, so nobody can be found by it.",
        "Line 4, email: “not an address” is not an email address. Correct it, or leave it empty.",
        "Line 5, cardnumber: Line 2 has the same barcode, for 英 黄. Both cannot have it.",
        "Line 6, surname: The last name holds a line break. It has to stand on one line.",
        "Line 8, email: “a@example.org, b@example.org” holds two addresses. Keep one.",
        'Line 10, firstname: “=HYPERLINK("x")” begins like a formula, as no first name does.',
        "Line 11, surname: The last name is 5,000 characters long; there is room for 120.",
        "Line 15: A quotation mark is opened here and never closed. Nothing down to line 16 could be read.",
    ]
    assert str(refusal) == "8 rows are refused, so nothing is applied. Correct the file, or leave them out."
    assert Patron.objects.count() == 0


def test_a_refused_file_is_kept_with_its_reasons() -> None:
    """So that somebody can look at it in the morning."""
    refusal_of("patrons", sample("damaged-patrons.csv"))

    kept = ImportFile.objects.get()
    assert (kept.state, kept.applied_at, kept.rows, kept.added) == ("refused", None, 13, 5)
    assert kept.refused[0] == {
        "line": 3,
        "key": "",
        "column": "cardnumber",
        "found": "",
        "reason": "There is no barcode, so nobody can be found by it.",
    }
    assert bytes(kept.content) == sample("damaged-patrons.csv")


def test_the_other_rows_are_applied_when_a_person_says_so() -> None:
    """A name that looks like a template or like HTML is text, and stays the text it is."""
    plan = bring_in("patrons", sample("damaged-patrons.csv"), skip_refused=True)

    assert figures(plan) == (13, 5, 0, 0, 8)
    assert Patron.objects.get(barcode="P100006").last_name == "{{ patron.barcode }}<script>alert(1)</script>"
    assert Patron.objects.get(barcode="P100009").email == "Spaces@example.org"
    assert Patron.objects.get(barcode="P100010").email == "p0010@schüler.example"


def test_bytes_of_no_character_set_refuse_their_row_alone() -> None:
    """A list in UTF-8 with one damaged name."""
    content = (HEADER + "P1,黄,英,7B,\nP2,Brontë,Emily,7B,\nP3,").encode() + b"\xff\xfe,X,7B,\n"

    assert reasons(refusal_of("patrons", content)) == [
        "Line 4, last_name: Some bytes here are in no character set. Export the list as UTF-8."
    ]


def test_control_characters_are_refused() -> None:
    """PostgreSQL could not even store the first."""
    assert reasons(refusal_of("patrons", HEADER + "P1,Ch\x00en,Mia,7B,\nP2,\x1b[31mLee,Tom,7B,\n")) == [
        "Line 2, last_name: The last name holds a control character, which no last name has.",
        "Line 3, last_name: The last name holds a control character, which no last name has.",
    ]


def test_nobody_is_added_without_a_name_and_a_group() -> None:
    """A list of addresses cannot make patrons."""
    a_patron(barcode="P1")

    assert reasons(refusal_of("patrons", "barcode,email\nP1,\nP2,a@example.org\n")) == [
        "Line 3, barcode: P2 is not on file, and this row has no name to add a patron with."
    ]
    assert reasons(refusal_of("patrons", HEADER + "P2,Chen,Mia,,\n")) == [
        "Line 2, group: P2 is not on file, and this row has no group to add a patron with."
    ]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("name,mail", "No column holds the barcode of each patron. The columns are: name, mail."),
        ("barcode,email,Email", "Two columns are called “Email”. Keep the one that is meant."),
    ],
)
def test_columns_that_cannot_be_used_are_named(header: str, sentence: str) -> None:
    """The file is refused as a whole."""
    assert str(refusal_of("patrons", f"{header}\na,b,c\n")) == sentence


def test_columns_matched_by_hand() -> None:
    """A system that nobody has heard of."""
    file = imports.a_file(b"Nr;Familie;Vorname;Klasse\nP1;Chen;Mia;7B\n", kind="patrons", name="liste.csv")
    chosen = {"Nr": "barcode", "Familie": "last_name", "Vorname": "first_name", "Klasse": "group"}

    file.chosen = chosen
    imports.apply(file, on=NOON.date(), at=NOON)

    assert list(Patron.objects.values_list("barcode", "first_name", "group__name")) == [("P1", "Mia", "7B")]


def test_who_is_no_longer_listed_stays_unless_asked(said: list[Any]) -> None:
    """Staff are excepted, and so are patrons who left."""
    group, staff = a_group(name="7B"), a_group(name="Staff", is_staff=True)
    a_patron(barcode="P1", last_name="Chen", first_name="Mia", email="", group=group)
    tom = a_patron(barcode="P2", group=group)
    a_patron(barcode="P3", group=staff)
    a_patron(barcode="P4", group=group, left_on=NOON.date())
    content = HEADER + "P1,Chen,Mia,7B,\n"

    stays = bring_in("patrons", content)
    moves = bring_in("patrons", content, unmatched=True)

    assert [(plan.unlisted, plan.unmatched) for plan in (stays, moves)] == [(1, 0), (1, 1)]
    assert [plan.notes for plan in (stays, moves)] == [
        [],
        ["1 patron on file, not in this list: they are moved to the group Unmatched."],
    ]
    assert dict(Patron.objects.values_list("barcode", "group__name")) == {
        "P1": "7B",
        "P2": "Unmatched",
        "P3": "Staff",
        "P4": "7B",
    }
    assert said == [("group", {"patron_ids": [tom.pk], "guardian_ids": []})]


def test_a_refused_row_still_says_that_its_patron_is_listed() -> None:
    """Only Tom is absent; Mia's row is merely wrong."""
    group = a_group(name="7B")
    a_patron(barcode="P1", group=group)
    a_patron(barcode="P2", group=group)

    plan = bring_in("patrons", HEADER + "P1,Chen,Mia,7B,nonsense\n", unmatched=True, skip_refused=True)

    assert plan.unmatched == 1
    assert Patron.objects.get(barcode="P1").group == group


def test_nobody_is_moved_when_a_refused_row_may_be_anybody() -> None:
    """A row without a barcode could be Tom's."""
    a_patron(barcode="P2", group=a_group(name="7B"))

    plan = bring_in("patrons", HEADER + ",Okafor,Tom,7B,\n", unmatched=True, skip_refused=True)

    assert plan.unmatched == 0
    assert plan.notes[-1] == (
        "1 patron on file, not in this list. Some refused rows do not say whose they are, so nobody is moved."
    )


def test_namesakes_under_other_barcodes_are_pointed_out() -> None:
    """The numbers of the school's office are not the numbers on the cards."""
    a_patron(barcode="P1", last_name="Chen", first_name="Mia")

    plan = bring_in("patrons", HEADER + "0000001,chen,mia,7B,\n")

    assert plan.notes[1] == (
        "1 new patron has the name of somebody on file under another barcode. Are these the numbers on the cards?"
    )


def test_who_was_erased_does_not_come_back_by_a_list() -> None:
    """The number is burnt."""
    a_patron(barcode="P1", last_name="", erased_at=NOON)

    assert reasons(refusal_of("patrons", HEADER + "P1,Chen,Mia,7B,\n")) == [
        "Line 2, barcode: Whoever had P1 was erased. Give this person another number."
    ]


def test_who_left_and_is_listed_all_the_same_is_pointed_out() -> None:
    """Somebody came back, or somebody's list is old."""
    a_patron(barcode="P1", last_name="Chen", first_name="Mia", email="", group=a_group(name="7B"), left_on=NOON.date())

    plan = bring_in("patrons", HEADER + "P1,Chen,Mia,7B,\n")

    assert plan.notes == ["1 patron in this list left, as far as we know. Nothing changes that."]
    assert Patron.objects.get().left_on == NOON.date()
