"""Signing in and out, in sentences (product.md, S1)."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from library.access import Role

PASSWORD = "a long walk on the beach"


@pytest.fixture
def helen(people: dict[Role, User]) -> User:
    user = people[Role.LIBRARIAN]
    user.set_password(PASSWORD)
    user.save()
    return user


def test_signing_in_opens_the_page_that_was_wanted(client: Client, helen: User) -> None:
    """She followed a link in the daily log."""
    answer = client.post(
        "/sign-in/?next=/outbox/", {"username": helen.username, "password": PASSWORD, "next": "/outbox/"}
    )

    assert answer["Location"] == "/outbox/"


def test_a_wrong_password_is_a_sentence_without_blame(client: Client, helen: User) -> None:
    """It does not tell which of the two was wrong."""
    page = client.post("/sign-in/", {"username": helen.username, "password": "a guess"}).content.decode()

    assert "This name and this password do not fit together." in page


def test_too_many_guesses_close_the_door_for_a_while(client: Client, helen: User) -> None:
    """The right password does not open it either, and the page says when it opens again."""
    for _ in range(5):
        client.post("/sign-in/", {"username": helen.username, "password": "a guess"})

    answer = client.post("/sign-in/", {"username": helen.username, "password": PASSWORD})

    assert answer.status_code == 429
    assert "It opens again by itself in a quarter of an hour" in answer.content.decode()


def test_signing_out_closes_every_page(client: Client, helen: User) -> None:
    """The next person at this computer starts at the sign-in page."""
    client.force_login(helen)

    client.post("/sign-out/")

    assert client.get("/outbox/")["Location"] == "/sign-in/?next=/outbox/"


def test_a_part_that_refreshes_itself_sends_the_whole_page_to_sign_in(client: Client, helen: User) -> None:
    """The session ended while the outbox stood open."""
    answer = client.get(
        "/outbox/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/outbox/?tab=sent"}
    )

    assert answer["HX-Redirect"] == "/sign-in/?next=/outbox/"


def test_a_password_can_be_changed_by_its_owner(client: Client, helen: User) -> None:
    """The old one is asked for; the new ones must agree."""
    client.force_login(helen)
    new = "another walk on the beach"

    page = client.post("/password/", {"old_password": "a guess", "new_password1": new, "new_password2": new})
    answer = client.post("/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})

    helen.refresh_from_db()
    assert "This is not the password that is in use now." in page.content.decode()
    assert answer["Location"] == "/"
    assert helen.check_password(new)


def test_the_rules_of_a_password_stand_beside_its_field_and_are_kept(client: Client, helen: User) -> None:
    """Before it is typed; one that breaks them is not taken."""
    client.force_login(helen)
    weak = {"old_password": PASSWORD, "new_password1": "12345", "new_password2": "12345"}

    page, answer = client.get("/password/").text, client.post("/password/", weak)

    helen.refresh_from_db()
    assert "At least ten characters, not only digits" in page
    assert (answer.status_code, helen.check_password(PASSWORD)) == (200, True)


@pytest.mark.parametrize("address", ["/nothing-here/", "/outbox/999999/"])
def test_an_address_at_which_nothing_is_says_so(client: Client, helen: User, address: str) -> None:
    """A page that was removed, a message that never was."""
    client.force_login(helen)

    answer = client.get(address)

    assert answer.status_code == 404
    assert "Nothing is at this address" in answer.content.decode()
