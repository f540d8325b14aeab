"""Undoing a lending never takes the ledger with it: what was said about a loan stays (product.md, N3)."""

from datetime import date

import pytest
from django.utils import timezone

from circulation import desk
from notices.models import Notice, Run
from tests.builders import a_patron, an_item

pytestmark = pytest.mark.django_db


def test_a_lending_of_which_something_was_said_is_not_undone(today: date) -> None:
    """A letter by hand named the book in that minute."""
    now = timezone.now()
    loan = desk.lend(an_item(title="Holes"), to=a_patron(), on=today, at=now)
    run = Run.objects.create(day=today, started_at=now)
    Notice.objects.create(loan=loan, due_on=loan.due_on, number=-1, run=run, said_on=today)

    with pytest.raises(desk.DeskError, match=r"^A letter speaks of Holes by now\. Take it back instead\.$"):
        desk.undo_lend(loan, at=now)

    assert [notice.loan for notice in Notice.objects.all()] == [loan]
