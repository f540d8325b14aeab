"""An interlibrary loan both ways, with an extension and a recall (product.md, C4; ILLiad: Borrowing, Lending)."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from circulation.calendar import OpenDays
from circulation.models import Loan
from circulation.words import a_day
from library.access import Role
from notices import presets, scan
from notices.models import Audience, Letter
from tests.builders import a_group, a_partner, a_patron, an_item
from tests.pages.conftest import no_kept_connections, people  # noqa: F401
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_interlibrary_loan_both_ways(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
) -> None:
    """The Hobbit comes for Mia, is extended, recalled and goes home; Holes goes to Karri, is late, and comes back."""
    today = timezone.localdate()
    for preset in presets.PRESETS:
        if preset.startswith("illiad"):
            presets.load(preset)
    mia = a_patron(first_name="Mia", last_name="Chen", barcode="P100417", group=a_group(name="7B"))
    karri = a_partner(name="Karri University Library", post_days=5)
    an_item(title="Holes", barcode="303")
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, complaints):
        _borrow(page, due=today + timedelta(days=40))
        loan = Loan.objects.get(patron=mia)
        expect(page.get_by_text("ILL-17", exact=True).first).to_be_visible()

        _extension_is_asked(page, until=loan.due_on + timedelta(days=9))
        quiet = scan.run(on=loan.due_on + timedelta(days=3))
        assert quiet.letters == 0

        _agree(page, "They grant it", on=today + timedelta(days=60))
        loan.refresh_from_db()
        assert (loan.status, loan.due_to_lender) == (Loan.Status.ON_LOAN, today + timedelta(days=60))
        expect(page.get_by_text("Extended. It is due")).to_be_visible()

        _agree(page, "They recall it", on=today + timedelta(days=30))
        loan.refresh_from_db()
        assert (loan.status, loan.due_to_lender) == (Loan.Status.RECALLED, today + timedelta(days=30))
        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_text("It is back.")).to_be_visible()

        due = OpenDays.load().first_open(today + timedelta(days=7))
        _lend(page, due=due)
        lent = Loan.objects.get(partner=karri)
        scan.run(on=due + timedelta(days=1))
        assert list(Letter.objects.values_list("audience", "partner", "number")) == [(Audience.PARTNER, karri.pk, 1)]
        page.goto("/interlibrary-loans/?tab=lending")
        expect(page.get_by_role("cell", name="KAR-4")).to_be_visible()
        page.get_by_role("link", name="Holes").click()
        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_text("It is back.")).to_be_visible()

    lent.refresh_from_db()
    assert lent.returned_on == today
    assert list(Letter.objects.values_list("state", flat=True)) == [Letter.State.TAKEN_BACK]
    assert complaints == []


def _borrow(page: Page, *, due: date) -> None:
    page.goto("/interlibrary-loans/")
    page.get_by_role("link", name="Borrow for a reader").click()
    page.get_by_label("For", exact=True).fill("chen m")
    page.get_by_label("Library", exact=True).select_option(label="Karri University Library")
    page.get_by_label("Title", exact=True).fill("The Hobbit")
    page.get_by_label("Our number").fill("ILL-17")
    page.get_by_label("Their number").fill("K/998")
    page.get_by_label("Due to the library").fill(due.isoformat())
    page.get_by_role("button", name="Lend it to the reader").click()
    expect(page.get_by_text("The Hobbit is lent to Mia Chen, 7B, until")).to_be_visible()


def _extension_is_asked(page: Page, *, until: date) -> None:
    page.get_by_label("New status").select_option(label="Extension asked")
    page.get_by_label("Quiet until").fill(until.isoformat())
    page.get_by_role("button", name="Change the status").click()
    expect(page.get_by_text("Its status is extension asked now.")).to_be_visible()


def _agree(page: Page, button: str, *, on: date) -> None:
    page.get_by_label("New day, due to the library").fill(on.isoformat())
    page.get_by_role("button", name=button).click()


def _lend(page: Page, *, due: date) -> None:
    page.goto("/interlibrary-loans/lend/")
    page.get_by_label("Item", exact=True).fill("303")
    page.get_by_label("Library", exact=True).select_option(label="Karri University Library")
    page.get_by_label("Due back here").fill(due.isoformat())
    page.get_by_label("Their number").fill("KAR-4")
    page.get_by_role("button", name="Lend it to the library").click()
    until = a_day(due, on=timezone.localdate())
    expect(page.get_by_text(f"Holes is lent to Karri University Library, until {until}.")).to_be_visible()
