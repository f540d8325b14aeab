"""Pages that foretell letters ask the database as often for a day in three months as for tomorrow."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from circulation.models import Group, Loan
from circulation.words import a_day
from notices import standing
from notices.models import RunSettings, Schedule
from tests.builders import a_group, a_guardianship, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule
from tests.pages.words import words

pytestmark = pytest.mark.django_db

SOON, LATE = timedelta(days=2), timedelta(days=80)
MOST = 60
"""Queries of a page, those of its frame among them."""


@pytest.fixture
def group() -> Group:
    """Letters go every day of the week, and the daily run is on."""
    standing.set_up()
    a_gateway_with_an_address()
    RunSettings.objects.update_or_create(
        pk=1, defaults={"enabled": True, "weekdays": list(range(7)), "on_closed_days": True}
    )
    return a_group()


def addresses(loan: Loan) -> dict[str, str]:
    """The pages on which the next letter of one loan stands."""
    return {
        "a loan": reverse("loan", args=[loan.pk]),
        "a patron": reverse("patron", args=[loan.patron_id]),
        "a list": f"{reverse('loans')}?group={loan.patron.group_id}" if loan.patron else "",
        "the letter": reverse("loan-next-letter", args=[loan.pk]),
    }


@pytest.mark.parametrize("page", ["a loan", "a patron", "a list", "the letter"])
def test_a_letter_in_three_months_costs_the_queries_of_one_of_this_week(
    librarian: Client, group: Group, page: str
) -> None:
    """Two loans that differ in nothing but their due date; each page names the day of the letter."""
    today = timezone.localdate()
    a_schedule(1, groups=[group])
    soon = addresses(a_loan_due(today + SOON, group=group))[page]
    late = addresses(a_loan_due(today + LATE, group=a_group_like(group)))[page]
    queries(librarian, soon)  # rows that there is one of are made by the first look

    near, far = queries(librarian, soon), queries(librarian, late)

    assert (named(today + SOON + timedelta(days=1), near), named(today + LATE + timedelta(days=1), far)) == (True, True)
    assert len(far) == len(near) < MOST


@pytest.mark.parametrize("page", ["a loan", "a patron", "a list"])
def test_letters_on_the_way_to_a_day_cost_nothing(librarian: Client, group: Group, page: str) -> None:
    """A reader who hears something every second day, and one who hears something once."""
    today = timezone.localdate()
    other = a_group_like(group)
    a_schedule(1, groups=[group])
    a_schedule(1, groups=[other], repeat_days=2)
    once = addresses(a_loan_due(today - timedelta(days=1), group=group))[page]
    often = addresses(a_loan_due(today - timedelta(days=1), group=other))[page]
    queries(librarian, once)

    one, many = queries(librarian, once), queries(librarian, often)

    assert len(many) == len(one) < MOST


def test_due_notices_of_a_day_in_three_weeks_cost_those_of_tomorrow(librarian: Client, group: Group) -> None:
    """On each day in between something is said of one of the loans."""
    today = timezone.localdate()
    a_schedule(1, groups=[group], repeat_days=2)
    for late in range(-20, 3):
        a_loan_due(today - timedelta(days=late), group=group)
    address = f"{reverse('due-notices')}?group={group.pk}&day={{}}"
    queries(librarian, address.format(today + timedelta(days=1)))

    near = queries(librarian, address.format(today + timedelta(days=1)))
    far = queries(librarian, address.format(today + timedelta(days=20)))

    assert len(far) == len(near) < MOST


def test_a_forecast_costs_the_same_for_one_run_a_week_and_for_seven(librarian: Client, group: Group) -> None:
    """Fourteen days in which two runs write, and fourteen in which all do."""
    a_schedule(1, groups=[group], repeat_days=2)
    a_loan_due(timezone.localdate(), group=group)
    RunSettings.objects.update(weekdays=[2])
    queries(librarian, reverse("forecast"))
    few = queries(librarian, reverse("forecast"))
    RunSettings.objects.update(weekdays=list(range(7)))

    every_day = queries(librarian, reverse("forecast"))

    assert len(every_day) == len(few) < MOST


def a_loan_due(day: date, *, group: Group) -> Loan:
    child = a_patron(group=group)
    a_guardianship(patron=child)
    return a_loan(due=day, patron=child)


def a_group_like(group: Group) -> Group:
    """Another group, whose loans fall under the same schedule where it has no own."""
    other = a_group()
    for schedule in Schedule.objects.filter(groups=group):
        schedule.groups.add(other)
    return other


class Asked(list[str]):
    """The statements of one look at a page, and what the page says."""

    page: str


def queries(client: Client, address: str) -> Asked:
    with CaptureQueriesContext(connection) as context:
        answer = client.get(address)
    assert answer.status_code == 200
    asked = Asked(query["sql"] for query in context.captured_queries)
    asked.page = words(answer.content)
    return asked


def named(day: date, asked: Asked) -> bool:
    return a_day(day, on=timezone.localdate()) in asked.page
