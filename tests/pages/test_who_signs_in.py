"""Accounts on their page: made, changed and closed by an administrator, and nobody locks the last one out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from library.access import Role, role_of

pytestmark = pytest.mark.django_db

PASSWORD = "a reading room in the morning"


def _typed(**changes: str) -> dict[str, str]:
    return {
        "username": "jo",
        "first_name": "Jo",
        "last_name": "Perkins",
        "email": "",
        "role": str(int(Role.DESK_HELPER)),
        "password": PASSWORD,
        "is_active": "on",
    } | changes


def test_a_new_person_signs_in_with_the_role_that_was_given(administrator: Client) -> None:
    """The desk and nothing more, with the password that was typed."""
    administrator.post(reverse("account-new"), _typed())

    jo = User.objects.get(username="jo")
    assert (role_of(jo), jo.is_staff, jo.check_password(PASSWORD)) == (Role.DESK_HELPER, False, True)


def test_an_administrator_comes_into_django_admin_and_a_librarian_does_not(administrator: Client) -> None:
    """The role decides; nobody needs to know of another tick."""
    administrator.post(reverse("account-new"), _typed(role=str(int(Role.ADMINISTRATOR))))
    jo = User.objects.get(username="jo")
    was = jo.is_staff

    administrator.post(reverse("account", args=[jo.pk]), _typed(role=str(int(Role.LIBRARIAN)), password=""))

    jo = User.objects.get(username="jo")
    assert (was, jo.is_staff, role_of(jo), jo.check_password(PASSWORD)) == (True, False, Role.LIBRARIAN, True)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"password": "123"}, "password", "This password is too short. It must contain at least 10 characters."),
        ({"password": ""}, "password", "A new account needs a password."),
        ({"username": "librarian"}, "username", "Somebody else signs in with this name."),
        ({"username": ""}, "username", "Without a name nobody can sign in."),
    ],
)
def test_what_cannot_be_is_refused_under_its_field(
    administrator: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    """Nothing is saved, and the typed name stays."""
    page = administrator.post(reverse("account-new"), _typed(**changes))

    assert page.context["form"].errors[field][0] == sentence
    assert User.objects.filter(last_name="Perkins").count() == 0


def test_nobody_closes_their_own_account(administrator: Client, people: dict[Role, User]) -> None:
    """Another administrator can."""
    own = people[Role.ADMINISTRATOR]
    typed = _typed(username=own.username, role=str(int(Role.ADMINISTRATOR)), password="")
    del typed["is_active"]

    page = administrator.post(reverse("account", args=[own.pk]), typed)

    assert page.context["form"].non_field_errors() == [
        "This is your own account. Another administrator can close it or change what it may do."
    ]
    assert User.objects.get(pk=own.pk).is_active


def test_a_closed_account_is_signed_out_and_keeps_its_name(administrator: Client, people: dict[Role, User]) -> None:
    """What the person did stays with the name; the next page they open is the sign-in page."""
    librarian = people[Role.LIBRARIAN]
    theirs = Client()
    theirs.force_login(librarian)
    typed = _typed(username="librarian", role=str(int(Role.LIBRARIAN)), password="")
    del typed["is_active"]

    administrator.post(reverse("account", args=[librarian.pk]), typed)

    assert theirs.get("/").headers["Location"] == "/sign-in/?next=/"
    assert User.objects.get(username="librarian").is_active is False


def test_somebody_locked_out_is_let_in_again(administrator: Client, people: dict[Role, User]) -> None:
    """Five wrong passwords lock the name; one click forgets them."""
    librarian = people[Role.LIBRARIAN]
    librarian.set_password(PASSWORD)
    librarian.save()
    theirs = Client()
    wrong = {"username": "librarian", "password": "wrong"}
    answers = [theirs.post(reverse("login"), wrong).status_code for _ in range(6)]

    administrator.post(reverse("account-let-in", args=[librarian.pk]))

    assert answers[-1] == 429
    assert theirs.post(reverse("login"), {"username": "librarian", "password": PASSWORD}).status_code == 302
