"""*On file twice?*: the other entry is found, the page says what will be, and one press does it."""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from circulation.models import Guardian
from tests.builders import a_group, a_guardian, a_guardianship, a_patron
from tests.pages.words import words

pytestmark = pytest.mark.django_db


def test_who_looks_the_same_is_offered_and_merged(librarian: Client) -> None:
    """Before the press nothing is changed; the page names each child and what becomes of its letters."""
    first, second = a_guardian(name="Ngozi Okafor", email="n@mail.example"), a_guardian(name="ngozi okafor", email="")
    tom = a_patron(first_name="Tom", last_name="Okafor", group=a_group(name="8C"))
    a_guardianship(patron=tom, guardian=second, library_letters=False, reason="Court order")
    a_guardian(name="Somebody Else")

    offered = words(librarian.get(reverse("guardian-same", args=[first.pk])).content)
    address = reverse("guardian-merge", args=[first.pk, second.pk])
    asked = words(librarian.get(address).content)
    before = Guardian.objects.count()
    done = words(librarian.post(address, follow=True).content)

    assert "ngozi okafor no address · Tom Okafor This is the same person" in offered
    assert "Somebody Else" not in offered
    assert "Tom Okafor, 8C : Letters are off, and stay off." in asked.replace("8C:", "8C :")
    assert "Court order" not in asked
    assert (before, Guardian.objects.count()) == (3, 2)
    assert "Ngozi Okafor is on file once now." in done


def test_an_entry_is_not_its_own_twin(librarian: Client) -> None:
    guardian = a_guardian()

    answer = librarian.post(reverse("guardian-merge", args=[guardian.pk, guardian.pk]))

    assert (answer.status_code, Guardian.objects.count()) == (404, 1)


def test_somebody_else_was_quicker(librarian: Client) -> None:
    first, second = a_guardian(), a_guardian()
    address = reverse("guardian-merge", args=[first.pk, second.pk])
    librarian.post(address)

    assert librarian.post(address).status_code == 404


def test_who_prefers_paper_gets_paper(librarian: Client) -> None:
    """Although there is an address."""
    first = a_guardian(name="Ngozi Okafor", email="n@mail.example", prefers_paper=True)
    second = a_guardian(email="other@mail.example")

    asked = words(librarian.get(reverse("guardian-merge", args=[first.pk, second.pk])).content)

    assert "Letters go on paper, as this entry prefers. The address" in asked
    assert "Letters go to" not in asked


def test_a_child_of_whom_somebody_alike_must_not_hear(librarian: Client) -> None:
    """It is said before the press, and not only done."""
    first, second = a_guardian(name="Kim Lee"), a_guardian(name="K. Lee")
    tom = a_patron(first_name="Tom", last_name="Lee", group=a_group(name="8C"))
    a_guardianship(patron=tom, guardian=a_guardian(name="Kim Lee"), library_letters=False)
    a_guardianship(patron=tom, guardian=second)

    asked = words(librarian.get(reverse("guardian-merge", args=[first.pk, second.pk])).content)

    assert "Letters are off from then on: somebody alike is not written to about this child." in asked


def test_a_merge_that_is_refused_says_what_to_do(librarian: Client) -> None:
    first, second = a_guardian(name="Ngozi Okafor"), a_guardian(name="N. Okafor")
    tom = a_patron(first_name="Tom", last_name="Okafor")
    a_guardianship(patron=tom, guardian=second, library_letters=False)

    done = words(librarian.post(reverse("guardian-merge", args=[first.pk, second.pk]), follow=True).content)

    assert "Correct the list first, give both entries the same name, then try again." in done
    assert Guardian.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_somebody_else_is_writing(librarian: Client) -> None:
    """A colleague has the row for longer than anybody waits: a sentence, and nothing is changed."""
    first, second = a_guardian(), a_guardian()
    elsewhere = connection.copy()
    elsewhere.set_autocommit(False)
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT FROM circulation_guardian WHERE id = %s FOR UPDATE", [second.pk])

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '200ms'")
        answer = librarian.post(reverse("guardian-merge", args=[first.pk, second.pk]))
    elsewhere.rollback()
    elsewhere.close()

    assert "Somebody else is writing" in words(librarian.get(answer.headers["Location"]).content)
    assert Guardian.objects.count() == 2
