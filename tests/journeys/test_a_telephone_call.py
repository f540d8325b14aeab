"""A mother rings: what was said, why not, a step taken back, sorry, and a letter that did not come is sent again.

In a real browser against a running installation; her letters are read in the test mailbox.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from circulation.models import Patron
from notices import presets
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.faults.installation import connecting_to
from tests.journeys.system import System, eventually

pytestmark = pytest.mark.slow

OLD, NEW = "kim.chen@old.example", "kim.chen@new.example"
#: Seconds. Composing looks for work every few seconds, and so does the gateway.
A_LETTER = 90


@pytest.fixture(scope="module")
def children(system: System, django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Patron, Patron]]:
    """Mia and Tom, with one late book each and one mother."""
    with django_db_blocker.unblock(), connecting_to(system.database_url):
        on = timezone.localdate()
        group = a_group(name="5B", auto_send=True)
        presets.load("primary_school", groups=[group])
        kim = a_guardian(name="Kim Chen", salutation="Ms Chen", email=OLD)
        mia, tom = (
            a_patron(first_name=name, last_name="Chen", group=group, guardians=[kim]) for name in ("Mia", "Tom")
        )
        for child, title in ((mia, "Storm Boy"), (tom, "Blueback")):
            a_loan(due=on - timedelta(days=9), patron=child, item=an_item(title=title))
        yield mia, tom


def test_a_telephone_call(page: Page, system: System, children: tuple[Patron, Patron]) -> None:
    """Mia's book was on our shelf all the time; Tom's letter went to an address that nobody reads."""
    _set_up_the_gateway(page, system)
    mailbox = page.context.new_page()
    _this_mornings_letter(page)
    _has_come(mailbox, system, OLD, 1)

    # "You wrote to me about my daughter." Find the child
    page.goto("/")
    page.keyboard.press("/")
    expect(page.locator("[data-find]")).to_be_focused()
    page.keyboard.type("chen mi")
    page.keyboard.press("Enter")
    page.wait_for_url("**/find/**")
    page.locator("main").get_by_role("link", name=re.compile("Mia Chen")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mia Chen")

    # what was said, in our own words
    page.locator("#said").get_by_role("link", name="Overdue 1").click()
    expect(page.locator("main")).to_contain_text("Dear Ms Chen,")
    expect(page.locator("main")).to_contain_text("Storm Boy")
    letter = page.url

    # and why nothing more goes: the loan's own page
    page.get_by_role("link", name="Storm Boy").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Storm Boy")
    expect(page.locator("main")).to_contain_text("The daily run is off")

    # it is on our shelf: the step is taken back, and we are sorry
    page.get_by_role("link", name="Take Overdue 1 back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Take back 1\u00a0step?")
    page.get_by_label("Why").fill("It was on our shelf; her mother rang.")
    page.get_by_role("button", name="Take 1 back, write 1").click()
    expect(page.locator("main")).to_contain_text("1 step taken back.")
    expect(page.locator("main")).to_contain_text("1 correction is being written.")
    _has_come(mailbox, system, OLD, 2)
    mailbox.get_by_role("link", name="Sorry, our letter was a mistake").click()
    words = mailbox.locator("pre").first
    expect(words).to_contain_text("was wrong about this book")
    expect(words).to_contain_text("Mia (5B), 1 book")

    # "I had not seen the one about Tom." Her new address, and the letter once more: now about Tom's book alone
    page.goto(letter)
    page.locator("main").get_by_role("link", name="Kim Chen").first.click()
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("Email", exact=True).fill(NEW)
    page.get_by_role("button", name=re.compile("^Save")).click()
    page.goto(letter)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("main")).to_contain_text(f"A copy is written within a minute and goes to {NEW}.")
    _has_come(mailbox, system, NEW, 1)
    mailbox.locator("li", has_text=NEW).get_by_role("link").click()
    words = mailbox.locator("pre").first
    expect(words).to_contain_text("Blueback")
    expect(words).not_to_contain_text("Storm Boy")


def _set_up_the_gateway(page: Page, system: System) -> None:
    page.goto("/gateway/")
    page.fill("#id_host", "127.0.0.1")
    page.fill("#id_port", str(system.smtp))
    page.select_option("#id_security", "none")
    page.fill("#id_from_name", "Banksia College Library")
    page.fill("#id_from_address", "library@banksia.example")
    page.fill("#id_test_to", "helen@banksia.example")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("button", name="Start the gateway").click()
    expect(page.locator("#pulse")).to_have_text("Gateway on")


def _this_mornings_letter(page: Page) -> None:
    """One letter home about both children."""
    page.goto("/letters/")
    page.get_by_label("To", exact=True).select_option("Guardian")
    page.locator("details.picker summary").click()
    page.get_by_label("5B").check()
    page.locator("details.picker summary").click()
    page.get_by_role("button", name="Show letters").click()
    expect(page.get_by_role("heading", name="1 letter about 2 loans")).to_be_visible()
    page.get_by_role("button", name="Email 1").click()
    expect(page.get_by_role("status").first).to_have_text("1 letter put into the outbox.")


def _has_come(mailbox: Page, system: System, to: str, number: int) -> None:
    """So many letters to this address lie in the test mailbox, which is open then."""

    def lies_there() -> bool:
        mailbox.goto(f"http://127.0.0.1:{system.mailbox}/")
        return mailbox.locator("li", has_text=to).count() == number

    assert eventually(lies_there, seconds=A_LETTER), system.said()
