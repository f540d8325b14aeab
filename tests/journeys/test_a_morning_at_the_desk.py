"""A morning at the desk, by keyboard alone: thirty children in a queue and a scanner that types (product.md, C2)."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from circulation.models import Loan
from library.access import Role
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.pages.conftest import no_kept_connections, people  # noqa: F401
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_morning_at_the_desk(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
) -> None:
    """Returns from the box, then Mia, then a wrong card, a slip of the hand, a full account, and the next in the queue.

    Not one click; the field has the focus after every step, and a page that was reloaded goes on where it was.
    """
    today = timezone.localdate()
    seven_b = a_group(name="7B", max_loans=3, loan_days=14, max_renewals=2)
    mia = a_patron(first_name="Mia", last_name="Chen", barcode="P100417", group=seven_b)
    zayd = a_patron(first_name="Zayd", last_name="Rahimi", barcode="P100500", group=seven_b)
    _out(zayd, "Rowan of Rin", "301", due=today - timedelta(days=4))
    _out(zayd, "Boy Overboard", "302", due=today + timedelta(days=2), status=Loan.Status.BILLED)
    _out(zayd, "Holes", "303", due=today + timedelta(days=9))
    _out(mia, "Storm Boy", "304", due=today - timedelta(days=14))
    an_item(title="Blueback", barcode="305")
    an_item(title="Nevermoor", barcode="306")
    client.force_login(people[Role.DESK_HELPER])

    with a_page(browser, live_server, client) as (page, complaints):
        desk = Desk(page)
        page.goto("/")  # a helper's home is the desk

        desk.press("F4")  # the box of returns, faster than any answer
        desk.scan("301", "302", "P100417")
        desk.tells("That is a patron’s card: Mia Chen, 7B.")
        expect(page.locator(".feed li").first).to_contain_text("Billed: tell the office")
        desk.lists("Returned Boy Overboard, Zayd Rahimi, 7B", "Returned Rowan of Rin, Zayd Rahimi, 7B")

        desk.press("F2")  # Mia's card and a book in one breath
        desk.scan("P100417", "305")
        expect(page.get_by_role("heading", name="Mia Chen")).to_be_visible()
        desk.lists("Lent Blueback to Mia Chen")
        assert desk.on_loan() == ["Storm Boy", "Blueback"]

        desk.scan("303")  # Zayd left it on the table, and Mia wants it
        desk.tells("Holes is on loan to Zayd Rahimi, 7B, until")
        page.keyboard.press("Tab")
        desk.press_until("Return it and lend it to Mia")
        page.keyboard.press("Enter")
        desk.lists("Lent Holes to Mia Chen", "Returned Holes, Zayd Rahimi, 7B")

        desk.scan("306")  # three are enough in 7B
        desk.tells("Mia Chen, 7B, has 3 loans already, as many as this group may have.")

        desk.press("Control+z")  # Holes was a slip: undone is the last thing that was done, not the refusal
        desk.lists_small("Lent Holes to Mia Chen", "undone")
        assert desk.on_loan() == ["Storm Boy", "Blueback"]

        desk.press("F8")  # what is late is renewed
        desk.scan("304")
        desk.lists("Renewed Storm Boy, Mia Chen, 7B")

        page.reload()  # the cat on the keyboard
        desk.has_focus()
        expect(page.get_by_label("Renew F8")).to_be_checked()
        desk.lists("Renewed Storm Boy, Mia Chen, 7B")

        desk.press("Escape")  # next, who has no card with him
        expect(page.get_by_role("heading", name="Nobody at the desk yet")).to_be_visible()
        desk.press("F2")
        desk.scan("rahimi z")
        expect(page.get_by_role("heading", name="Zayd Rahimi")).to_be_visible()
        expect(page.get_by_role("textbox", name="Scan an item to lend it to Zayd Rahimi")).to_be_focused()

        page.keyboard.press("?")  # a scan lands in the field, even with the list of keys open
        expect(page.locator("#keys")).to_be_visible()
        desk.scan("306")
        desk.lists("Lent Nevermoor to Zayd Rahimi")
        expect(page.locator("#keys")).to_be_hidden()
        assert complaints == []

    out = {(str(loan.item), loan.patron): loan.due_on for loan in Loan.objects.open().with_borrowers()}
    assert {(title, patron.first_name) for title, patron in out if patron} == {
        ("Storm Boy", "Mia"),
        ("Blueback", "Mia"),
        ("Nevermoor", "Zayd"),
    }
    assert min(out.values()) > today


def test_no_scan_is_lost_when_nobody_answers(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
) -> None:
    """The network goes for a moment: what was scanned is named, and what follows goes to nobody by mistake."""
    mia = a_patron(first_name="Mia", last_name="Chen", barcode="P100417")
    an_item(title="Blueback", barcode="305")
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, _):
        desk = Desk(page)
        page.goto(f"/desk/?patron={mia.pk}")
        page.context.set_offline(True)
        desk.scan("P100500")  # the next card, as it happens
        desk.tells("Whether P100500 was done is not known")

        page.context.set_offline(False)
        desk.scan("305")
        desk.tells("Blueback is an item, and nobody is at the desk. Scan a patron’s card first.")
        expect(page.locator("#desk-trouble")).to_be_hidden()

    assert Loan.objects.count() == 0


def test_a_card_that_nobody_knows_lends_nothing_to_the_child_before(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
) -> None:
    """Mia is at the desk; the next child's card is unknown, and two books follow before anybody can look up."""
    mia = a_patron(first_name="Mia", last_name="Chen", barcode="P100417")
    for number in ("305", "306", "307"):
        an_item(title="Blueback", barcode=number)
    client.force_login(people[Role.DESK_HELPER])

    with a_page(browser, live_server, client) as (page, complaints):
        desk = Desk(page)
        page.goto(f"/desk/?patron={mia.pk}")
        desk.scan("P99999", "305", "306")
        desk.tells("Blueback is an item, and nobody is at the desk. Scan a patron’s card first.")

        desk.scan("P100417", "307")
        desk.lists("Lent Blueback to Mia Chen")
        assert complaints == []

    assert [loan.item.barcode for loan in Loan.objects.open().select_related("item")] == ["307"]


def test_an_arrow_chooses_among_several(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
) -> None:
    """Two Chens: down, down, Enter."""
    a_patron(first_name="Leo", last_name="Chen")
    a_patron(first_name="Mia", last_name="Chen")
    client.force_login(people[Role.DESK_HELPER])

    with a_page(browser, live_server, client) as (page, complaints):
        desk = Desk(page)
        page.goto("/desk/")
        desk.scan("chen")
        expect(page.get_by_role("heading", name="Which one?")).to_be_visible()
        for key in ("ArrowDown", "ArrowDown", "Enter"):
            page.keyboard.press(key)

        expect(page.get_by_role("heading", name="Mia Chen")).to_be_visible()
        desk.has_focus()
        assert complaints == []


class Desk:
    """What a person at the desk does with the keyboard, and reads on the screen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.has_focus()

    def scan(self, *numbers: str) -> None:
        """As a scanner does: the digits and Enter, and it waits for no answer."""
        for number in numbers:
            self.page.keyboard.type(number)
            self.page.keyboard.press("Enter")
        self.has_focus()

    def press_until(self, button: str) -> None:
        """Tab until this button has the focus."""
        for _ in range(6):
            if self.page.evaluate("document.activeElement.textContent").strip() == button:
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"{button} is not reached with the Tab key.")

    def has_focus(self) -> None:
        expect(self.page.locator("#scan-field")).to_be_focused()

    def tells(self, sentence: str) -> None:
        expect(self._last(self.page.get_by_role("alert"), sentence)).to_be_visible()

    def lists(self, *newest: str) -> None:
        for place, words in enumerate(newest):
            expect(self.page.locator(".feed li").nth(place)).to_contain_text(words)

    def lists_small(self, words: str, small: str) -> None:
        line = self.page.locator(".feed li").filter(has_text=words).first
        expect(line.locator(".sub")).to_contain_text(small)

    def on_loan(self) -> list[str]:
        return self.page.locator("tbody .title").all_text_contents()

    def _last(self, found: Locator, sentence: str) -> Locator:
        return found.filter(has_text=sentence).last


def _out(patron: object, title: str, number: str, *, due: date, **fields: object) -> Loan:
    return a_loan(patron=patron, item=an_item(title=title, barcode=number), due=due, **fields)  # type: ignore[arg-type]
