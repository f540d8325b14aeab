"""*Send again*: a letter that was sent and, says somebody on the telephone, did not come (product.md, N12, C7)."""

from datetime import date

import pytest
from django.utils import timezone

from circulation import desk
from circulation.models import Patron
from notices import again, compose, letters, standing
from notices.models import Audience, Letter
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, morning_of, on_day, told

pytestmark = pytest.mark.django_db

SENT = OutboundMessage.State.SENT


@pytest.fixture
def mia(today: date) -> Patron:
    """Told Overdue 1 about a book; the message has gone."""
    a_gateway_with_an_address()
    standing.set_up()
    patron = a_patron(group=a_group(name="7B"), email="mia@students.example")
    a_loan(due=on_day(today, -2), patron=patron)
    run = letters.draft(1, audience=Audience.PATRON, patrons=[patron], on=today, by=None)
    letters.send(run, run.letters_of.values_list("pk", flat=True), on=today, by=None)
    now = timezone.now()
    OutboundMessage.objects.update(state=SENT, sent_at=now, finished_at=now)
    return patron


def test_a_copy_goes_and_counts_for_nothing(today: date, mia: Patron) -> None:
    again.send(OutboundMessage.objects.get().pk, on=today)
    compose.write_planned(on=today)

    first, second = OutboundMessage.objects.order_by("pk")
    assert (second.to, second.subject, second.state) == (first.to, first.subject, "waiting")
    assert told(mia.loans.get()) == [(1, 0)]
    assert [letter.step_name for letter in Letter.objects.all()] == ["Overdue 1", "Overdue 1"]


def test_it_goes_to_the_address_of_today(today: date, mia: Patron) -> None:
    Patron.objects.filter(pk=mia.pk).update(email="mia.chen@students.example")

    copy = again.send(OutboundMessage.objects.get().pk, on=today)

    assert copy.to == "mia.chen@students.example"


def test_pressed_twice_sends_one_copy(today: date, mia: Patron) -> None:
    message = OutboundMessage.objects.get().pk
    again.send(message, on=today)

    with pytest.raises(again.AgainError, match="sent again today"):
        again.send(message, on=today)

    assert Letter.objects.count() == 2


def test_what_came_back_meanwhile_is_not_sent_again(today: date, mia: Patron) -> None:
    desk.take_back(mia.loans.get().item, on=today, at=morning_of(today))

    with pytest.raises(again.AgainError, match="Nothing in this letter is still to be said"):
        again.send(OutboundMessage.objects.get().pk, on=today)

    assert Letter.objects.count() == 1


def test_no_letters_holds_here_too(today: date, mia: Patron) -> None:
    Patron.objects.filter(pk=mia.pk).update(no_letters_until=on_day(today, 1))

    with pytest.raises(again.AgainError, match="not written to any more"):
        again.send(OutboundMessage.objects.get().pk, on=today)

    assert Letter.objects.count() == 1


def test_what_waits_is_not_sent_again(today: date, mia: Patron) -> None:
    OutboundMessage.objects.update(state="waiting", sent_at=None, finished_at=None)

    with pytest.raises(again.AgainError, match="Only a letter that was sent"):
        again.send(OutboundMessage.objects.get().pk, on=today)

    assert Letter.objects.count() == 1
