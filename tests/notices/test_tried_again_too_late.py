"""A message that failed, or was on its way, comes back to the outbox after its book came home: it does not go (N6)."""

from datetime import date
from uuid import uuid4

import pytest
from django.utils import timezone

from circulation import desk
from circulation.models import Loan
from notices import compose, daily, scan
from notices.models import Letter, Notice
from smtp_gateway import outbox
from smtp_gateway.models import OutboundMessage
from tests.builders import a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, on_day, told, wording
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

State = OutboundMessage.State


@pytest.fixture
def loans(today: date) -> list[Loan]:
    """Two books of Mia's, and one letter about both in the outbox."""
    a_gateway_with_an_address()
    a_schedule(1)
    wording(1)
    mia = a_patron(first_name="Mia")
    loans = [a_loan(due=on_day(today, -1), patron=mia) for _ in range(2)]
    scan.run(on=today)
    compose.write_planned(on=today)
    return loans


def it_is(state: str, **fields: object) -> int:
    """What became of the message; its number."""
    OutboundMessage.objects.update(state=state, attempts=1, **fields)
    return OutboundMessage.objects.get().pk


def bring_back(*loans: Loan, on: date) -> None:
    for loan in loans:
        desk.take_back(loan.item, on=on, at=morning_of(on))


def test_what_could_not_be_sent_is_not_tried_again_about_books_that_are_home(today: date, loans: list[Loan]) -> None:
    """The mailbox was full; both books came back; then somebody presses *Try again*."""
    message = it_is(State.BAD, finished_at=timezone.now())
    bring_back(*loans, on=today)

    moved = outbox.try_again([message], by="ana")

    assert moved == []
    assert OutboundMessage.objects.get().state == State.CANCELLED
    assert Letter.objects.get().state == Letter.State.TAKEN_BACK


def test_the_rest_is_written_again(today: date, loans: list[Loan]) -> None:
    """One of the two came back: the letter that goes is about the other."""
    message = it_is(State.BAD, finished_at=timezone.now())
    bring_back(loans[0], on=today)

    outbox.try_again([message], by="ana")
    compose.write_planned(on=today)

    [waiting] = OutboundMessage.objects.filter(state=State.WAITING)
    assert text_of(waiting) == "Dear Mia, this is step 1 about 1."
    assert [notice.loan for notice in Notice.objects.told()] == [loans[1]]


def test_what_still_holds_is_tried_again(today: date, loans: list[Loan]) -> None:
    """Nothing changed: the same words go."""
    message = it_is(State.BAD, finished_at=timezone.now())

    moved = outbox.try_again([message], by="ana")

    assert moved == [message]
    assert OutboundMessage.objects.get().state == State.WAITING


def test_what_was_maybe_sent_does_not_go_once_more(today: date, loans: list[Loan]) -> None:
    """It stays *maybe sent*: a person may still count it as sent."""
    message = it_is(State.UNCERTAIN, times_uncertain=1)
    bring_back(*loans, on=today)

    moved = outbox.resend([message], by="ana")

    assert moved == []
    assert OutboundMessage.objects.get().state == State.UNCERTAIN


def at_the_next_look(today: date) -> None:
    daily.look(at=morning_of(today))


@pytest.mark.parametrize("back", [2, 1])
def test_a_book_that_came_back_while_its_letter_was_being_sent(today: date, loans: list[Loan], back: int) -> None:
    """The server said *later*: the next tick takes the letter back, or writes it about the other book."""
    it_is(State.SENDING, lease_token=uuid4())
    bring_back(*loans[:back], on=today)
    it_is(State.WAITING, lease_token=None)

    at_the_next_look(today)

    open_ones = OutboundMessage.objects.filter(state=State.WAITING)
    assert [text_of(one) for one in open_ones] == ["Dear Mia, this is step 1 about 1."] * (2 - back)
    assert [told(loan) for loan in loans] == [[]] * back + [[(1, 0)]] * (2 - back)


def test_what_the_server_put_off_waits_where_nothing_changed(today: date, loans: list[Loan]) -> None:
    """A tick leaves it alone."""
    message = it_is(State.WAITING)

    at_the_next_look(today)

    assert [one.pk for one in OutboundMessage.objects.all()] == [message]
