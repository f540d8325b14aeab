"""The field at the top of every page (ui.md, Page anatomy)."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import Item, Loan, Patron
from library.access import Role
from tests.builders import a_group, a_guardian, a_loan, a_partner, a_patron, an_item


@pytest.fixture
def mia(db: None) -> Patron:
    group = a_group(name="7B")
    return a_patron(first_name="Mia", last_name="Chen", barcode="P1002", email="mia@students.example", group=group)


@pytest.fixture
def storm_boy(db: None) -> Item:
    return an_item(title="Storm Boy", author="Colin Thiele", barcode="3000001204")


@pytest.fixture
def borrowed(mia: Patron, storm_boy: Item) -> Loan:
    partner = a_partner()
    return a_loan(
        due=timezone.localdate(),
        patron=mia,
        item=an_item(owner=partner),
        service="ill_borrowing",
        our_reference="ILL-7",
    )


def test_words_find_people_and_things(librarian: Client, mia: Patron, storm_boy: Item) -> None:
    """The beginning of each word, in any order; an address; a title."""
    found = {}
    for words in ("chen m", "mia@students.example", "storm", "nobody"):
        page = librarian.get("/find/", {"q": words}).context["found"]
        found[words] = (page.patrons, page.items)

    assert found == {
        "chen m": ([mia], []),
        "mia@students.example": ([mia], []),
        "storm": ([], [storm_boy]),
        "nobody": ([], []),
    }


def test_a_whole_number_opens_its_page(librarian: Client, mia: Patron, storm_boy: Item, borrowed: Loan) -> None:
    """A card, a barcode, a reference number; capitals do not matter."""
    pages = [librarian.get("/find/", {"q": number}).headers["Location"] for number in ("p1002", "3000001204", "ILL-7")]

    assert pages == [
        reverse("patron", args=[mia.pk]),
        reverse("item", args=[storm_boy.pk]),
        reverse("loan", args=[borrowed.pk]),
    ]


def test_a_number_of_two_things_shows_both(librarian: Client, mia: Patron) -> None:
    """A card and a book share it."""
    book = an_item(barcode="P1002")

    page = librarian.get("/find/", {"q": "P1002"}).context["found"]

    assert (page.patrons, page.items) == ([mia], [book])


def test_parents_are_found_too(librarian: Client) -> None:
    """Somebody telephones about a letter."""
    ngozi = a_guardian(name="Ngozi Okafor", email="ngozi@home.example")

    found = [librarian.get("/find/", {"q": words}).context["found"].guardians for words in ("okafor", "ngozi@home")]

    assert found == [[ngozi], [ngozi]]


@pytest.mark.parametrize("words", ["", "   ", "'", "%%%"])
def test_nothing_finds_nothing(librarian: Client, mia: Patron, words: str) -> None:
    """The field was sent empty, or with a cat on the keyboard."""
    page = librarian.get("/find/", {"q": words})

    assert (page.status_code, page.context["found"].is_empty) == (200, True)


def test_desk_helpers_have_the_desk(client: Client, people: dict[Role, User], mia: Patron) -> None:
    """No search by address or title: not on their pages, nor by its address."""
    client.force_login(people[Role.DESK_HELPER])

    page, answer = client.get("/desk/").content.decode(), client.get("/find/", {"q": "mia@students.example"})

    assert 'action="/find/"' not in page
    assert answer.status_code == 403
