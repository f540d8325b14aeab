"""Paper as it leaves the browser: one letter a page, the address in the window, slips of which only the name shows.

Chromium prints the page to PDF as the print dialog does; places are measured in its print layout, in millimetres.
"""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from circulation.models import Group, Loan
from library.access import Role
from library.models import Library, Paper
from notices import compose, scan, standing
from notices.models import Step
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)

PX_TO_MM = 25.4 / 96
PAGES = {Paper.A4: (210.0, 297.0), Paper.LETTER: (215.9, 279.4)}
MEASURE = """selector => [...document.querySelectorAll(selector)].map((one) => {
    const box = one.getBoundingClientRect();
    const sheet = one.closest(".sheet").getBoundingClientRect();
    return { left: box.left - sheet.left, top: box.top - sheet.top, width: box.width, height: box.height,
             over: Math.max(one.scrollHeight - one.clientHeight, 0),
             size: parseFloat(getComputedStyle(one).fontSize) };
})"""

Box = dict[str, float]


@pytest.fixture
def class_7b(db: None) -> Group:
    """Seven letters by hand, one to a home by post with a long address, and one in a script that is wide."""
    standing.set_up()
    a_gateway_with_an_address()
    library = Library.the()
    library.name, library.phone = "Banksia College Library", "03 5550 1234"
    library.address = "1 Wattle Road\nTherry VIC 3019"
    library.save()
    pupils, home = a_group(name="7B", year_level=7), a_group(name="7C", year_level=7)
    a_schedule(1, 20, groups=[pupils])
    a_schedule(1, 20, groups=[home], who=Step.Who.GUARDIANS, name="Home")
    late = timezone.localdate() - timedelta(days=3)
    for number in range(6):
        pupil = a_patron(group=pupils, email="", first_name="Mia", last_name=f"Chen-{number}")
        a_loan(due=late, patron=pupil, item=an_item(title="Holes", author="Louis Sachar"))
    wide = a_patron(group=pupils, email="", first_name="李", last_name="明明")
    a_loan(due=late, patron=wide, item=an_item(title="三体" * 8, author="刘慈欣"))
    address = "Flat 12, Wattle Court\n7 Elm Street\nTherry VIC 3019"
    mother = a_guardian(name="Ms Ngozi Okafor", email="", address=address)
    child = a_patron(group=home, first_name="Asha", last_name="Okafor", guardians=[mother])
    for title in ("Blueback", "Storm Boy", "Nevermoor"):
        a_loan(due=late, patron=child, item=an_item(title=title, author="Tim Winton"))
    scan.run(on=timezone.localdate())
    compose.write_planned(on=timezone.localdate())
    return pupils


def pages_of(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page, in millimetres."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(round(float(wide) * 25.4 / 72, 1), round(float(high) * 25.4 / 72, 1)) for wide, high in boxes]


def measured(page: Page, selector: str) -> list[Box]:
    """Places and sizes in millimetres, from the top left corner of the sheet; ``size`` of the type in points."""
    found = page.evaluate(MEASURE, selector)
    return [
        {name: round(value * (0.75 if name == "size" else PX_TO_MM), 1) for name, value in box.items()} for box in found
    ]


@pytest.mark.parametrize("size", PAGES)
def test_one_letter_a_page_with_its_address_in_the_window(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],
    class_7b: Group,
    size: Paper,
) -> None:
    """Two classes: a cover sheet each, and eight letters; the paper has the size that the library chose."""
    Library.objects.update(paper=size)
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, complaints):
        page.goto("/print-queue/print/")
        pdf = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        windows = measured(page, ".window")
        words = measured(page, ".sheet-body")
        above = measured(page, ".sheet-from")

    wide, high = PAGES[size]
    assert [(round(w), round(h)) for w, h in pages_of(pdf)] == [(round(wide), round(high))] * (2 + 8)
    assert {(box["left"], box["top"], box["width"], box["height"]) for box in windows} == {(20.0, 45.0, 85.0, 40.0)}
    assert {box["over"] for box in windows} == {0.0}
    assert {box["size"] for box in windows + words} == {11.0}
    assert all(box["top"] + box["height"] < 45 for box in above)
    assert all(box["top"] >= 85 for box in words)
    assert all(box["top"] + box["height"] < high - 15 for box in words)
    assert complaints == []


@pytest.mark.parametrize("size", PAGES)
def test_slips_four_a_page_of_which_only_the_name_shows(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],
    class_7b: Group,
    size: Paper,
) -> None:
    """The name has the upper third of a quarter for itself; all words lie in the two thirds that are folded away."""
    Library.objects.update(paper=size)
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, _):
        page.goto(f"/print-queue/print/?pile={class_7b.pk}&slips=1")
        pdf = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        slips, names, words = (measured(page, one) for one in (".slip", ".slip-name", ".slip-words"))
        said = page.locator(".slip-name").all_inner_texts()

    wide, high = PAGES[size]
    assert len(pages_of(pdf)) == 1 + 2
    assert said == [f"Mia Chen-{number}, 7B" for number in range(6)] + ["李 明明, 7B"]
    assert {(box["width"], box["height"]) for box in slips} == {(round(wide / 2, 1), round(high / 2, 1))}
    for slip, name, inside in zip(slips, names, words, strict=True):
        third = slip["top"] + high / 6
        assert slip["top"] < name["top"]
        assert name["top"] + name["height"] < third
        assert inside["top"] >= round(third, 1) - 0.1
        assert inside["over"] == 0.0


def test_the_fullest_slip_that_is_let_through_fits(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User], class_7b: Group
) -> None:
    """More and more books: as long as a slip is allowed, nothing is cut off; then it becomes a page of its own."""
    patron = a_patron(group=class_7b, email="", first_name="Wilhelmina", last_name="Wigglesworth")
    late: date = timezone.localdate() - timedelta(days=2)
    client.force_login(people[Role.LIBRARIAN])
    forms = []

    with a_page(browser, live_server, client) as (page, _):
        for number in range(6):
            a_loan(due=late, patron=patron, item=an_item(title="WWW WMW MWM " * 4, author="Wolfgang Wommelsdorf"))
            scan.run(on=timezone.localdate())
            compose.write_planned(on=timezone.localdate())
            page.goto(f"/print-queue/print/?pile={class_7b.pk}&slips=1")
            page.emulate_media(media="print")
            forms.append(page.locator(".slip", has_text="Wilhelmina").count())
            assert {box["over"] for box in measured(page, ".slip-words")} == {0.0}, number

    assert forms[0] == 1


def test_the_pile_is_checked_again_when_print_is_pressed(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User], class_7b: Group
) -> None:
    """While she read, a book came back: the dialog opens over a page without its letter, and once only."""
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, complaints):
        page.add_init_script("window.print = () => sessionStorage.dialogs = +(sessionStorage.dialogs ?? 0) + 1")
        page.goto(f"/print-queue/print/?pile={class_7b.pk}")
        expect(page.get_by_role("article")).to_have_count(7)
        Loan.objects.filter(patron__last_name="Chen-3").update(returned_on=timezone.localdate())
        page.get_by_role("button", name="Print 7 letters").click()
        expect(page.get_by_role("article")).to_have_count(6)
        expect(page.get_by_role("status").first).to_contain_text("1 letter taken back")
        page.reload()

        assert page.evaluate("sessionStorage.dialogs") == "1"
        assert complaints == []


def test_a_letter_that_is_too_long_goes_on_on_a_second_page(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User], class_7b: Group
) -> None:
    """Twenty books: nothing is cut off, and the next letter begins on a page of its own."""
    patron = a_patron(group=class_7b, email="", last_name="Aardvark")
    for number in range(20):
        due = timezone.localdate() - timedelta(days=2)
        a_loan(due=due, patron=patron, item=an_item(title=f"Birds of the Strait, volume {number}", author="P. Arden"))
    scan.run(on=timezone.localdate())
    compose.write_planned(on=timezone.localdate())
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, _):
        page.goto(f"/print-queue/print/?pile={class_7b.pk}")
        pdf = page.pdf(prefer_css_page_size=True)

    assert len(pages_of(pdf)) == 1 + 2 + 7
