"""One look at the clock: the run if it is due, then the letters that are still to be written."""

from datetime import date, time, timedelta

import pytest

from circulation.models import Loan
from notices import daily, held
from notices.models import Letter, Run, RunSettings, Schedule
from smtp_gateway.models import OutboundMessage
from tests.builders import a_loan
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, wording

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house(today: date) -> None:
    settings = RunSettings.the()
    settings.enabled = True
    settings.save()
    a_schedule(1, goes_by_itself=True)
    wording(1)
    a_loan(due=today - timedelta(days=1))


def test_a_morning_from_clock_to_outbox(today: date) -> None:
    """One look at half past six, and the letter waits for the gateway; a second look adds nothing."""
    a_gateway_with_an_address()

    daily.look(at=morning_of(today))
    daily.look(at=morning_of(today, time(6, 31)))

    assert OutboundMessage.objects.waiting().count() == 1


def test_letters_wait_for_an_address_and_are_written_then(today: date) -> None:
    """The gateway has no From address at half past six; an hour later it has."""
    daily.look(at=morning_of(today))
    planned = Letter.objects.to_write().count()
    a_gateway_with_an_address()

    daily.look(at=morning_of(today, time(7, 30)))

    assert planned == 1
    assert OutboundMessage.objects.waiting().count() == 1


def test_letters_of_a_held_run_are_read_first_and_let_go(today: date) -> None:
    """Written and kept, nothing in the outbox; let go two days later they are dated anew and queued."""
    a_gateway_with_an_address()
    Schedule.objects.update(goes_by_itself=False)
    daily.look(at=morning_of(today))
    kept = Letter.objects.get()

    held.let_go(Run.objects.get(), by=None, on=today + timedelta(days=2))
    written_at_once = OutboundMessage.objects.count()
    daily.look(at=morning_of(today + timedelta(days=2), time(6)))

    assert (kept.state, kept.subject, kept.message) == (Letter.State.HELD, "Library book", None)
    assert written_at_once == 0
    assert Letter.objects.get().day == today + timedelta(days=2)
    assert OutboundMessage.objects.waiting().count() == 1


def test_a_book_that_comes_back_while_its_run_is_held(today: date) -> None:
    """Nobody has to remember it when the letters are let go."""
    a_gateway_with_an_address()
    Schedule.objects.update(goes_by_itself=False)
    daily.look(at=morning_of(today))
    loan = Loan.objects.get()
    loan.returned_on = today
    loan.save()

    held.let_go(Run.objects.get(), by=None, on=today)
    daily.look(at=morning_of(today, time(8)))

    assert OutboundMessage.objects.count() == 0
    assert Letter.objects.get().state == Letter.State.TAKEN_BACK
