"""The shelf check of a large library holds what a small one's would, in the same order (product.md, N16)."""

from datetime import date, timedelta
from typing import Any

import pytest

from circulation import desk
from circulation.models import Collection, Loan
from notices import compose, kept_shelf_check, shelf_check
from notices.models import KeptShelfCheck, RunSettings
from notices.shelf_check import Place
from tests.builders import a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock, morning_of, on_day, wording

pytestmark = pytest.mark.django_db


@pytest.fixture
def loans(today: date) -> list[Loan]:
    """Of every kind: to be told by email and on paper, said to be back, looked for often enough, not due, returned."""
    a_gateway_with_an_address()
    a_schedule(1, 7, goes_by_itself=True)
    wording(1, 2)
    RunSettings(pk=1, enabled=True, weekdays=list(range(7))).save()
    fiction, other = (Collection.objects.create(name=name) for name in ("Fiction", "Non-fiction"))
    kinds: list[tuple[str, Collection | None, dict[str, Any]]] = [
        ("F WIN", fiction, {"due": on_day(today, -7)}),
        ("f ada", fiction, {"due": on_day(today, -1), "patron": a_patron(email="")}),
        ("", fiction, {"due": on_day(today, -1)}),
        ("598 BIR", other, {"due": on_day(today, -1)}),
        ("598 ANT", other, {"due": on_day(today, -3), "status": Loan.Status.SAYS_BACK, "shelf_checks_left": 2}),
        ("598 CAT", other, {"due": on_day(today, -3), "status": Loan.Status.SAYS_BACK, "shelf_checks_left": 0}),
        ("None", None, {"due": on_day(today, -1)}),
        ("598 DOG", other, {"due": on_day(today, 9)}),
        ("598 EEL", other, {"due": on_day(today, -1), "returned": on_day(today, -1)}),
    ]
    return [
        a_loan(item=an_item(call_number=number, collection=collection, title=f"Book at {number}"), **fields)
        for number, collection, fields in kinds
    ]


def kept(on: date, *, collection: Collection | None = None) -> list[Place]:
    rows = kept_shelf_check.still_wanted(collection=collection.pk if collection else None).order_by("pk")
    return [kept_shelf_check.as_place(one) for one in rows]


def test_before_the_run(loans: list[Loan], today: date) -> None:
    kept_shelf_check.make(on=today, at=morning_of(today))

    assert [place.loan.item.call_number for place in kept(today)] == [
        "598 ANT",
        "598 BIR",
        "f ada",
        "F WIN",
        "None",
        "",
    ]
    assert kept(today) == shelf_check.places(on=today)


@pytest.mark.parametrize("composed", [False, True])
def test_after_the_run(loans: list[Loan], today: date, composed: bool) -> None:
    """While letters are planned, and while they wait in the outbox and for the printer."""
    by_the_clock(today)
    if composed:
        compose.write_planned(on=today)

    kept_shelf_check.make(on=today, at=morning_of(today))

    assert [place.why for place in kept(today)].count("Overdue 1 goes today") == 4
    assert kept(today) == shelf_check.places(on=today)


def test_by_collection(loans: list[Loan], today: date) -> None:
    """A part of the whole, in its order; the numbers add up."""
    kept_shelf_check.make(on=today, at=morning_of(today))
    numbers = kept_shelf_check.kept(on=today)

    fiction, other = Collection.objects.order_by("name")
    assert [place.loan.item.call_number for place in kept(today, collection=fiction)] == ["f ada", "F WIN", ""]
    assert numbers is not None
    assert [numbers.total(one) for one in (fiction.pk, other.pk, None)] == [3, 2, 6]
    assert (numbers.written_about(), numbers.said_to_be_back()) == (5, 1)


def test_what_was_found_is_not_looked_for_any_more(loans: list[Loan], today: date) -> None:
    """At once, although the list is as it was written down."""
    kept_shelf_check.make(on=today, at=morning_of(today))
    desk.take_back(loans[0], on=today, at=morning_of(today))
    desk.looked_for({loans[4].pk: 2})
    desk.looked_for({loans[4].pk: 1})

    assert [place.loan.item.call_number for place in kept(today)] == ["598 BIR", "f ada", "None", ""]


def test_a_worker_answers_all_who_ask(loans: list[Loan], today: date) -> None:
    """The second to come finds a fresh one; a new one takes the place of the old one."""
    first = morning_of(today)
    kept_shelf_check.make_if_stale(at=first)
    Loan.objects.filter(pk=loans[0].pk).update(returned_on=today)
    kept_shelf_check.make_if_stale(at=first + timedelta(minutes=1))
    made = [KeptShelfCheck.objects.get().made_at]
    kept_shelf_check.make_if_stale(at=first + timedelta(minutes=11))
    made.append(KeptShelfCheck.objects.get().made_at)

    assert made == [first, first + timedelta(minutes=11)]
    assert kept(today) == shelf_check.places(on=today)


def test_yesterdays_list_is_nobodys_errand(loans: list[Loan], today: date) -> None:
    kept_shelf_check.make(on=today, at=morning_of(today))

    assert kept_shelf_check.kept(on=today + timedelta(days=1)) is None
