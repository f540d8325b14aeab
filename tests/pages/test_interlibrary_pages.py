"""Interlibrary loans on their pages: hidden at first, two lists, and sentences for what cannot be (product.md, C4)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import Loan
from tests.builders import a_group, a_loan, a_partner, a_patron, an_item

pytestmark = pytest.mark.django_db


def _areas(client: Client) -> list[str]:
    frame = client.get(reverse("home")).context["frame"]
    return [area.key for section in frame.spine for area in section.areas]


def _titles(client: Client, **asked: object) -> list[str]:
    page = client.get(reverse("interlibrary"), asked).context["list"]
    return [loan.item.title for loan in page.things]


def test_the_area_appears_with_the_first_partner_library(librarian: Client) -> None:
    """Most schools never need it."""
    before = _areas(librarian)
    a_partner()

    after = _areas(librarian)

    assert set(after) - set(before) == {"interlibrary-loans"}


def test_borrowing_and_lending_are_two_lists(librarian: Client) -> None:
    """By the nearest day first; what came back stands in neither, and loans of our own readers neither."""
    today, karri = timezone.localdate(), a_partner()
    theirs = an_item(title="The Hobbit", owner=karri)
    a_loan(due=today, item=theirs, service="ill_borrowing", patron=a_patron())
    a_loan(due=today, item=an_item(title="Holes"), partner=karri)
    a_loan(due=today - timedelta(days=1), item=an_item(title="Blueback"), partner=karri)
    a_loan(due=today, item=an_item(title="Storm Boy"), partner=karri, returned=today)
    a_loan(due=today, item=an_item(title="Nevermoor"))

    lists = _titles(librarian), _titles(librarian, tab="lending")

    assert lists == (["The Hobbit"], ["Blueback", "Holes"])


@pytest.mark.parametrize("words", ["ILL-17", "K/998", "hobb"])
def test_a_loan_is_found_by_either_number_and_by_its_title(librarian: Client, words: str) -> None:
    """What stands on the slip is what is typed."""
    today, karri = timezone.localdate(), a_partner()
    numbers = {"our_reference": "ILL-17", "their_reference": "K/998"}
    a_loan(due=today, item=an_item(title="The Hobbit", owner=karri), service="ill_borrowing", **numbers)
    a_loan(due=today, item=an_item(title="Emma", owner=karri), service="ill_borrowing", our_reference="ILL-18")

    found = _titles(librarian, q=words)

    assert found == ["The Hobbit"]


def test_what_cannot_be_is_said_under_its_field(librarian: Client) -> None:
    """Nobody of that name, two of that name, no number at all, a day that has passed."""
    karri = a_partner()
    a_patron(first_name="Mia", last_name="Chen", barcode="P1", group=a_group(name="7B"))
    a_patron(first_name="Max", last_name="Chen", barcode="P2", group=a_group(name="7B"))
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    typed = {"partner": karri.pk, "title": "The Hobbit", "due_to_lender": yesterday}

    refused = [
        librarian.post(reverse("interlibrary-borrow"), typed | {"reader": reader}).context["form"].errors
        for reader in ("chen", "nobody")
    ]

    assert refused[0]["reader"] == [
        "More than one fits: Max Chen, 7B (P2); Mia Chen, 7B (P1). Type the number on the card."
    ]
    assert refused[1]["reader"] == ["Nobody on file has the number or name nobody."]
    assert refused[0]["barcode"] == ["Give it a barcode, or our number: it must be found again when it comes back."]
    assert refused[0]["due_to_lender"][0].endswith("is not a later day than today.")
    assert list(Loan.objects.all()) == []


def test_both_lists_can_be_taken_away_as_a_file(librarian: Client) -> None:
    """With both numbers in columns of their own; a formula stays text."""
    today, karri = timezone.localdate(), a_partner(name="Karri")
    a_loan(due=today, item=an_item(title="=1+1"), partner=karri, our_reference="L-4", their_reference="@x")

    file = librarian.get(reverse("interlibrary"), {"tab": "lending", "as": "csv"})
    lines = b"".join(file).decode("utf-8-sig").splitlines()

    assert lines == [
        "Item,Our number,Their number,Library,Due back,Status,Conditions",
        f"'=1+1,L-4,'@x,Karri,{today.isoformat()},On loan,",
    ]
