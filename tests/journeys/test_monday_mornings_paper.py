"""Monday morning's paper for three classes, in a real browser against a running installation (product.md, N10).

The run has found them, the worker writes, the spine says how many letters there are to print. A book comes back at the
desk while the first class is still to be printed; the printer is Chromium's own, to PDF.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from library.models import Library
from notices import scan
from notices.models import Step
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.faults.installation import connecting_to
from tests.journeys.system import System, eventually
from tests.notices.builders import a_gateway_with_an_address, a_schedule

pytestmark = pytest.mark.slow

CLASSES = {"7A": ("Asha", "Tom"), "7B": ("Mia", "Grace", "Zayd"), "8C": ("Ruby",)}
HOLES = "300417"
#: Seconds. The worker looks every thirty for letters to write.
WRITTEN = 120


@pytest.fixture(scope="module")
def letters(system: System, django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    """Six pupils without an address, Mia with two books; and Ruby's mother, who is written to by post."""
    with django_db_blocker.unblock(), connecting_to(system.database_url):
        today = timezone.localdate()
        late = today - timedelta(days=2)
        Library.objects.update(name="Banksia College Library", open_weekdays=list(range(7)))
        a_gateway_with_an_address()
        groups = [a_group(name=name, year_level=int(name[0])) for name in CLASSES]
        a_schedule(1, 20, groups=groups, who=Step.Who.BOTH)
        for group in groups:
            for name in CLASSES[group.name]:
                patron = a_patron(group=group, first_name=name, last_name="Chen", email="")
                a_loan(due=late, patron=patron, item=an_item(title="Blueback"))
                if name == "Mia":
                    a_loan(due=late, patron=patron, item=an_item(title="Holes", barcode=HOLES))
                if name == "Ruby":
                    patron.guardians.add(a_guardian(name="Ms Chen", email="", address="1 Elm Street\nTherry VIC 3019"))
        yield scan.run(on=today).letters


def test_mondays_paper(page: Page, letters: int) -> None:
    """Cover sheets, letters, one book less, marked, nothing left, and printed again."""
    page.goto("/print-queue/")

    def written() -> bool:
        page.reload()
        return page.locator(".tab[aria-current]").inner_text().startswith(f"{letters} ")

    # the spine says how many, and the piles stand by class, the youngest first
    assert eventually(written, seconds=WRITTEN)
    expect(page.locator(".spine .nav-a[aria-current] .count")).to_have_text(re.compile(rf"^{letters}\s"))
    expect(page.locator("tbody .strong")).to_have_text(["7A", "7B", "8C"])

    # 7A: a cover sheet with names and counts, and two letters, each on its page
    page.get_by_role("button", name="Print 2 letters for 7A").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 letters for 7A")
    expect(page.locator(".cover tbody tr")).to_have_count(2)
    expect(page.locator(".cover")).not_to_contain_text("Blueback")
    assert _pages(page) == 1 + 2
    page.get_by_role("button", name="Mark 2 as printed").click()
    expect(page.get_by_role("status").first).to_have_text("2 letters marked as printed.")
    expect(page.locator("tbody .strong")).to_have_text(["7B", "8C"])

    # a book of 7B comes back at the desk: at once, it is not on paper
    page.goto("/desk/")
    page.locator("#scan input[name=scan]").press("F4")
    page.locator("#scan input[name=scan]").fill(HOLES)
    page.locator("#scan input[name=scan]").press("Enter")
    expect(page.locator("main")).to_contain_text("Holes")
    page.goto("/print-queue/")
    page.get_by_role("button", name=re.compile("^Print . letters? for 7B$")).click()
    mia = page.get_by_role("article", name="Letter to Mia Chen")
    expect(mia).to_contain_text("Blueback")
    expect(page.locator("main")).not_to_contain_text("Holes")

    # as slips: one page for the three of them, and only the name outside
    page.get_by_role("link", name="Pupils’ letters as slips").click()
    expect(page.locator(".slip-name")).to_have_text(["Grace Chen, 7B", "Mia Chen, 7B", "Zayd Chen, 7B"])
    assert _pages(page) == 1 + 1
    page.get_by_role("button", name="Mark 3 as printed").click()

    # 8C: Ruby's by hand, her mother's by post with the address in the window
    page.get_by_role("button", name="Print 2 letters for 8C").click()
    by_post = page.get_by_role("article", name="Letter to Ms Chen")
    expect(by_post.locator(".window span")).to_have_text(["Ms Chen", "1 Elm Street", "Therry VIC 3019"])
    expect(page.get_by_role("article", name="Letter to Ruby Chen").locator(".window span")).to_have_text(
        ["By hand", "Ruby Chen, 8C"]
    )
    page.get_by_role("button", name="Mark 2 as printed").click()

    # nothing is left, neither here nor in the spine; what was printed can be printed again
    expect(page.get_by_role("heading", name="Nothing waits for the printer")).to_be_visible()
    expect(page.locator(".spine .nav-a[aria-current] .count")).to_have_count(0)
    page.get_by_role("link", name="Print earlier letters again").click()
    expect(page.get_by_role("heading", name="7 letters printed on")).to_be_visible()
    page.get_by_role("link", name="Print 2 again for 7A").click()
    expect(page.get_by_role("article")).to_have_count(2)
    assert _pages(page) == 1 + 2
    expect(page.get_by_role("button", name=re.compile("^Mark"))).to_have_count(0)


def _pages(page: Page) -> int:
    """How many pages come out of the printer."""
    return len(re.findall(rb"/MediaBox", page.pdf(prefer_css_page_size=True)))
