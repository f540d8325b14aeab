"""A history names what a letter still says; what was taken out in time was not said (product.md, C7, N6)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from circulation import desk
from circulation.models import Guardian, Loan
from notices import compose, said, scan, standing
from notices.models import Step
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address, a_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother(today: date) -> Guardian:
    """Two books are with Mia, one with Leo; one letter waits for their mother."""
    a_gateway_with_an_address()
    standing.set_up()
    a_schedule(1, who=Step.Who.GUARDIANS)
    mother, group = a_guardian(), a_group(auto_send=True)
    for name, titles in (("Mia", ("Holes", "Storm Boy")), ("Leo", ("Blueback",))):
        child = a_patron(first_name=name, group=group, guardians=[mother])
        for title in titles:
            a_loan(due=today - timedelta(days=1), patron=child, item=an_item(title=title))
    scan.run(on=today)
    compose.write_planned(on=today)
    return mother


def bring_back(today: date, *titles: str) -> None:
    for loan in Loan.objects.filter(item__title__in=titles):
        desk.take_back(loan, on=today, at=timezone.now())


def history(loan_of: str) -> list[tuple[list[str], str]]:
    patron = Loan.objects.filter(patron__first_name=loan_of).values_list("patron", flat=True)[0]
    return [(sorted(row.titles), row.look.word) for row in said.about_patron(patron).rows]


def test_what_came_back_is_not_among_the_titles(mother: Guardian, today: date) -> None:
    bring_back(today, "Storm Boy")

    assert history("Mia") == [(["Holes"], "Being written")]
    assert [sorted(row.titles) for row in said.to_guardian(mother.pk).rows] == [["Blueback", "Holes"]]


def test_a_letter_that_goes_without_a_child_says_so(mother: Guardian, today: date) -> None:
    """Leo's part of it stands; Mia's page must not say that it waits to be sent."""
    bring_back(today, "Holes", "Storm Boy")

    assert history("Mia") == [(["Holes", "Storm Boy"], "Taken out")]
    assert history("Leo") == [(["Blueback"], "Being written")]


def test_a_letter_that_was_taken_back_names_what_it_was_about(mother: Guardian, today: date) -> None:
    bring_back(today, "Holes", "Storm Boy", "Blueback")

    assert history("Leo") == [(["Blueback"], "Taken back")]
