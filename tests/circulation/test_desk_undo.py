"""What was done at the desk can be undone for a minute: lending and renewing (returning: ``test_desk.py``)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from circulation import desk
from circulation.models import Loan
from tests.builders import a_group, a_loan, a_patron, an_item

pytestmark = pytest.mark.django_db

MINUTE = timedelta(seconds=60)
LATER = timedelta(seconds=61)


def test_a_lending_is_undone_for_a_minute(today: date, noon: datetime, said: list[Any]) -> None:
    """It was the wrong card: the loan is gone, and the borrower's history never had it."""
    loan = desk.lend(an_item(), to=a_patron(), on=today, at=noon)
    number = loan.pk

    desk.undo_lend(loan, at=noon + MINUTE)

    assert Loan.objects.count() == 0
    assert said == [("lent", {"loan_ids": [number]}), ("lending_undone", {"loan_ids": [number]})]


def test_after_a_minute_a_lending_stands(today: date, noon: datetime) -> None:
    """The book may be out of the door."""
    loan = desk.lend(an_item(title="Holes"), to=a_patron(), on=today, at=noon)

    with pytest.raises(desk.DeskError, match=r"^Holes was lent more than a minute ago\. Take it back instead\.$"):
        desk.undo_lend(loan, at=noon + LATER)

    assert list(Loan.objects.open()) == [loan]


def test_a_lending_without_its_moment_is_not_undone(today: date, noon: datetime) -> None:
    """It came from a file or from Django admin."""
    loan = desk.lend(an_item(title="Holes"), to=a_patron(), on=today)

    with pytest.raises(desk.DeskError, match=r"^Holes was lent more than a minute ago"):
        desk.undo_lend(loan, at=noon)


def test_a_lending_that_came_back_is_not_undone(today: date, noon: datetime) -> None:
    """Another desk took it back in between."""
    loan = desk.lend(an_item(title="Holes"), to=a_patron(), on=today, at=noon)
    desk.take_back(loan, on=today, at=noon)

    with pytest.raises(desk.DeskError, match=r"^Holes came back meanwhile\.$"):
        desk.undo_lend(loan, at=noon)

    assert Loan.objects.count() == 1


def test_a_renewal_is_undone_for_a_minute(today: date, noon: datetime, said: list[Any]) -> None:
    """Everything is as it was: the date, the day it was set, the count, and what was said to be back."""
    loan = a_loan(due=today, status=Loan.Status.SAYS_BACK, shelf_checks_left=2, status_reason="Left at the door")
    renewed = desk.renew(loan, on=today, at=noon)

    undone = desk.undo_renew(renewed, at=noon + MINUTE)

    undone.refresh_from_db()
    assert (undone.due_on, undone.due_set_on, undone.renewals) == (today, loan.due_set_on, 0)
    assert (undone.status, undone.shelf_checks_left, undone.status_reason) == (loan.status, 2, "Left at the door")
    assert [cause for cause, _ in said] == ["renewed", "renewal_undone"]


def test_a_renewal_is_undone_once_and_within_a_minute(today: date, noon: datetime) -> None:
    """Neither twice nor late."""
    late = desk.renew(a_loan(due=today, item=an_item(title="Holes")), on=today, at=noon)
    twice = desk.renew(a_loan(due=today, item=an_item(title="Atlas")), on=today, at=noon)
    desk.undo_renew(twice, at=noon)

    with pytest.raises(desk.DeskError, match=r"^Holes was renewed more than a minute ago, and stays renewed\.$"):
        desk.undo_renew(late, at=noon + LATER)
    with pytest.raises(desk.DeskError, match=r"^Atlas was renewed more than a minute ago"):
        desk.undo_renew(twice, at=noon)


def test_a_renewal_is_not_undone_over_a_date_that_somebody_chose(today: date, noon: datetime) -> None:
    """A librarian moved the date in that minute; undoing the renewal would undo her decision."""
    loan = desk.renew(a_loan(due=today, item=an_item(title="Holes")), on=today, at=noon)
    desk.change_due(loan, to=date(2026, 12, 18), on=today)

    with pytest.raises(desk.DeskError, match=r"^Holes was renewed more than a minute ago"):
        desk.undo_renew(loan, at=noon)

    assert Loan.objects.get().due_on == date(2026, 12, 18)


def test_an_undone_return_is_looked_for_again(today: date, noon: datetime) -> None:
    """It was said to be back, another copy was scanned: the shelves are searched as before."""
    loan = desk.says_it_is_back(a_loan(due=today, patron=a_patron(group=a_group())), on=today)
    desk.take_back(loan, on=today, at=noon)

    opened = desk.undo_return(loan, at=noon)

    opened.refresh_from_db()
    assert (opened.is_open, opened.status, opened.shelf_checks_left) == (True, Loan.Status.SAYS_BACK, 3)
