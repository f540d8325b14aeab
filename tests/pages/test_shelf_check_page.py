"""The shelf check on its page: no borrower is named, *found* returns at once, *finish* counts once."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from circulation import desk
from circulation.models import Loan
from notices import compose, scan
from notices.models import Letter
from tests.builders import a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording


@pytest.fixture
def loan(db: None) -> Loan:
    """Mia's book, about which a letter waits."""
    a_gateway_with_an_address()
    a_schedule(1)
    wording(1)
    today = timezone.localdate()
    mia = a_patron(first_name="Mia", last_name="Chen", known_as="Mimi")
    loan = a_loan(due=today - timedelta(days=1), patron=mia, item=an_item(title="Holes", call_number="F SAC"))
    scan.run(on=today)
    compose.write_planned(on=today)
    return loan


def shown(client: Client) -> str:
    return unescape(client.get("/due-notices/shelf-check/").content.decode()).replace("\u00a0", " ")


def told(client: Client, address: str, posted: dict[str, object] | None = None) -> str:
    return unescape(client.post(address, posted or {}, follow=True).content.decode()).replace("\u00a0", " ")


def test_call_number_first_and_no_borrower(librarian: Client, loan: Loan) -> None:
    page = shown(librarian)

    row = page[page.index("<tbody") : page.index("</tbody>")]
    assert re.search(r"F SAC.*Holes.*Overdue 1 goes today", row, re.DOTALL)
    assert [name for name in ("Mia", "Chen", "Mimi") if name in page] == []


def test_found_returns_it_and_takes_its_letter_back(librarian: Client, loan: Loan) -> None:
    page = told(librarian, f"/due-notices/shelf-check/{loan.pk}/found/")

    loan.refresh_from_db()
    assert "Holes was on the shelf. It is returned, and nothing more is said about it." in page
    assert "Nothing needs to be looked for today." in page
    assert (loan.returned_on, Letter.objects.get().state) == (timezone.localdate(), Letter.State.TAKEN_BACK)


def test_found_twice_says_that_it_came_back(librarian: Client, loan: Loan) -> None:
    told(librarian, f"/due-notices/shelf-check/{loan.pk}/found/")

    assert "Holes came back on" in told(librarian, f"/due-notices/shelf-check/{loan.pk}/found/")


def test_three_checks_and_then_a_person_decides(librarian: Client, loan: Loan) -> None:
    """The button pressed twice counts once; Home then asks."""
    desk.says_it_is_back(loan, on=timezone.localdate())
    for left in (3, 2, 1):
        assert f'name="place" value="{loan.pk}-{left}"' in shown(librarian)
        page = told(librarian, "/due-notices/shelf-check/finish/", {"place": f"{loan.pk}-{left}"})
        assert "Shelf check done: 1 thing not found." in page
    again = told(librarian, "/due-notices/shelf-check/finish/", {"place": f"{loan.pk}-1"})

    assert "This check was counted before; nothing was counted again." in again
    assert "1 thing was not found on three shelf checks" in shown(librarian)
    home = unescape(librarian.get("/").content.decode())
    assert "1 thing is said to be back; 1 could not be found on three shelf checks." in home
    assert 'href="/loans/?tab=says-back"' in home


def test_nonsense_is_refused(librarian: Client, loan: Loan) -> None:
    assert librarian.post("/due-notices/shelf-check/finish/", {"place": "x-1"}).status_code == 400
    assert librarian.post("/due-notices/shelf-check/99999/found/").status_code == 404
