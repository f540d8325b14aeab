"""The busy desk in a real browser: axe and narrow screens (the empty one is in the crawl)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from circulation.models import Loan
from library.access import Role
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.pages.in_a_browser import Theme, a_page
from tests.pages.test_every_page_in_a_browser import looked_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_busy_desk_is_well_in_a_browser(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],
    theme: Theme,
) -> None:
    """A patron with loans of every look, a refusal with its deed, a choice, a date to choose, and the list."""
    patron = _a_patron_with_everything()
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client, theme=theme) as (page, complaints):
        for scans in (["P100417", "303", "301"], ["301", "chen"], ["P200", "303"]):
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(f"/desk/?patron={patron}")
            for text in scans:
                _scan(page, text)
            complaints += [f"after {scans}: {found}" for found in looked_at(page)]

    assert complaints == []


def _a_patron_with_everything() -> int:
    today = timezone.localdate()
    seven_b, term_is_over = a_group(name="7B"), a_group(name="12A", last_due_date=today - timedelta(days=1))
    mia = a_patron(first_name="Mia", last_name="Chen", barcode="P100417", group=seven_b)
    a_patron(first_name="Leo", last_name="Chen", group=seven_b, left_on=today)
    a_patron(first_name="Ada", last_name="Okafor", barcode="P200", group=term_is_over)
    for days, status in ((-14, "on_loan"), (3, "on_loan"), (12, "billed"), (12, "says_back"), (12, "no_letters")):
        a_loan(patron=mia, due=today + timedelta(days=days), status=Loan.Status(status), renewals=2)
    a_loan(item=an_item(title="A Chen family history", barcode="301"), due=today)
    an_item(title="Blueback", barcode="303")
    return mia.pk


def _scan(page: Page, text: str) -> None:
    page.locator("#scan-field").fill(text)
    with page.expect_response("**/desk/scan/"):
        page.keyboard.press("Enter")
    expect(page.locator("#desk")).not_to_have_attribute("aria-busy", "true")
