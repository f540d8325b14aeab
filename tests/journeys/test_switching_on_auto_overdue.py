"""Auto-overdue for the first time: look at the forecast, switch the daily run on, read what is held, let it go.

In a real browser against a running installation; beat, the worker, the gateway and the clock are real, and the letters
are read in the test mailbox. The manual's own procedure is ``test_auto_overdue_emails``.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from circulation.models import Guardian
from notices import presets
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.faults.installation import connecting_to
from tests.journeys.system import System, eventually

pytestmark = pytest.mark.slow

#: Seconds. The run is two minutes away at most and is looked for every 30 seconds.
UNTIL_THE_RUN = 240
#: Seconds. Let go, a letter is written at the next look and sent at the next check.
UNTIL_SENT = 120


@pytest.fixture(scope="module")
def ngozi(system: System, django_db_setup: None, django_db_blocker: Any) -> Iterator[Guardian]:
    """Mia's mother; Mia has a book that was due a week ago, and another that is due in a fortnight."""
    with django_db_blocker.unblock(), connecting_to(system.database_url):
        on = timezone.localdate()
        mother = a_guardian(name="Ngozi Okafor", email="ngozi.okafor@home.example")
        mia = a_patron(first_name="Mia", last_name="Okafor", group=a_group(name="3B"), guardians=[mother])
        a_loan(due=on - timedelta(days=8), patron=mia, item=an_item(title="Storm Boy"))
        a_loan(due=on + timedelta(days=14), patron=mia, item=an_item(title="Blueback"))
        presets.load("primary_school")
        yield mother


def test_the_first_run_is_held_read_and_let_go(page: Page, system: System, ngozi: Guardian) -> None:
    """One letter, to one mother, once."""
    _set_up_the_gateway(page, system)

    # Before anything is switched on: what is missing, and the forecast
    page.goto("/runs/daily/")
    expect(page.locator(".lede")).to_have_text("It is off: nothing is written by itself.")
    expect(page.locator(".note-warn")).to_have_count(0)
    page.get_by_role("link", name="Look at the forecast").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Forecast")

    # General – Email Handling; nobody ticks that the first run may go by itself
    at = _soon()
    page.goto("/runs/daily/")
    page.fill("#id_at", f"{at:%H:%M}")
    for box in page.locator("[name=weekdays]").all():
        box.check()
    page.get_by_label("Also on closed days and in the holidays").check()
    expect(page.get_by_label("Primary school may go by itself")).not_to_be_checked()
    page.get_by_role("button", name="Switch the daily run on").click()
    expect(page.locator(".told")).to_contain_text("The daily run is on.")

    # The run comes, and waits for us
    def home_asks_us() -> bool:
        page.goto("/")
        return page.get_by_role("link", name="Look at them").count() == 1

    assert eventually(home_asks_us, seconds=UNTIL_THE_RUN), system.said()
    page.get_by_role("link", name="Look at them").click()
    expect(page.locator("main")).to_contain_text("It is the first run of the schedule Primary school.")
    mailbox = page.context.new_page()
    _expect_letters(mailbox, system, 0)

    # Read it as she will read it
    def it_is_written() -> bool:
        page.reload()
        return page.get_by_role("link", name="Read the letters as they will be").count() == 1

    assert eventually(it_is_written, seconds=UNTIL_SENT), system.said()
    page.get_by_role("link", name="Read the letters as they will be").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("To Ngozi Okafor")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Storm Boy")
    page.get_by_role("link", name="Text", exact=True).click()
    words = page.locator("pre.plain-text").inner_text()

    # Let it go; it arrives as it was read
    page.locator(".crumb a").click()
    page.get_by_role("button", name="Let them go 1").click()
    expect(page.locator(".told")).to_contain_text("1 letter on the way")

    def it_is_sent() -> bool:
        page.goto("/outbox/?tab=sent")
        return page.locator(".tab[aria-current]").inner_text().startswith("1")

    assert eventually(it_is_sent, seconds=UNTIL_SENT), system.said()
    _expect_letters(mailbox, system, 1)
    mailbox.locator("li", has_text=ngozi.email).get_by_role("link").click()
    arrived = mailbox.locator("pre").first.inner_text()
    assert " ".join(words.split()) in " ".join(arrived.split())

    # And nothing is said twice, however often the clock looks
    page.wait_for_timeout(35_000)
    _expect_letters(mailbox, system, 1)


def _set_up_the_gateway(page: Page, system: System) -> None:
    """A server, an address, started."""
    page.goto("/gateway/")
    page.fill("#id_host", "127.0.0.1")
    page.fill("#id_port", str(system.smtp))
    page.select_option("#id_security", "none")
    page.fill("#id_from_name", "Banksia Primary School Library")
    page.fill("#id_from_address", "library@banksia.example")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("button", name="Start the gateway").click()
    expect(page.locator("#pulse")).to_have_text("Gateway on")


def _expect_letters(mailbox: Page, system: System, number: int) -> None:
    mailbox.goto(f"http://127.0.0.1:{system.mailbox}/")
    expect(mailbox.locator("li")).to_have_count(number)


def _soon() -> datetime:
    """The next minute but one, on the library's wall clock; not before midnight where it would be tomorrow's."""
    at = timezone.localtime() + timedelta(minutes=2)
    assert eventually(lambda: at.date() == timezone.localdate(), seconds=150)
    return at
