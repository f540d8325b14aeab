"""BiblioTECH's "'Auto-Overdue' Emails", step by step, in a real browser against a running installation.

Where the manual opens Windows Explorer on the queue folder we open the outbox. Patrons and *General – Email Handling*
are edited in Django admin. The manual waits until the next day at 6:30; here the time is set two minutes ahead, and
beat, the worker and the clock are real. The letters are read in the test mailbox.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from circulation.models import Patron
from notices import presets
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.faults.installation import connecting_to
from tests.journeys.system import System, eventually

pytestmark = pytest.mark.slow

OURS = "helen+{}@banksia.example"
#: Seconds. The run is two minutes away at most, is looked for every 30 seconds, and a check comes every five.
UNTIL_THE_RUN = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One patron of the manual's test, and how the letter to them begins."""

    patron: Patron
    title: str
    subject: str


@pytest.fixture(scope="module")
def readers(system: System, django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Reader]]:
    """Due yesterday, three days ago and in three days; and Zayd, late as well, for whom nobody ticks the box."""
    with django_db_blocker.unblock(), connecting_to(system.database_url):
        on = timezone.localdate()
        group = a_group(name="7B", auto_send=False)
        presets.load("bibliotech", groups=[group])
        made = []
        for name, title, days, subject in (
            ("Mia", "Storm Boy", -1, "A library book to bring back"),
            ("Tom", "Blueback", -3, "A library book we are still missing"),
            ("Asha", "Nevermoor", 3, f"A library book is due on {on + timedelta(days=3):%A}"),
            ("Zayd", "Holes", -1, ""),
        ):
            patron = a_patron(first_name=name, last_name="Chen", group=group)
            a_loan(due=on + timedelta(days=days), patron=patron, item=an_item(title=title))
            made.append(Reader(patron=patron, title=title, subject=subject))
        yield made


def test_the_letters_come_by_themselves(page: Page, system: System, readers: list[Reader]) -> None:
    """Steps 1 to 6 of the manual, for three readers at once."""
    _set_up_the_gateway(page, system)
    mia, tom, asha, zayd = readers

    # 1: the folder that holds the email queue
    page.goto("/outbox/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Outbox")

    # 2: locate someone who has an overdue resource
    page.goto("/admin/circulation/loan/?q=" + mia.patron.barcode)
    expect(page.locator("#result_list")).to_contain_text("Storm Boy")

    # 3: their address, so that we receive it, and the box to enable auto-sending
    for reader in (mia, tom, asha):
        _edit(page, reader, email=OURS.format(reader.patron.pk), auto_send="yes")
    _edit(page, zayd, email=OURS.format(zayd.patron.pk), auto_send="no")
    _let_the_first_run_go_by_itself(page)

    # 4: General – Email Handling: Enable, and the time
    at = _soon()
    page.goto("/admin/notices/runsettings/1/change/")
    page.get_by_label("Daily run").check()
    page.get_by_label("On closed days").check()  # whatever day this is
    page.fill("#id_weekdays", "0,1,2,3,4,5,6")
    page.fill("#id_at", f"{at:%H:%M}:00")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text(f"Daily run at {at:%H:%M}")

    # 5: wait, then check your email; of the four late or nearly late, three have the box ticked
    mailbox = page.context.new_page()
    mailbox.goto(f"http://127.0.0.1:{system.mailbox}/")
    expect(mailbox.get_by_role("heading", level=1)).to_have_text("Test mailbox: 0 letters")
    page.goto("/outbox/?tab=sent")

    def three_are_sent() -> bool:
        page.reload()
        return page.locator(".tab[aria-current]").inner_text().startswith("3")

    assert eventually(three_are_sent, seconds=UNTIL_THE_RUN), system.said()
    for reader in (mia, tom, asha):
        mailbox.goto(f"http://127.0.0.1:{system.mailbox}/")
        mailbox.locator("li", has_text=OURS.format(reader.patron.pk)).get_by_role("link").click()
        expect(mailbox.get_by_role("heading", level=1)).to_have_text(reader.subject)
        expect(mailbox.locator("pre").first).to_contain_text(f"Hi {reader.patron.first_name},")
        expect(mailbox.locator("pre").first).to_contain_text(reader.title)
    mailbox.goto(f"http://127.0.0.1:{system.mailbox}/")
    expect(mailbox.locator("li")).to_have_count(3)

    # 6: reset the address
    _edit(page, mia, email=mia.patron.email, auto_send="group")


def _set_up_the_gateway(page: Page, system: System) -> None:
    """ "You should check that the SMTP Gateway is configured and operating correctly prior to enabling auto-send"."""
    page.goto("/gateway/")
    page.fill("#id_host", "127.0.0.1")
    page.fill("#id_port", str(system.smtp))
    page.select_option("#id_security", "none")
    page.fill("#id_from_name", "Banksia College Library")
    page.fill("#id_from_address", "library@banksia.example")
    page.fill("#id_test_to", OURS.format("test"))
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("button", name="Start the gateway").click()
    expect(page.locator("#pulse")).to_have_text("Gateway on")


def _edit(page: Page, reader: Reader, *, email: str, auto_send: str) -> None:
    page.goto("/admin/circulation/patron/?q=" + reader.patron.barcode)
    page.get_by_role("link", name=reader.patron.barcode).click()
    page.fill("#id_email", email)
    page.select_option("#id_auto_send", auto_send)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def _let_the_first_run_go_by_itself(page: Page) -> None:
    """Else it would be held for us: nobody has seen letters of this schedule before."""
    page.goto("/admin/notices/schedule/")
    page.get_by_role("link", name="BiblioTECH").click()
    page.get_by_label("The first run may go by itself").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def _soon() -> datetime:
    """The next minute but one, on the library's wall clock; not before midnight where it would be tomorrow's."""
    at = timezone.localtime() + timedelta(minutes=2)
    assert eventually(lambda: at.date() == timezone.localdate(), seconds=150)
    return at
