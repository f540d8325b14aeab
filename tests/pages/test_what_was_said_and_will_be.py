"""A loan's line of days, a person's history, and a letter to read: the telephone call (product.md, C7 and N12)."""

from datetime import date, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from circulation.models import Loan, Patron
from notices import compose, scan, standing
from notices.models import Letter, RunSettings, Step
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule

TODAY = timezone.localdate()


@pytest.fixture
def mia(db: None) -> Patron:
    """With a mother, and a daily run on every day."""
    standing.set_up()
    a_gateway_with_an_address()
    RunSettings.objects.update(weekdays=list(range(7)), on_closed_days=True)
    return a_patron(
        first_name="Mia", last_name="Chen", group=a_group(name="7B"), guardians=[a_guardian(name="Wei Chen")]
    )


@pytest.fixture
def storm_boy(mia: Patron) -> Loan:
    """Overdue 1 was said yesterday; Overdue 2 comes in five days, to child and home."""
    schedule = a_schedule(1, 7)
    schedule.steps.filter(number=2).update(who=Step.Who.BOTH)
    loan = a_loan(due=TODAY - timedelta(days=2), patron=mia, item=an_item(title="Storm Boy"))
    scan.run(on=TODAY - timedelta(days=1))
    compose.write_planned(on=TODAY)
    return loan


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def spoken(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def test_the_line_of_a_loan(librarian: Client, storm_boy: Loan) -> None:
    """What was said with its letter, today with the reason, and what comes with its readers."""
    found = page(librarian, f"/loans/{storm_boy.pk}/")

    letter = Letter.objects.get()
    comes = TODAY + timedelta(days=5)
    assert f'href="/letters/letter/{letter.pk}/"' in found
    assert (
        f"Overdue 1 was said on {spoken(TODAY - timedelta(days=1))}, and Overdue 2 begins on {spoken(comes)}." in found
    )
    assert "To Mia Chen and Wei Chen by email." in found
    assert "Does it go out?" in found


def test_what_was_said_long_ago_stays(librarian: Client, storm_boy: Loan) -> None:
    """Its letters may be gone by now."""
    Letter.objects.all().delete()

    found = page(librarian, f"/loans/{storm_boy.pk}/")

    assert "<h3>Overdue 1</h3>" in found


def test_the_next_letter_is_read_before_it_is_written(librarian: Client, storm_boy: Loan) -> None:
    """Both letters of the day on which it goes, by the code that sends them; nothing is kept of it."""
    found = page(librarian, f"/loans/{storm_boy.pk}/next-letter/?letter=2")
    as_html = librarian.get(f"/loans/{storm_boy.pk}/next-letter/2/html/")

    assert "Storm Boy" in found
    assert "To Wei Chen" in found
    assert as_html.status_code == 200
    assert Letter.objects.count() == 1


def test_the_history_of_a_patron_and_of_a_guardian(librarian: Client, storm_boy: Loan, mia: Patron) -> None:
    """The child's page has the letter with its title, the mother's has none yet."""
    childs = page(librarian, f"/patrons/{mia.pk}/")
    mothers = page(librarian, f"/guardians/{mia.guardians.get().pk}/")

    letter = Letter.objects.get()
    assert f'<a href="/letters/letter/{letter.pk}/">Overdue 1</a>' in childs
    assert f"Overdue 2, {spoken(TODAY + timedelta(days=5))}" in childs
    assert "Nothing was said yet" in mothers


def test_a_history_is_turned_page_by_page(librarian: Client, mia: Patron) -> None:
    """Ten letters a page; the key of the last one leads on."""
    loans = [a_loan(due=TODAY, patron=mia) for _ in range(2)]
    assert loans
    for number in range(1, 13):
        Letter.objects.create(
            patron=mia,
            audience="patron",
            service="circulation",
            channel="paper",
            state="printed",
            number=number,
            day=TODAY,
        )

    first = page(librarian, f"/patrons/{mia.pk}/")
    key = Letter.objects.order_by("-pk")[9].pk
    second = page(librarian, f"/patrons/{mia.pk}/?said_before={key}")

    assert "Overdue 12" in first
    assert "Overdue 2<" not in first
    assert f"said_before={key}" in first
    assert "Overdue 2<" in second
    assert "Overdue 12" not in second


def test_a_letter_as_it_was_written(librarian: Client, storm_boy: Loan) -> None:
    """Its words come from the message that went, its HTML stands behind a policy of its own."""
    letter = Letter.objects.get()

    found = page(librarian, f"/letters/letter/{letter.pk}/")
    as_html = librarian.get(f"/letters/letter/{letter.pk}/as-read/")

    assert "Storm Boy" in found
    assert "Waiting" in found
    assert as_html["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_returned_loan_keeps_its_past(librarian: Client, storm_boy: Loan) -> None:
    """Returned, and nothing comes."""
    Loan.objects.filter(pk=storm_boy.pk).update(returned_on=TODAY, returned_at=timezone.now())

    found = page(librarian, f"/loans/{storm_boy.pk}/")

    assert f"It came back on {spoken(TODAY)}." in found
    assert "Does it go out?" not in found
