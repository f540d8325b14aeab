"""The shelf check on paper: a box to tick, the call number first, headings on every page, no row across pages."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from circulation.models import Loan
from library.access import Role
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)

MARGINS = {"top": "15mm", "bottom": "15mm", "left": "12mm", "right": "12mm"}


def test_the_printed_list(browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User]) -> None:
    """Seventy things that people say are back take more than one page; no button is on paper."""
    client.force_login(people[Role.LIBRARIAN])
    patron = a_patron(group=a_group())
    for number in range(70):
        item = an_item(call_number=f"{number:03} BIR", title=f"Birds of the Strait, volume {number}", author="P. Arden")
        due = timezone.localdate() - timedelta(days=9)
        a_loan(due=due, patron=patron, item=item, status=Loan.Status.SAYS_BACK, shelf_checks_left=3)

    with a_page(browser, live_server, client) as (page, complaints):
        page.goto("/due-notices/shelf-check/")
        pdf = page.pdf(format="A4", margin=MARGINS)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1000})  # what the margins leave of A4
        row = page.locator("tbody tr").first
        shown = [cell.inner_text() for cell in row.locator("td").all() if cell.is_visible()]
        looks = page.evaluate(
            """() => [["thead", "display"], ["tbody tr", "breakInside"], ["tbody tr", "display"]].map(
                ([one, look]) => getComputedStyle(document.querySelector(`.shelves ${one}`))[look])"""
        )
        box = row.locator(".box").bounding_box()

    assert len(re.findall(rb"/MediaBox", pdf)) > 1
    assert shown[:3] == ["", "000 BIR", "Birds of the Strait, volume 0\nP. Arden"]
    assert len(shown) == 5  # the box, call number, title, barcode and why: no button
    assert looks == ["table-header-group", "avoid", "table-row"]
    assert box is not None
    assert round(box["width"] * 25.4 / 96) == 4
    assert complaints == []
