"""The print queue on its pages: piles by class, print, mark as printed, print again, the size of the paper."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from circulation import desk
from circulation.models import Group, Loan
from library.access import Role
from library.models import Library
from notices import compose, scan, standing
from notices.models import Letter
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule


@pytest.fixture
def class_7b(db: None) -> Group:
    """Mia with two books and Tom with one, both without an address."""
    standing.set_up()
    a_gateway_with_an_address()
    a_schedule(1)
    group, late = a_group(name="7B", year_level=7), timezone.localdate() - timedelta(days=1)
    mia = a_patron(group=group, first_name="Mia", last_name="Chen", email="")
    tom = a_patron(group=group, first_name="Tom", last_name="Lee", email="")
    for patron, title in ((mia, "Holes"), (mia, "Blueback"), (tom, "Storm Boy")):
        a_loan(due=late, patron=patron, item=an_item(title=title))
    scan.run(on=timezone.localdate())
    compose.write_planned(on=timezone.localdate())
    return group


def page(client: Client, address: str, **query: object) -> str:
    return unescape(client.get(f"{address}?{urlencode(query)}").content.decode()).replace("\u00a0", " ")


def told(client: Client, address: str, posted: dict[str, object]) -> str:
    return unescape(client.post(address, posted, follow=True).content.decode()).replace("\u00a0", " ")


def on_the_page(shown: str) -> list[str]:
    """What the form would mark."""
    return re.findall(r'name="letter" value="(\d+-\d+)"', shown)


def test_piles_by_class_with_their_numbers(librarian: Client, class_7b: Group) -> None:
    """The same number in the sentence, in the table, on the button and in the spine."""
    shown = page(librarian, "/print-queue/")

    assert "2 letters wait for the printer." in shown
    assert '<span class="strong">7B</span><span class="sub">2 letters to patrons</span>' in shown
    assert "Print 2 letters" in shown
    assert '<span class="count">2<span class="visually-hidden"> to print</span></span>' in shown


def test_print_and_mark(librarian: Client, class_7b: Group, people: dict[Role, User]) -> None:
    """A cover sheet with names and counts but no title, two letters, and then nothing is left."""
    shown = told(librarian, "/print-queue/prepare/", {"pile": class_7b.pk})

    assert "2 letters for 7B" in shown
    assert "A cover sheet for each class, letters one a page." in shown
    cover, *letters = shown.split("<article")
    assert [title for title in ("Holes", "Blueback", "Storm Boy") if title in cover] == []
    assert re.findall(r'<td>(\w+ \w+)</td><td>By hand</td><td class="num">(\d)</td>', cover) == [
        ("Mia Chen", "2"),
        ("Tom Lee", "1"),
    ]
    assert ["<i>Storm Boy</i>" in letter for letter in letters] == [False, True]

    after = told(librarian, "/print-queue/mark/", {"letter": on_the_page(shown)})

    assert "2 letters marked as printed." in after
    assert "Nothing waits for the printer" in after
    assert set(Letter.objects.values_list("printed_by", flat=True)) == {people[Role.LIBRARIAN].pk}


def test_a_book_returned_before_printing_is_not_on_paper(librarian: Client, class_7b: Group) -> None:
    """Nobody told the program in time: the row itself says so."""
    Loan.objects.filter(item__title="Blueback").update(returned_on=timezone.localdate())

    shown = told(librarian, "/print-queue/prepare/", {})

    assert "1 letter written anew, as of today." in shown
    assert ("<i>Holes</i>" in shown, "Blueback" in shown) == (True, False)


def test_what_changed_since_is_not_marked_and_named(librarian: Client, class_7b: Group) -> None:
    shown = told(librarian, "/print-queue/prepare/", {})
    tom = Loan.objects.get(item__title="Storm Boy")
    desk.take_back(tom, on=timezone.localdate(), at=timezone.now())

    after = told(librarian, "/print-queue/mark/", {"letter": on_the_page(shown)})

    assert "1 letter marked as printed." in after
    assert "The letter to Tom Lee was taken back meanwhile. Take it out of the pile." in after


def test_a_second_librarian_is_told(librarian: Client, class_7b: Group, people: dict[Role, User]) -> None:
    """Before she prints, who opened the letters; when she marks, who was quicker."""
    other = Client()
    other.force_login(people[Role.ADMINISTRATOR])
    shown = told(other, "/print-queue/prepare/", {})

    mine = told(librarian, "/print-queue/prepare/", {})
    assert "Helen Marsh opened some of these letters for printing at" in mine
    assert "opened some of these letters" not in shown

    told(other, "/print-queue/mark/", {"letter": on_the_page(shown)})
    after = told(librarian, "/print-queue/mark/", {"letter": on_the_page(mine)})
    assert "2 letters had been marked as printed by Helen Marsh before: do not post them twice." in after


def test_print_again(librarian: Client, class_7b: Group) -> None:
    """By day and class, without a button to mark."""
    shown = told(librarian, "/print-queue/prepare/", {})
    told(librarian, "/print-queue/mark/", {"letter": on_the_page(shown)})
    today = timezone.localdate()

    listed = page(librarian, "/print-queue/", tab="printed")
    again = page(librarian, "/print-queue/print/", pile=class_7b.pk, day=today)

    assert "Print 2 again" in listed
    assert again.count("<i>Storm Boy</i>") == 1
    assert ("Mark 2 as printed" in again, on_the_page(again)) == (False, [])


def test_what_may_not_go_any_more_is_not_printed_again(librarian: Client, class_7b: Group) -> None:
    shown = told(librarian, "/print-queue/prepare/", {})
    told(librarian, "/print-queue/mark/", {"letter": on_the_page(shown)})
    desk.take_back(Loan.objects.get(item__title="Storm Boy"), on=timezone.localdate(), at=timezone.now())

    again = page(librarian, "/print-queue/print/", pile=class_7b.pk, day=timezone.localdate())

    assert "1 letter is not printed again" in again
    assert "Storm Boy" not in again


def test_pupils_letters_as_slips(librarian: Client, class_7b: Group) -> None:
    shown = page(librarian, "/print-queue/print/", pile=class_7b.pk, slips=1)

    assert "A cover sheet for each class, slips four a page." in shown
    assert re.findall(r'class="slip-name">([^<]+)<', shown) == ["Mia Chen, 7B", "Tom Lee, 7B"]


def test_the_size_of_the_paper_is_the_librarys(librarian: Client, class_7b: Group) -> None:
    said = told(librarian, "/print-queue/paper/", {"size": "letter"})

    assert "Letters are printed on Letter from now on." in said
    assert Library.the().paper == "letter"
    assert "paper-letter.css" in page(librarian, "/print-queue/print/")


@pytest.mark.parametrize(
    ("address", "posted"),
    [("paper", {"size": "parchment"}), ("mark", {}), ("mark", {"letter": "x"})],
)
def test_nonsense_is_refused(librarian: Client, address: str, posted: dict[str, object]) -> None:
    assert librarian.post(f"/print-queue/{address}/", posted).status_code == 400


def test_without_a_from_address_nothing_is_lost(librarian: Client, class_7b: Group) -> None:
    """A letter must be written again, and cannot be: it waits, and the page says what is missing."""
    Loan.objects.filter(item__title="Blueback").update(returned_on=timezone.localdate())
    a_gateway_with_an_address(from_address="")

    shown = told(librarian, "/print-queue/prepare/", {})

    assert "From address" in shown
    assert Letter.objects.to_print().count() == 2


def test_a_long_queue_costs_no_more_questions(librarian: Client, class_7b: Group) -> None:
    """As many queries for twelve letters as for two, on both pages."""

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as questions:
            librarian.get(address)
        return len(questions)

    addresses = ["/print-queue/", "/print-queue/print/"]
    before = [asked(address) for address in addresses]
    for _ in range(10):
        patron = a_patron(group=class_7b, email="")
        a_loan(due=timezone.localdate() - timedelta(days=1), patron=patron)
    scan.run(on=timezone.localdate())
    compose.write_planned(on=timezone.localdate())

    assert Letter.objects.to_print().count() == 12
    assert [asked(address) for address in addresses] == before
