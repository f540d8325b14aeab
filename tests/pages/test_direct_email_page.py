"""*Email* on a patron's page (product.md, C6): whom, and a link into the librarian's own mail program."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circulation.models import Patron
from notices import standing
from notices.models import Letter, Run
from smtp_gateway.models import OutboundMessage
from tests.builders import a_guardian, a_guardianship, a_loan, a_patron, an_item
from tests.notices.builders import a_gateway_with_an_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    """The wall's: views read it."""
    return timezone.localdate()


@pytest.fixture
def grace(today: date) -> Patron:
    standing.set_up()
    patron = a_patron(first_name="Grace", last_name="Lee", email="grace@students.example")
    a_guardianship(patron=patron, guardian=a_guardian(name="Ana Lee", email="ana@home.example"))
    a_guardianship(patron=patron, guardian=a_guardian(name="Ben Lee"), library_letters=False)
    a_loan(due=today - timedelta(days=1), patron=patron, item=an_item(title="Holes"))
    return patron


def test_it_asks_whom_and_says_why_not(librarian: Client, grace: Patron) -> None:
    """Two links, and one sentence instead of a third."""
    page = librarian.get(reverse("patron-email", args=[grace.pk])).content.decode()

    assert page.count('href="mailto:') == 2
    assert 'href="mailto:grace@students.example?subject=Your%20library%20loans&amp;body=Hi%20Grace%2C%0D%0A' in page
    assert "Letters to this guardian are off." in page


def test_a_click_stands_in_the_history(librarian: Client, grace: Patron) -> None:
    response = librarian.post(reverse("patron-email-opened", args=[grace.pk]), {"guardian": ""})
    page = librarian.get(reverse("patron", args=[grace.pk])).content.decode()

    assert response.status_code == 204
    assert "Opened in mail program" in page


def test_who_is_not_offered_cannot_be_asked_for(librarian: Client, grace: Patron) -> None:
    """Neither by a click that nobody could make, nor through the gateway."""
    ben = grace.guardians.get(name="Ben Lee")
    fields = {"guardian": str(ben.pk)}

    answers = [
        librarian.post(reverse(name, args=[grace.pk]), fields).status_code
        for name in ("patron-email-opened", "patron-email-send")
    ]

    assert answers == [400, 400]
    assert Letter.objects.count() == 0


def test_through_the_gateway_it_is_shown_first(librarian: Client, grace: Patron) -> None:
    a_gateway_with_an_address()
    ana = grace.guardians.get(name="Ana Lee")

    response = librarian.post(reverse("patron-email-send", args=[grace.pk]), {"guardian": str(ana.pk)}, follow=True)

    run = Run.objects.get()
    assert response.redirect_chain[-1][0] == reverse("letters-look", args=[run.pk])
    assert [letter.to for letter in run.letters_of.all()] == ["ana@home.example"]
    assert OutboundMessage.objects.count() == 0


def test_an_erased_patron_has_no_such_page(librarian: Client, grace: Patron) -> None:
    Patron.objects.filter(pk=grace.pk).update(erased_at=timezone.now())

    assert librarian.get(reverse("patron-email", args=[grace.pk])).status_code == 404
