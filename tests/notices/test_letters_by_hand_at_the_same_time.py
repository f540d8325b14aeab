"""Letters by hand while others are at work: two people press at once, a desk takes a book back, the run runs."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from circulation import desk
from circulation.models import Loan
from notices import letters
from notices.models import Audience, Run
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron, an_item
from tests.notices.builders import (
    a_gateway_with_an_address,
    a_schedule,
    by_the_clock,
    morning_of,
    on_day,
    told,
    wording,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loan(today: date) -> Loan:
    """Holes, that Mia Chen of 7B should have brought yesterday."""
    a_gateway_with_an_address()
    a_schedule(1)
    wording(1)
    mia = a_patron(group=a_group(name="7B"), first_name="Mia", last_name="Chen")
    return a_loan(due=on_day(today, -1), patron=mia, item=an_item(title="Holes"))


def shown(loan: Loan, today: date) -> Run:
    assert loan.patron is not None
    return letters.draft(1, audience=Audience.PATRON, groups=[loan.patron.group], on=today, by=None)


def sent(run: Run, today: date) -> letters.Sent:
    return letters.send(run, list(run.letters_of.values_list("pk", flat=True)), on=today, by=None)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Each in a thread and a connection of its own, started together; their results in order."""
    start = Barrier(len(deeds))
    with ThreadPoolExecutor(len(deeds)) as threads:
        return [future.result(30) for future in [threads.submit(_apart, deed, start.wait) for deed in deeds]]


def somebody_waits(seconds: float = 10) -> bool:
    """Until another connection stands still for a lock."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.02)
    return False


def _apart(deed: Callable[[], Any], first: Callable[[], Any]) -> Any:
    first()
    try:
        return deed()
    finally:
        connection.close()


def test_two_presses_at_once_queue_one_message(loan: Loan, today: date) -> None:
    run = shown(loan, today)

    results = at_once(*[lambda: sent(run, today)] * 4)

    assert sorted(result.by_email for result in results) == [0, 0, 0, 1]
    assert OutboundMessage.objects.count() == 1


def test_two_people_with_the_same_letters_tell_once(loan: Loan, today: date) -> None:
    """Each looked at drafts of their own."""
    runs = [shown(loan, today) for _ in range(2)]

    results = at_once(lambda: sent(runs[0], today), lambda: sent(runs[1], today))

    assert sorted(result.by_email for result in results) == [0, 1]
    assert told(loan) == [(1, 0)]
    assert OutboundMessage.objects.count() == 1


def test_the_mornings_run_and_a_person_tell_once(loan: Loan, today: date) -> None:
    """Whoever comes second finds it told."""
    run = shown(loan, today)

    by_hand, morning = at_once(lambda: sent(run, today), lambda: by_the_clock(today))

    assert by_hand.by_email + morning.email == 1
    assert told(loan) == [(1, 0)]


def test_a_book_that_is_being_returned_is_waited_for(loan: Loan, today: date) -> None:
    """The desk has not committed yet when *Email* is pressed: the letter does not go, and says why."""
    run = shown(loan, today)
    returned = Event()

    def take_back() -> None:
        with transaction.atomic():
            desk.take_back(loan.item, on=today, at=morning_of(today))
            returned.set()
            assert somebody_waits()

    def press() -> letters.Sent:
        returned.wait(10)
        return sent(run, today)

    _, result = at_once(take_back, press)

    assert result == letters.Sent(left_out=["Holes (Mia Chen, 7B) came back meanwhile."])
    assert OutboundMessage.objects.count() == 0
    assert told(loan) == []
