"""The shelf check of a large library: by collection, page by page; the file has all of it (product.md, N16)."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from circulation.models import Collection, Item, Loan, Patron
from library import lists
from notices import forecast, kept_shelf_check
from notices.models import ShelfPlace
from notices.views import shelf_check as page
from tests.builders import a_group, a_loan, a_patron, an_item

ADDRESS = "/due-notices/shelf-check/"


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
        due = timezone.localdate() - timedelta(days=9)
        a_loan(due=due, patron=patron, item=item, status=Loan.Status.SAYS_BACK, shelf_checks_left=3)
    return fiction


def shown(client: Client, query: str = "") -> str:
    found = unescape(client.get(ADDRESS + query).content.decode()).replace("\u00a0", " ")
    return " ".join(found.split())


def rows(text: str) -> list[str]:
    return [f"F {number}" for number in range(6) if f">F {number}<" in text]


def made() -> list[int]:
    """The numbers of the places, along the shelves."""
    kept_shelf_check.make(on=timezone.localdate(), at=timezone.now())
    return list(ShelfPlace.objects.order_by("pk").values_list("pk", flat=True))


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
    kept_shelf_check.make(on=timezone.localdate(), at=at)

    text = shown(librarian)

    assert f"A new list is being worked out; this one is from {timezone.localtime(at):%H:%M}." in text
    assert rows(text) == ["F 0", "F 1"]


def test_page_by_page(librarian: Client, fiction: Collection) -> None:
    """The numbers are of all, the places of this page; the next one goes on along the shelves."""
    second_place = made()[1]

    first, second = shown(librarian), shown(librarian, f"?after={second_place}")

    assert "6 things to look for before the post goes. People say that 6 are back." in first
    assert [rows(first), rows(second)] == [["F 0", "F 1"], ["F 2", "F 3"]]
    assert f'href="?after={second_place}"' in first
    assert "Been along these shelves? 2 things that people say are back were not found." in first
    assert "Print 2 places" in first


def test_a_page_of_an_earlier_list_is_the_first_of_the_new_one(librarian: Client, fiction: Collection) -> None:
    """Two things of the first page were found, and a worker wrote the list again: nothing is passed over."""
    before = made()
    Loan.objects.filter(pk__in=Loan.objects.order_by("pk")[:2]).update(returned_on=timezone.localdate())
    after = made()

    text = shown(librarian, f"?after={before[1]}")

    assert set(before) & set(after) == set()
    assert rows(text) == ["F 2", "F 3"]


@pytest.mark.parametrize("way", ["after", "before"])
def test_all_of_a_page_was_found(librarian: Client, fiction: Collection, way: str) -> None:
    """Earlier and later pages still have places, so the list begins at its beginning, in the same collection."""
    places = made()
    found, there = (slice(2, 6), places[1]) if way == "after" else (slice(2), places[2])
    Loan.objects.filter(pk__in=Loan.objects.order_by("pk")[found]).update(returned_on=timezone.localdate())

    answer = librarian.get(f"{ADDRESS}?collection={fiction.pk}&{way}={there}")
    Loan.objects.update(returned_on=timezone.localdate())

    assert (answer.status_code, answer.headers["Location"]) == (302, f"{ADDRESS}?collection={fiction.pk}")
    assert "Nothing to look for" in shown(librarian, f"?collection={fiction.pk}")


def test_the_page_that_waits_asks_again(librarian: Client, fiction: Collection, asked: list[str]) -> None:
    """What was asked first may have expired behind a busy worker."""
    waiting = librarian.get(ADDRESS, headers={"HX-Request": "true"})
    asked_while_it_waits = list(asked)
    made()
    librarian.get(ADDRESS, headers={"HX-Request": "true"})

    assert waiting.status_code == 204
    assert asked_while_it_waits == asked == ["notices.write_down_the_shelf_check"]


def test_without_a_list_there_is_no_file(librarian: Client, fiction: Collection) -> None:
    """An empty one would say that nothing is to be looked for; the page says what it waits for."""
    assert "What to look for is being worked out." in shown(librarian, "?as=csv")


def test_finishing_what_the_printer_got(
    librarian: Client, fiction: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More places than Django reads fields of a form: all of them stand in one."""
    monkeypatch.setattr(lists, "PAGE", 50)
    patron = Patron.objects.get()
    today = timezone.localdate()
    items = Item.objects.bulk_create(Item(barcode=f"X{n}", title="Atlas", collection=fiction) for n in range(1195))
    Loan.objects.bulk_create(
        Loan(
            item=item, patron=patron, lent_on=today, due_on=today, due_set_on=today,
            status=Loan.Status.SAYS_BACK, shelf_checks_left=3,
        )
        for item in items
    )  # fmt: skip
    made()
    whole = shown(librarian, f"?collection={fiction.pk}&whole=1")
    [*_, places] = re.findall(r'name="place" value="([^"]+)"', whole)

    answer = librarian.post(f"{ADDRESS}finish/", {"place": places})

    assert (whole.count('name="place"'), answer.status_code) == (1, 302)
    assert Loan.objects.filter(item__collection=fiction, shelf_checks_left=2).count() == 1200
    assert Loan.objects.get(item__collection=None).shelf_checks_left == 3


def test_by_collection(librarian: Client, fiction: Collection) -> None:
    fourth_place = made()[3]

    last = shown(librarian, f"?collection={fiction.pk}&after={fourth_place}")

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
    second_place = made()[1]
    there = f"{ADDRESS}?collection={fiction.pk}&after={second_place}"
    third, fourth = Loan.objects.order_by("pk")[2:4]

    found = librarian.post(f"{ADDRESS}{third.pk}/found/", {"next": there})
    after = shown(librarian, f"?after={second_place}")
    finished = librarian.post(f"{ADDRESS}finish/", {"next": there, "place": f"{fourth.pk}-3"})

    assert [found.headers["Location"], finished.headers["Location"]] == [there, there]
    assert rows(after) == ["F 3", "F 4"]
    assert list(Loan.objects.open().order_by("pk").values_list("shelf_checks_left", flat=True)) == [3, 3, 2, 3, 3]


def test_nothing_to_look_for(librarian: Client, fiction: Collection) -> None:
    """In this collection, and at all."""
    empty = Collection.objects.create(name="Equipment")
    made()
    in_one = shown(librarian, f"?collection={empty.pk}")
    Loan.objects.update(returned_on=timezone.localdate())
    made()

    assert "Nothing needs to be looked for today in Equipment." in in_one
    assert "Nothing needs to be looked for today." in shown(librarian)
