"""What waits about a book that came back, or to a person who asked for silence, does not leave the house (N6)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from circulation.models import Loan
from circulation.signals import Cause
from notices import compose, scan, take_back
from notices.models import Letter, Notice, Step
from smtp_gateway.models import OutboundMessage
from tests.builders import a_guardian, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, wording
from tests.notices.test_letters_are_written import text_of

pytestmark = pytest.mark.django_db

Who, State = Step.Who, OutboundMessage.State


@pytest.fixture(autouse=True)
def _house() -> None:
    a_gateway_with_an_address()
    wording(1)


def told(today: date) -> None:
    scan.run(on=today)
    compose.write_planned(on=today)


def states() -> list[str]:
    return list(OutboundMessage.objects.order_by("pk").values_list("state", flat=True))


def bring_back(loan: Loan, today: date) -> None:
    loan.returned_on = today
    loan.save()
    take_back.about_loans([loan.pk], cause=Cause.RETURNED, on=today)


def test_a_returned_book_takes_its_letter_out(today: date) -> None:
    """The message is cancelled with the reason, and the notice does not stand."""
    a_schedule(1)
    loan = a_loan(due=today - timedelta(days=1))
    told(today)

    bring_back(loan, today)

    message, letter = OutboundMessage.objects.get(), Letter.objects.get()
    assert (message.state, message.reason) == (State.CANCELLED, "Returned, before it was sent.")
    assert (letter.state, letter.why) == (Letter.State.TAKEN_BACK, "Returned, before it was sent.")
    assert list(Notice.objects.told()) == []


def test_the_rest_of_the_letter_is_written_again(today: date) -> None:
    """One of two books came back: the letter goes out about the other, once."""
    a_schedule(1)
    mia = a_patron(first_name="Mia")
    back, still_out = [a_loan(due=today - timedelta(days=1), patron=mia) for _ in range(2)]
    told(today)

    bring_back(back, today)
    compose.write_planned(on=today)

    assert states() == [State.CANCELLED, State.WAITING]
    assert text_of(OutboundMessage.objects.latest("pk")) == "Dear Mia, this is step 1 about 1."
    assert [notice.loan for notice in Notice.objects.told()] == [still_out]


def test_what_was_sent_stays_said(today: date) -> None:
    """Too late: it happened, and the ledger says so."""
    a_schedule(1)
    loan = a_loan(due=today - timedelta(days=1))
    told(today)
    OutboundMessage.objects.update(state=State.SENT, sent_at="2026-11-23T06:31:00Z", finished_at="2026-11-23T06:31:00Z")

    bring_back(loan, today)

    assert Letter.objects.get().state == Letter.State.QUEUED
    assert [notice.loan for notice in Notice.objects.told()] == [loan]


def test_a_return_that_was_undone_is_told_again(today: date) -> None:
    """The same due date, the same step: it was taken back before sending, so it may be said."""
    a_schedule(1)
    loan = a_loan(due=today - timedelta(days=1))
    told(today)
    bring_back(loan, today)
    loan.returned_on = None
    loan.save()

    told(today)

    assert states() == [State.CANCELLED, State.WAITING]


def test_a_guardianship_switched_off_silences_what_waits(today: date) -> None:
    """*Stop writing to my ex*: his letter is taken out, hers is not."""
    a_schedule(7, who=Who.GUARDIANS)
    mother, ex = a_guardian(email="her@home.example"), a_guardian(email="ex@home.example")
    tom = a_patron(guardians=[mother, ex])
    a_loan(due=today - timedelta(days=7), patron=tom)
    told(today)
    tom.guardianships.filter(guardian=ex).update(library_letters=False)

    take_back.about_people(patron_ids=[tom.pk], guardian_ids=[ex.pk], cause=Cause.GUARDIANSHIP, on=today)

    assert dict(OutboundMessage.objects.values_list("to", "state")) == {
        "her@home.example": State.WAITING,
        "ex@home.example": State.CANCELLED,
    }
    assert Notice.objects.told().count() == 1


def test_no_letters_holds_for_what_waits(today: date) -> None:
    """A child gets *no letters until* a date; what waits to the child and home about it goes out of the outbox."""
    a_schedule(7, who=Who.BOTH)
    tom = a_patron(guardians=[a_guardian()])
    a_loan(due=today - timedelta(days=7), patron=tom)
    told(today)
    tom.no_letters_until = date.max
    tom.save()

    take_back.about_people(patron_ids=[tom.pk], guardian_ids=[], cause=Cause.NO_LETTERS, on=today)

    assert states() == [State.CANCELLED, State.CANCELLED]
    assert list(Notice.objects.told()) == []


def test_a_new_address_gets_the_letter(today: date) -> None:
    """What waited for the old address is written again to the new one."""
    a_schedule(1)
    mia = a_patron(email="old@students.example")
    a_loan(due=today - timedelta(days=1), patron=mia)
    told(today)
    mia.email = "new@students.example"
    mia.save()

    take_back.about_people(patron_ids=[mia.pk], guardian_ids=[], cause=Cause.ADDRESS, on=today)
    compose.write_planned(on=today)

    assert list(OutboundMessage.objects.order_by("pk").values_list("to", "state")) == [
        ("old@students.example", State.CANCELLED),
        ("new@students.example", State.WAITING),
    ]


def test_an_address_that_is_gone_becomes_paper(today: date) -> None:
    """Where the step allows paper."""
    a_schedule(1)
    mia = a_patron(email="old@students.example")
    a_loan(due=today - timedelta(days=1), patron=mia)
    told(today)
    mia.email = ""
    mia.save()

    take_back.about_people(patron_ids=[mia.pk], guardian_ids=[], cause=Cause.ADDRESS, on=today)
    compose.write_planned(on=today)

    assert states() == [State.CANCELLED]
    assert Letter.objects.get().state == Letter.State.TO_PRINT


def test_a_change_that_changes_nothing_leaves_the_letter_alone(today: date) -> None:
    """Another child's book came back: this letter keeps its place and its Message-ID."""
    a_schedule(1)
    loan = a_loan(due=today - timedelta(days=1))
    told(today)

    changed = take_back.about_loans([loan.pk], cause=Cause.STATUS, on=today)

    assert changed == 0
    assert states() == [State.WAITING]


def test_many_letters_take_no_more_statements_than_one(today: date) -> None:
    """A nightly file brings home what a whole morning was about: half of the letters go, half lose a book."""
    a_schedule(1)
    due = today - timedelta(days=1)
    mia, *others = [a_patron() for _ in range(9)]
    first, *back = [a_loan(due=due, patron=patron) for patron in (mia, *others)]
    still_out = [a_loan(due=due, patron=patron) for patron in others[::2]]
    told(today)
    Loan.objects.filter(pk__in=[loan.pk for loan in (first, *back)]).update(returned_on=today)

    with CaptureQueriesContext(connection) as about_one:
        take_back.about_loans([first.pk], cause=Cause.RETURNED, on=today)
    with CaptureQueriesContext(connection) as about_all:
        take_back.about_loans([loan.pk for loan in back], cause=Cause.RETURNED, on=today)

    assert len(about_all) == len(about_one)
    assert sorted(Letter.objects.values_list("state", "revision")) == [
        *[(Letter.State.PLANNED, 1)] * 4,
        *[(Letter.State.TAKEN_BACK, 0)] * 5,
    ]
    assert {notice.loan for notice in Notice.objects.told()} == set(still_out)
