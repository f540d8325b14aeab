"""Taking steps back and saying sorry, as pages (product.md, N15): the numbers first, then the deed, once."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import Loan
from notices import letters, standing
from notices.models import Audience, Letter, Notice, Run, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, told

pytestmark = pytest.mark.django_db

State = OutboundMessage.State


@pytest.fixture
def today() -> date:
    """The wall's: views read it."""
    return timezone.localdate()


@pytest.fixture
def loans(today: date) -> list[Loan]:
    """Three children were told Overdue 1: two letters have gone, one still waits."""
    a_gateway_with_an_address()
    standing.set_up()
    group = a_group(name="7B")
    late = [a_loan(due=today - timedelta(days=2), patron=a_patron(group=group)) for _ in range(3)]
    run = letters.draft(1, audience=Audience.PATRON, groups=[group], on=today, by=None)
    letters.send(run, run.letters_of.values_list("pk", flat=True), on=today, by=None)
    now = timezone.now()
    gone = [letter.message_id for letter in Letter.objects.order_by("pk")[:2]]
    OutboundMessage.objects.filter(pk__in=gone).update(state=State.SENT, sent_at=now, finished_at=now)
    return late


def answer(client: Client, address: str, **fields: object) -> str:
    response = client.post(address, fields, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_numbers_stand_on_the_page_first(librarian: Client, loans: list[Loan]) -> None:
    """Three steps, one letter that waits, two that have gone."""
    page = answer(librarian, reverse("steps-take-back"), id=[loan.pk for loan in loans])

    assert "Take back 3\u00a0steps?" in page
    assert "1\u00a0letter that waits follows at once." in page
    assert "2\u00a0readers got a letter: 2 by email." in page
    assert "Take 3 back, write 2\u00a0corrections" in page
    assert Notice.objects.filter(undone_at__isnull=False).count() == 0


def test_both_are_done_and_a_second_press_does_nothing(librarian: Client, loans: list[Loan]) -> None:
    steps = list(Notice.objects.values_list("pk", flat=True))
    fields = {"notice": steps, "reason": "The shelf was not checked.", "do": "both"}

    pages = [answer(librarian, reverse("steps-take-back-do"), **fields) for _ in range(2)]

    assert "3 steps taken back. 1 letter that waited followed." in pages[0]
    assert "2 corrections are being written." in pages[0]
    assert "taken back before; nothing was taken back again" in pages[1]
    assert "nothing was written again" in pages[1]
    assert [told(loan) for loan in loans] == [[], [], []]
    assert Letter.objects.filter(kind=Template.Kind.CORRECTION).count() == 2
    assert {notice.undone_by.username for notice in Notice.objects.exclude(number=0) if notice.undone_by} == {
        "librarian"
    }


def test_without_a_reason_the_page_says_so(librarian: Client, loans: list[Loan]) -> None:
    steps = list(Notice.objects.values_list("pk", flat=True))

    page = answer(librarian, reverse("steps-take-back-do"), notice=steps, reason=" ", do="take-back")

    assert "Nothing was taken back: say why, in a few words." in page
    assert [told(loan) for loan in loans] == [[(1, 0)]] * 3


def test_a_whole_run_is_corrected_without_taking_anything_back(librarian: Client, loans: list[Loan]) -> None:
    """The letters were right, their wording was not."""
    run = Run.objects.get()
    asked = librarian.get(reverse("run-correct", args=[run.pk]), follow=True).content.decode()

    page = answer(librarian, reverse("steps-take-back-do"), run=run.pk, do="correct")

    assert "Write 2\u00a0corrections" in asked
    assert "2 corrections are being written." in page
    assert [told(loan) for loan in loans] == [[(1, 0)]] * 3


def test_one_loan_offers_its_last_step_and_then_a_correction(librarian: Client, loans: list[Loan]) -> None:
    """The verb of a loan's page follows what stands."""
    loan = Letter.objects.earliest("pk").notices.get().loan
    page = reverse("loan", args=[loan.pk])
    before = librarian.get(page).content.decode()
    answer(
        librarian, reverse("steps-take-back-do"), notice=Notice.objects.get(loan=loan).pk, reason="So.", do="take-back"
    )

    after = librarian.get(page).content.decode()

    assert ["Take Overdue 1 back" in shown for shown in (before, after)] == [True, False]
    assert ["Write a correction" in shown for shown in (before, after)] == [False, True]


def test_what_nobody_was_told_cannot_be_taken_back(librarian: Client, today: date) -> None:
    loan = a_loan(due=today)

    page = librarian.get(reverse("loan-take-back", args=[loan.pk])).content.decode()

    assert "Nothing was said" in page
    assert "do=" not in page


def test_where_it_leads_back_to_is_ours(librarian: Client, loans: list[Loan]) -> None:
    steps = list(Notice.objects.values_list("pk", flat=True))

    response = librarian.post(
        reverse("steps-take-back-do"),
        {"notice": steps, "reason": "So.", "do": "take-back", "next": "https://elsewhere.example/"},
    )

    assert response["Location"] == reverse("loans")
