"""The page of one loan: where it stands, its status by hand, a new due date, what can be undone (product.md, C3)."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation import desk
from circulation.models import Loan
from circulation.views import loan_words
from tests.builders import a_closed_day, a_group, a_loan, a_partner, a_patron, an_item

Status = Loan.Status


@pytest.fixture
def day() -> date:
    """Views read the library's own date."""
    return timezone.localdate()


@pytest.fixture
def mias(day: date) -> Loan:
    """*Storm Boy* is with Mia Chen, 7B, and three days late."""
    mia = a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7B"))
    return a_loan(due=day - timedelta(days=3), patron=mia, item=an_item(title="Storm Boy"))


def _post(client: Client, address: str, loan: Loan, **given: object) -> object:
    return client.post(reverse(address, args=[loan.pk]), given, follow=True)


def _told(answer: object) -> list[str]:
    return [str(message) for message in answer.context["messages"]]  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Mia Chen, 7B, has it since Fri 6 Nov. It is 3 days late."),
        ({"due_on": date(2026, 11, 23)}, "Mia Chen, 7B, has it since Fri 6 Nov. It is due today."),
        ({"due_on": date(2026, 11, 24)}, "Mia Chen, 7B, has it since Fri 6 Nov. It is due tomorrow."),
        ({"due_on": date(2026, 11, 27)}, "Mia Chen, 7B, has it since Fri 6 Nov. It is due in 4 days."),
        (
            {"status": Status.SAYS_BACK, "shelf_checks_left": 3},
            "Mia Chen, 7B, has it since Fri 6 Nov. It is 3 days late. "
            "They say it is back: nobody is written to, and it stands on the next 3 shelf checks.",
        ),
        (
            {"status": Status.SAYS_BACK},
            "Mia Chen, 7B, has it since Fri 6 Nov. It is 3 days late. "
            "They say it is back: nobody is written to, and a person decides now.",
        ),
        (
            {"status": Status.EXTENSION_ASKED, "quiet_until": date(2026, 11, 27)},
            "Mia Chen, 7B, has it since Fri 6 Nov. It is 3 days late. "
            "An extension was asked; nobody is written to before Fri 27 Nov.",
        ),
        (
            {"returned_on": date(2026, 11, 21)},
            "Mia Chen, 7B, had it from Fri 6 Nov. It came back on Sat 21 Nov, 1 day late.",
        ),
        (
            {"returned_on": date(2026, 11, 20)},
            "Mia Chen, 7B, had it from Fri 6 Nov. It came back on Fri 20 Nov, in time.",
        ),
        (
            {"returned_on": date(2026, 11, 20), "patron": None},
            "Somebody no longer kept had it from Fri 6 Nov. It came back on Fri 20 Nov, in time.",
        ),
    ],
)
def test_where_a_loan_stands_is_a_sentence(today: date, fields: dict[str, object], sentence: str) -> None:
    """Who has it since when, how late, and what its status means."""
    mia = a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7B"))
    loan = a_loan(due=today - timedelta(days=3), patron=mia)
    for name, value in fields.items():
        setattr(loan, name, value)

    assert loan_words.standing(loan, on=today) == sentence


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("service", list(Loan.Service))
def test_every_loan_has_a_page(librarian: Client, day: date, status: Status, service: str) -> None:
    """Open and returned, of every service and status."""
    loan = a_loan(due=day, status=status, service=service, our_reference="ILL-7")
    address = reverse("loan", args=[loan.pk])
    answers = [librarian.get(address).status_code]
    Loan.objects.update(returned_on=day)

    answers.append(librarian.get(address).status_code)

    assert answers == [200, 200]


def test_a_status_by_hand_has_a_reason(librarian: Client, mias: Loan) -> None:
    """The reason stands on the page, for whoever looks next."""
    answer = _post(librarian, "loan-status", mias, status="lost", reason="The house burnt down.")

    mias.refresh_from_db()
    assert (mias.status, mias.status_reason) == (Status.LOST, "The house burnt down.")
    assert _told(answer) == ["Its status is lost now."]
    assert "The house burnt down." in answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        (
            {"status": "no_letters"},
            {"reason": ["No letters needs a reason: whoever looks at this loan next must know why it is quiet."]},
        ),
        ({"status": "recalled"}, {"status": ["The loan has another status by now. Choose again."]}),
        ({"status": "on_loan"}, {"status": ["The loan has another status by now. Choose again."]}),
    ],
)
def test_a_status_that_cannot_be_is_said_under_its_field(
    librarian: Client, mias: Loan, given: dict[str, str], errors: dict[str, list[str]]
) -> None:
    """*Recalled* is for interlibrary loans, and *on loan* it is already."""
    answer = _post(librarian, "loan-status", mias, **given)

    assert answer.context["status_form"].errors == errors  # type: ignore[attr-defined]
    assert Loan.objects.get(pk=mias.pk).status == Status.ON_LOAN


def test_an_extension_needs_its_end(librarian: Client, day: date) -> None:
    """Between libraries; a day that is given with another status is not kept."""
    loan = a_loan(due=day, partner=a_partner())

    refused = _post(librarian, "loan-status", loan, status="extension_asked")
    _post(librarian, "loan-status", loan, status="on_its_way", quiet_until=day + timedelta(days=9))

    sentence = "Say until when it stays quiet: an extension that nobody answers must not last forever."
    assert refused.context["status_form"].errors == {"quiet_until": [sentence]}  # type: ignore[attr-defined]
    loan.refresh_from_db()
    assert (loan.status, loan.quiet_until) == (Status.ON_ITS_WAY, None)


def test_a_new_due_date_by_hand(librarian: Client, mias: Loan, day: date) -> None:
    """Any open day; a closed one is refused under the field."""
    closed, wanted = day + timedelta(days=40), day + timedelta(days=70 - day.weekday())
    a_closed_day(day=closed)

    refused = _post(librarian, "loan-due", mias, due=closed)
    _post(librarian, "loan-due", mias, due=wanted)

    [sentence] = refused.context["due_form"].errors["due"]  # type: ignore[attr-defined]
    assert sentence.startswith("The library is closed on ")
    mias.refresh_from_db()
    assert (mias.due_on, mias.due_set_on) == (wanted, day)


def test_what_was_just_done_can_be_undone(librarian: Client, mias: Loan, day: date) -> None:
    """Renewed and taken back with a slip of the hand."""
    undone = []
    for verb, undo in (("renew", "undo-renew"), ("take-back", "undo-return")):
        answer = _post(librarian, "loan-do", mias, verb=verb)
        undone.append((verb, answer.context["undo"][0]))  # type: ignore[attr-defined]
        _post(librarian, "loan-do", mias, verb=undo)

    assert undone == [("renew", "undo-renew"), ("take-back", "undo-return")]
    now = Loan.objects.get(pk=mias.pk)
    assert (now.due_on, now.renewals, now.returned_on) == (mias.due_on, 0, None)


def test_a_lending_that_is_undone_leads_to_the_thing(librarian: Client, day: date) -> None:
    """The loan is gone, so its page is."""
    item = an_item()
    loan = desk.lend(item, to=a_patron(), on=day, at=timezone.now())

    answer = _post(librarian, "loan-do", loan, verb="undo-lend")

    assert answer.redirect_chain[-1][0] == reverse("item", args=[item.pk])  # type: ignore[attr-defined]
    assert list(Loan.objects.all()) == []


def test_it_says_it_is_back(librarian: Client, mias: Loan) -> None:
    """Quiet, and on the next three shelf checks."""
    answer = _post(librarian, "loan-do", mias, verb="says-back")

    mias.refresh_from_db()
    assert (mias.status, mias.shelf_checks_left) == (Status.SAYS_BACK, 3)
    assert _told(answer) == ["Nobody is written to about it, and it stands on the next 3 shelf checks."]


def test_what_the_rules_refuse_is_told(librarian: Client, mias: Loan) -> None:
    """As often as 7B may."""
    Loan.objects.filter(pk=mias.pk).update(renewals=2)

    answer = _post(librarian, "loan-do", mias, verb="renew")

    assert _told(answer) == ["Storm Boy was renewed 2 times, as often as 7B may."]


def test_the_office_is_told_when_a_billed_thing_comes_back(librarian: Client, mias: Loan) -> None:
    """It was paid for, perhaps."""
    Loan.objects.filter(pk=mias.pk).update(status=Status.BILLED)

    answer = _post(librarian, "loan-do", mias, verb="take-back")

    assert _told(answer) == ["It is back. It was billed: tell the office."]


def test_there_is_no_such_verb(librarian: Client, mias: Loan) -> None:
    """A form can be written by anybody."""
    assert librarian.post(reverse("loan-do", args=[mias.pk]), {"verb": "burn"}).status_code == 400


@pytest.mark.django_db
def test_a_lost_loan_says_once_why_it_is_quiet_and_offers_no_renewal(librarian: Client, mias: Loan) -> None:
    """It can be taken back, or be on loan again; nothing else makes sense."""
    Loan.objects.filter(pk=mias.pk).update(status=Status.LOST)

    page = librarian.get(reverse("loan", args=[mias.pk]))

    assert page.context["said_next"] == ""
    assert page.context["standing"].endswith("It is given up as lost; nobody is written to.")
    assert [verb for verb in ("renew", "take-back") if f'value="{verb}"' in page.text] == ["take-back"]
