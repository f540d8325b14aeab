"""*On file twice?*: the other entry is found, the page says what will be, and one press does it."""

import pytest
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
