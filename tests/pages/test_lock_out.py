"""Who guesses passwords is locked out by name and address; a proxy's word about addresses counts only when stated."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from library.access import Role, address_of

PASSWORD = "a long walk on the beach"


@pytest.fixture
def helen(people: dict[Role, User]) -> User:
    user = people[Role.LIBRARIAN]
    user.set_password(PASSWORD)
    user.save()
    return user


def _try(client: Client, password: str, *, forwarded: str) -> int:
    form = {"username": "librarian", "password": password}
    return client.post("/sign-in/", form, headers={"x-forwarded-for": forwarded}).status_code


def test_behind_a_proxy_one_guesser_does_not_lock_out_the_school(client: Client, helen: User, settings: object) -> None:
    """Everybody comes from the proxy; what it adds at the end tells them apart."""
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]
    guesses = [_try(client, "a guess", forwarded="203.0.113.9") for _ in range(6)]

    hers = _try(client, PASSWORD, forwarded="192.0.2.4")

    assert (guesses, hers) == ([200, 200, 200, 200, 429, 429], 302)


def test_an_invented_address_gives_no_more_guesses(client: Client, helen: User, settings: object) -> None:
    """What the guesser writes stands before what the proxy adds."""
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]

    guesses = [_try(client, "a guess", forwarded=f"10.0.0.{number}, 203.0.113.9") for number in range(6)]

    assert guesses == [200, 200, 200, 200, 429, 429]


def test_without_a_proxy_the_header_is_nobodys_word(client: Client, helen: User) -> None:
    guesses = [_try(client, "a guess", forwarded=f"203.0.113.{number}") for number in range(6)]

    assert guesses == [200, 200, 200, 200, 429, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 192.0.2.8", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "2001:DB8::9", "2001:db8::9"),
        (1, "", "192.0.2.1"),
        (1, "unknown", "192.0.2.1"),
        (1, "'; DROP TABLE", "192.0.2.1"),
    ],
)
def test_the_address_is_what_the_outermost_proxy_saw(
    settings: object, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/sign-in/", headers={"x-forwarded-for": forwarded})

    assert address_of(request) == address
