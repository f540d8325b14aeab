"""Nonsense in addresses, forms and headers ends in a page or a sentence, never in a traceback."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client

from library.access import Role

pytestmark = pytest.mark.django_db


LONG = "9" * 5000


@pytest.mark.parametrize(
    "address",
    [
        "/outbox/?day=9999-12-31", "/outbox/?tab=sent&day=9999-12-31", "/gateway/log/?day=9999-12-31",
        f"/outbox/?after=1-{LONG}", f"/gateway/log/?before={LONG}",
    ],
)  # fmt: skip
def test_nonsense_in_the_address_is_ignored(client: Client, people: dict[Role, User], address: str) -> None:
    client.force_login(people[Role.LIBRARIAN])
    client.raise_request_exception = False
    assert client.get(address).status_code == 200


def test_a_long_number_among_the_ticks_is_no_message(client: Client, people: dict[Role, User]) -> None:
    client.force_login(people[Role.LIBRARIAN])
    client.raise_request_exception = False
    assert client.post("/outbox/do/", {"verb": "hold", "id": LONG}).status_code == 302


def test_a_scanner_that_stuck_is_told(client: Client, people: dict[Role, User]) -> None:
    """A key held down, or a page of text pasted: no word so long is in the index (PostgreSQL takes 2,046 bytes)."""
    client.force_login(people[Role.DESK_HELPER])
    client.raise_request_exception = False
    assert client.post("/desk/scan/", {"scan": "x" * 3000, "do": "lend"}).status_code == 200


def test_a_name_of_five_thousand_letters_cannot_sign_in(client: Client) -> None:
    client.raise_request_exception = False
    assert client.post("/sign-in/", {"username": "u" * 5000, "password": "x"}).status_code == 200


def test_a_broken_address_of_the_page_is_sent_to_sign_in(client: Client) -> None:
    client.raise_request_exception = False
    answer = client.get("/outbox/", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert answer.status_code == 200


def test_a_personal_page_is_kept_by_no_browser(client: Client, people: dict[Role, User]) -> None:
    """After signing out at a shared desk, *Back* must not show the letter."""
    client.force_login(people[Role.LIBRARIAN])
    assert "no-store" in client.get("/outbox/").headers.get("Cache-Control", "")


def test_a_container_may_ask_whether_it_lives_whatever_the_site_is_called() -> None:
    """Its health check asks 127.0.0.1; ALLOWED_HOSTS names the site."""
    ask = "from django.conf import settings; print('127.0.0.1' in settings.ALLOWED_HOSTS)"
    env = {**os.environ, "ALLOWED_HOSTS": "library.school.example", "DJANGO_SETTINGS_MODULE": "library.settings"}
    assert subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True).stdout == "True\n"


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/loans/take-back/do/", "run"), ("/templates/new/", "number"), ("/schedules/new/", "steps-0-was"),
        ("/letters/show/", "patrons"), ("/desk/scan/", "patron"), ("/loans/do/", "id"),
        ("/print-queue/mark/", "letter"),
    ],
)  # fmt: skip
def test_five_thousand_digits_in_a_form_are_no_number(
    client: Client, people: dict[Role, User], address: str, field: str
) -> None:
    """Python itself refuses to read more than 4,300."""
    client.force_login(people[Role.ADMINISTRATOR])
    client.raise_request_exception = False
    count = {"steps-TOTAL_FORMS": "1", "steps-INITIAL_FORMS": "0"}
    assert client.post(address, {**count, "verb": "renew", field: LONG}).status_code < 500
