"""Numbers of rows that a page never showed: they give nobody more than their role does (product.md, S1)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from circulation.models import Loan
from library.access import Role
from tests.builders import a_group, a_guardian, a_loan, a_patron, an_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def helper(client: Client, people: dict[Role, User]) -> Client:
    client.force_login(people[Role.DESK_HELPER])
    return client


def test_what_another_desk_did_is_not_undone(helper: Client, people: dict[Role, User]) -> None:
    """*Just happened* belongs to a session; its numbers mean nothing in another."""
    librarian, mia = Client(), a_patron(group=a_group(name="7B", max_loans=5))
    librarian.force_login(people[Role.LIBRARIAN])
    librarian.post("/desk/do/", {"verb": "lend", "patron": mia.pk, "item": an_item().pk})

    answers = [helper.post("/desk/do/", {"verb": "undo", "number": number}).status_code for number in range(5)]

    assert (answers, Loan.objects.open().count()) == ([200] * 5, 1)


def test_a_date_that_only_librarians_set_is_not_taken_from_a_helper(helper: Client) -> None:
    """The field is not on her page; sending it all the same changes nothing."""
    mia, until = a_patron(group=a_group(name="7B", max_loans=5)), timezone.localdate() + timedelta(days=300)

    helper.post("/desk/do/", {"verb": "lend", "patron": mia.pk, "item": an_item().pk, "due": until.isoformat()})

    assert Loan.objects.open().get().due_on < until


def test_going_through_all_patrons_by_number_shows_no_address(helper: Client) -> None:
    """The desk's address has the number of a patron in it: names and what is out, no more."""
    mia = a_patron(
        email="mia.chen@students.example",
        address="12 Banksia Street",
        guardians=[a_guardian(name="Wei Lim", email="wei@home.example")],
        group=a_group(name="7B", contact_email="okoye@school.example"),
    )
    a_loan(due=timezone.localdate(), patron=mia)

    page = helper.get("/desk/", {"patron": mia.pk}).text

    private = ("students.example", "Banksia Street", "Wei Lim", "home.example", "school.example")
    assert [word for word in private if word in page] == []


def test_an_erased_patrons_number_shows_nobody(helper: Client) -> None:
    mia = a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7B"))
    mia.erased_at = timezone.now()
    mia.save()

    assert "Chen" not in helper.get("/desk/", {"patron": mia.pk}).text
