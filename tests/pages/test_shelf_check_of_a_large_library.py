"""The shelf check of a large library: by collection, page by page; the file has all of it (product.md, N16)."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from circulation.models import Collection, Loan
from library import lists
from notices import forecast, kept_shelf_check
from notices.views import shelf_check as page
from tests.builders import a_group, a_loan, a_patron, an_item

ADDRESS = "/due-notices/shelf-check/"
TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any library is a large one, and a page has two rows."""
    monkeypatch.setattr(forecast, "AT_ONCE", 0)
    monkeypatch.setattr(lists, "PAGE", 2)


@pytest.fixture
def fiction(db: None) -> Collection:
    """Five things in Fiction, one on no shelf of its own; people say that all of them are back."""
    fiction, patron = Collection.objects.create(name="Fiction"), a_patron(group=a_group())
    for number, collection in enumerate([fiction] * 5 + [None]):
        item = an_item(call_number=f"F {number}", title=f"Volume {number}", collection=collection)
        due = TODAY - timedelta(days=9)
        a_loan(due=due, patron=patron, item=item, status=Loan.Status.SAYS_BACK, shelf_checks_left=3)
    return fiction


def shown(client: Client, query: str = "") -> str:
    found = unescape(client.get(ADDRESS + query).content.decode()).replace("\u00a0", " ")
    return " ".join(found.split())


def rows(text: str) -> list[str]:
    return [f"F {number}" for number in range(6) if f">F {number}<" in text]


def made() -> None:
    kept_shelf_check.make(on=TODAY, at=timezone.now())


def test_it_waits_for_a_worker(librarian: Client, fiction: Collection) -> None:
    """The page asks again by itself until there is a list."""
    first = shown(librarian)
    waiting = librarian.get(ADDRESS, headers={"HX-Request": "true"})
    made()
    answered = librarian.get(ADDRESS, headers={"HX-Request": "true"})

    assert "What to look for is being worked out." in first
    assert 'hx-trigger="every 5s"' in first
    assert (waiting.status_code, answered.headers["HX-Refresh"]) == (204, "true")
    assert "hx-trigger" not in shown(librarian).partition('role="status"')[0].partition("Shelf check</h1>")[2]


def test_an_old_list_is_shown_until_there_is_a_new_one(librarian: Client, fiction: Collection) -> None:
    at = timezone.now() - timedelta(minutes=20)
    kept_shelf_check.make(on=timezone.localtime(at).date(), at=at)
    if timezone.localtime(at).date() != TODAY:
        pytest.skip("Yesterday's list is nobody's errand.")

    text = shown(librarian)

    assert f"A new list is being worked out; this one is from {timezone.localtime(at):%H:%M}." in text
    assert rows(text) == ["F 0", "F 1"]


def test_page_by_page(librarian: Client, fiction: Collection) -> None:
    """The numbers are of all, the places of this page; the next one goes on along the shelves."""
    made()

    first, second = shown(librarian), shown(librarian, "?after=2")

    assert "6 things to look for before the post goes. People say that 6 are back." in first
    assert [rows(first), rows(second)] == [["F 0", "F 1"], ["F 2", "F 3"]]
    assert 'href="?after=2"' in first
    assert "Been along these shelves? 2 things that people say are back were not found." in first
    assert "Print 2 places" in first


def test_by_collection(librarian: Client, fiction: Collection) -> None:
    made()

    last = shown(librarian, f"?collection={fiction.pk}&after=4")

    assert "5 things to look for in Fiction before the post goes." in last
    assert rows(last) == ["F 4"]


def test_what_one_person_can_walk_along_is_one_page_for_the_printer(
    librarian: Client, fiction: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to two thousand places; more only as a file."""
    made()
    offered, whole = shown(librarian), shown(librarian, f"?collection={fiction.pk}&whole=1")
    monkeypatch.setattr(page, "ON_ONE_PAGE", 4)
    not_offered, part = shown(librarian), shown(librarian, "?whole=1")

    assert ("All 6 on one page" in offered, "on one page" in not_offered) == (True, False)
    assert [rows(whole), rows(part)] == [["F 0", "F 1", "F 2", "F 3", "F 4"], ["F 0", "F 1"]]
    assert "Print 5 places" in whole
    assert "Been along all shelves?" in whole


def test_the_file_has_all_of_it(librarian: Client, fiction: Collection) -> None:
    """Without borrowers, like the page."""
    made()

    answer = librarian.get(f"{ADDRESS}?collection={fiction.pk}&as=csv")

    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "Call number,Title,Author,Collection,Barcode,Why"
    assert [line.split(",")[:2] for line in lines[1:]] == [[f"F {n}", f"Volume {n}"] for n in range(5)]


def test_found_and_finish_lead_back_to_the_same_part(librarian: Client, fiction: Collection) -> None:
    """What was found is gone at once; finishing counts what stood on this page and nothing else."""
    made()
    there = f"{ADDRESS}?collection={fiction.pk}&after=2"
    third, fourth = Loan.objects.order_by("pk")[2:4]

    found = librarian.post(f"{ADDRESS}{third.pk}/found/", {"next": there})
    after = shown(librarian, "?after=2")
    finished = librarian.post(f"{ADDRESS}finish/", {"next": there, "place": f"{fourth.pk}-3"})

    assert [found.headers["Location"], finished.headers["Location"]] == [there, there]
    assert rows(after) == ["F 3", "F 4"]
    assert list(Loan.objects.open().order_by("pk").values_list("shelf_checks_left", flat=True)) == [3, 3, 2, 3, 3]


def test_nothing_to_look_for(librarian: Client, fiction: Collection) -> None:
    """In this collection, and at all."""
    empty = Collection.objects.create(name="Equipment")
    made()
    in_one = shown(librarian, f"?collection={empty.pk}")
    Loan.objects.update(returned_on=TODAY)
    made()

    assert "Nothing needs to be looked for today in Equipment." in in_one
    assert "Nothing needs to be looked for today." in shown(librarian)
