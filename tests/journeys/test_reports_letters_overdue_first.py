"""BiblioTECH's "Reports – Configuration and Testing", step by step, in a real browser against a running installation.

Where the manual opens Windows Explorer on the queue folder we open the outbox: ``.tmp`` is *Waiting*, gone is *Sent*.
Where it opens Patrons Manager we open *Patrons*.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.faults.installation import connecting_to
from tests.journeys.system import System, eventually
from tests.smtp_gateway.scripted import ScriptedServer

pytestmark = pytest.mark.slow

MINE, HERS = "helen@banksia.example", "mia.chen@students.example"
#: Milliseconds. A check comes within seconds of the gateway's start, and then as often as the throttle lets it.
A_CHECK = 30_000


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


def test_letters_overdue_first(page: Page, system: System, server: ScriptedServer) -> None:
    """A patron with something overdue in a group TEST, the report for that group, Email, the queue, and the letter."""
    _a_library(system)
    doors = threading.Event()

    def nobody_is_let_in_until_we_looked(_: str) -> None:
        doors.wait(60)

    server.answers["banner"] = nobody_is_let_in_until_we_looked
    _start_the_gateway(page, server, doors)

    # 1: the email queue folder
    folder = page.context.new_page()
    folder.goto("/outbox/?tab=waiting")
    expect(folder.locator(".tab[aria-current]")).to_have_text("0 waiting")

    # 2: a patron who has overdue resources
    page.goto("/desk/")
    page.locator("#scan input[name=scan]").fill("P100417")
    page.locator("#scan input[name=scan]").press("Enter")
    expect(page.get_by_role("heading", name="Mia Chen")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Storm Boy")

    # 3: a new group TEST; the patron is re-assigned, with an address of ours (and what was there is noted)
    page.goto("/groups/add/")
    page.get_by_label("Name", exact=True).fill("TEST")
    page.get_by_role("button", name="Add this group").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("TEST")
    assert _change_patron(page, group="TEST", email=MINE) == ("7B", HERS)

    # 4: the report Letters – Overdue First for the TEST group; looking at it makes no mail
    page.goto("/letters/")
    page.get_by_label("Letter", exact=True).select_option("Overdue, first")
    page.get_by_label("To", exact=True).select_option("Patron")
    page.locator("details.picker summary").click()
    page.get_by_label("TEST").check()
    page.locator("details.picker summary").click()
    page.get_by_role("button", name="Show letters").click()
    expect(page.get_by_role("heading", name="1 letter about 1 loan")).to_be_visible()
    expect(page.locator("tbody [data-row]")).to_contain_text(MINE)
    letter = page.frame_locator("#letter iframe")
    expect(letter.locator("body")).to_contain_text("Hi Mia")
    expect(letter.locator("body")).to_contain_text("Storm Boy")
    folder.reload()
    expect(folder.locator(".tab[aria-current]")).to_have_text("0 waiting")

    # 5: Email. The message appears in the queue, and after a short while it is gone
    page.get_by_role("button", name="Email 1").click()
    expect(page.get_by_role("status").first).to_have_text("1 letter put into the outbox.")
    folder.goto("/outbox/?tab=waiting")
    expect(folder.locator(".tab[aria-current]")).to_have_text("1 waiting")
    expect(folder.locator("tbody [data-label=To]")).to_contain_text(MINE)
    doors.set()
    expect(folder.locator(".tab[aria-current]")).to_have_text("0 waiting", timeout=A_CHECK)
    folder.goto("/outbox/?tab=sent")
    expect(folder.locator("tbody [data-label=State]")).to_contain_text("Sent", timeout=A_CHECK)

    # 6: it came; and the patron's group and address are put back
    [mail] = [mail for mail in server.received if mail.to == MINE]
    assert (mail.sender, b"Storm Boy" in mail.content) == ("library@banksia.example", True)
    assert _change_patron(page, group="7B", email=HERS) == ("TEST", MINE)

    # and it is not said again: the loan stays out of the same report for the group that she is in now
    page.goto("/letters/")
    page.locator("details.picker summary").click()
    page.get_by_label("7B").check()
    page.locator("details.picker summary").click()
    page.get_by_role("button", name="Show letters").click()
    expect(page.get_by_role("heading", name="Nobody gets this letter")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Overdue 1 was said on")


@pytest.fixture(scope="module")
def two_classes(system: System, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In each of 8B and 8C one child, and one parent, with an email address and one without."""
    with django_db_blocker.unblock(), connecting_to(system.database_url):
        due = timezone.localdate() - timedelta(days=2)
        for name in ("8B", "8C"):
            for first, email in (("Ruby", f"ruby.{name}@students.example"), ("Zayd", "")):
                home = a_guardian(name=f"Parent of {first}", email=email.replace("students", "home"))
                child = a_patron(
                    group=a_group(name=name), first_name=first, last_name="Lee", email=email, guardians=[home]
                )
                a_loan(due=due, patron=child, item=an_item(title=f"Holes {name}"))
        yield


@pytest.mark.parametrize(
    ("group", "variant", "to", "words"),
    [
        ("8B", "Patron", "ruby.8B@students.example", "Holes 8B"),
        ("8C", "Guardian", "ruby.8C@home.example", "Ruby (8C), 1 book"),  # no step says that the title may be told
    ],
)
def test_both_variants_printed_and_emailed(
    page: Page, system: System, server: ScriptedServer, two_classes: None, group: str, variant: str, to: str, words: str
) -> None:
    """The report for a class, to the patrons or to their parents: by email, and print for the rest."""
    _choose(page, group=group, variant=variant)
    expect(page.get_by_role("heading", name="2 letters about 2 loans")).to_be_visible()
    shown = page.frame_locator("#letter iframe").locator("body").inner_text()

    page.get_by_role("button", name="Email 1, print 1").click()
    expect(page.get_by_role("status").first).to_have_text(
        "1 letter put into the outbox. 1 letter put into the print queue."
    )
    page.get_by_role("link", name="Print queue").last.click()
    row = page.locator("tbody tr", has_text=group)
    expect(row).to_contain_text("1 letter")

    assert eventually(lambda: [mail for mail in server.received if mail.to == to] != [], seconds=A_CHECK / 1000)
    [mail] = [mail for mail in server.received if mail.to == to]
    assert words in shown
    assert words.encode() in mail.content


def _choose(page: Page, *, group: str, variant: str) -> None:
    page.goto("/letters/")
    page.get_by_label("Letter", exact=True).select_option("Overdue, first")
    page.get_by_label("To", exact=True).select_option(variant)
    page.locator("details.picker summary").click()
    page.get_by_label(group, exact=True).check()
    page.locator("details.picker summary").click()
    page.get_by_role("button", name="Show letters").click()


def _a_library(system: System) -> None:
    """Mia Chen of 7B, and a book that was due two days ago."""
    due = timezone.localdate() - timedelta(days=2)
    patrons, loans = Path(system.folder.parent / "patrons.csv"), Path(system.folder.parent / "loans.csv")
    patrons.write_text(f"barcode,first name,last name,group,email\nP100417,Mia,Chen,7B,{HERS}\n")
    loans.write_text(
        "patron barcode,barcode,title,author,borrowed,due\n"
        f"P100417,300417,Storm Boy,Colin Thiele,{due - timedelta(days=14)},{due}\n"
    )
    system.command("import_patrons", str(patrons))
    system.command("import_loans", str(loans))


def _start_the_gateway(page: Page, server: ScriptedServer, doors: threading.Event) -> None:
    page.goto("/gateway/")
    page.fill("#id_host", "127.0.0.1")
    page.fill("#id_port", str(server.port))
    page.select_option("#id_security", "none")
    page.fill("#id_from_name", "Banksia College Library")
    page.fill("#id_from_address", "library@banksia.example")
    page.fill("#id_test_to", MINE)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").first).to_have_text("Settings saved. They count from now on.")
    doors.set()
    page.get_by_role("button", name="Start the gateway").click()
    expect(page.locator("#pulse")).to_have_text("Gateway on")
    doors.clear()


def _change_patron(page: Page, *, group: str, email: str) -> tuple[str, str]:
    """Give Mia this group and address; the ones that she had."""
    page.goto("/patrons/")
    page.get_by_role("link", name="Mia Chen").first.click()
    page.get_by_role("link", name="Edit").first.click()
    had = (page.locator("#id_group option:checked").inner_text(), page.input_value("#id_email"))
    page.get_by_label("Group", exact=True).select_option(group)
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_role("button", name="Save Mia Chen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mia Chen")
    return had
