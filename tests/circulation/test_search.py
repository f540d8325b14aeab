"""Finding patrons, items and loans by what people type (product.md, C1 and C2)."""

from datetime import date

import pytest

from circulation import search
from tests.builders import a_loan, a_partner, a_patron, an_item

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "last", "typed"),
    [
        ("Mia", "Chen", "chen m"),
        ("Mia", "Chen", "MIA CHEN"),
        ("Tāmati", "Walker", "tamati"),
        ("Thảo", "Nguyễn", "nguyen thao"),
        ("Zoë", "Großmann", "grossmann"),
        ("Łukasz", "Sørensen", "lukasz sorensen"),
        ("Sinéad", "O’Brien", "obrien"),
        ("Sinéad", "O’Brien", "o'brien"),
        ("Sinéad", "O’Brien", "brien"),
        ("Anne-Marie", "Lee", "annemarie"),
        ("Anne-Marie", "Lee", "marie"),
        ("Ольга", "Ёлкина", "елкина"),
        ("明", "陳", "陳"),
    ],
)
def test_a_patron_is_found_by_the_beginning_of_any_word(first: str, last: str, typed: str) -> None:
    """In any order, in capitals or not, with accents or without."""
    wanted = a_patron(first_name=first, last_name=last, known_as="")
    a_patron(first_name="Zayd", last_name="Rahimi")

    found = list(search.patrons(typed, addresses=False))

    assert found == [wanted]


@pytest.mark.parametrize("typed", ["hen", "mia z", "", "  ", "!*&|:'", "mia & zayd"])
def test_what_begins_no_word_finds_nobody(typed: str) -> None:
    """The middle of a word, another word beside it, nothing at all, and signs that mean something to the database."""
    a_patron(first_name="Mia", last_name="Chen", barcode="P1002")

    found = list(search.patrons(typed, addresses=True))

    assert found == []


def test_a_patron_is_found_by_number_and_by_the_name_a_friend_would_use() -> None:
    """The beginning of the card's number, and *known as*, which is shown to nobody here."""
    mia = a_patron(first_name="Mia", last_name="Chen", known_as="Mimi", barcode="P100417")

    assert list(search.patrons("p1004", addresses=False)) == [mia]
    assert list(search.patrons("mimi", addresses=False)) == [mia]
    assert search.patron_by_number("p100417") == mia
    assert search.patron_by_number("P10041") is None


def test_an_address_finds_its_patron_for_librarians_only() -> None:
    """A desk helper who types one learns nothing."""
    mia = a_patron(first_name="Mia", last_name="Chen", email="mia.chen@students.example")

    assert list(search.patrons("mia.chen@students.example", addresses=True)) == [mia]
    assert list(search.patrons("mia.chen@students.example", addresses=False)) == []
    assert list(search.patrons("students", addresses=False)) == []


def test_who_was_erased_is_not_found_and_who_left_comes_last() -> None:
    """The row of an erased patron stays, empty or not."""
    left = a_patron(first_name="Ada", last_name="Chen", left_on=date(2026, 11, 20))
    here = a_patron(first_name="Mia", last_name="Chen")
    erased = a_patron(first_name="Tom", last_name="Chen", erased_at="2026-11-20T12:00Z")

    assert list(search.patrons("chen", addresses=True)) == [here, left]
    assert search.patron_by_number(erased.barcode) is None


def test_titles_find_items_for_librarians_only() -> None:
    """A desk helper finds an item by its number alone (product.md, S1)."""
    holes = an_item(title="Holes", author="Louis Sachar", call_number="A813.54 SAC", barcode="3000001530")

    assert list(search.items("sachar ho", titles=True)) == [holes]
    assert list(search.items("a813", titles=True)) == [holes]
    assert list(search.items("holes", titles=False)) == []
    assert list(search.items("30000015", titles=False)) == [holes]


def test_a_changed_name_is_found_at_once() -> None:
    """The database keeps the words; nobody has to remember to."""
    mia = a_patron(first_name="Mia", last_name="Chen")
    mia.last_name = "Perkins"
    mia.save()

    assert list(search.patrons("perkins", addresses=False)) == [mia]
    assert list(search.patrons("chen", addresses=False)) == []


def test_a_reference_number_finds_the_open_loan(today: date) -> None:
    """Ours or theirs, whole, in capitals or not; what came back is history."""
    out = a_loan(due=today, partner=a_partner(), our_reference="ILL-2041", their_reference="KU-7731")
    a_loan(due=today, returned=today, partner=a_partner(), our_reference="ILL-2041")

    assert list(search.open_loans_by_reference("ill-2041")) == [out]
    assert list(search.open_loans_by_reference("KU-7731")) == [out]
    assert list(search.open_loans_by_reference("KU-77")) == []


def test_what_a_scanner_adds_is_taken_away() -> None:
    """Some send a tab or a start sign before the number, and all of them an end of line."""
    assert search.cleaned("\t\x02P100417\r\n") == "P100417"


def test_a_number_as_it_is_goes_before_one_in_other_letters() -> None:
    """Two cards that differ in capitals only."""
    small, large = a_patron(barcode="p7", last_name="Abbott"), a_patron(barcode="P7", last_name="Zhang")

    assert (search.patron_by_number("p7"), search.patron_by_number("P7")) == (small, large)
