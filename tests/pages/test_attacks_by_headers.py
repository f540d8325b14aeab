"""What a browser or a proxy is not believed: names of the site, addresses, methods, pages to go to (product.md, S2)."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from library.access import Role
from tests.pages.addresses import every_address
from tests.pages.sample import Sample

pytestmark = pytest.mark.django_db

EVIL = "evil.example"
PASSWORD = "a long walk on the beach"


@pytest.fixture
def helen(people: dict[Role, User]) -> User:
    user = people[Role.LIBRARIAN]
    user.set_password(PASSWORD)
    user.save()
    return user


def _sign_in(client: Client, **more: str) -> str:
    answer = client.post("/sign-in/", {"username": "librarian", "password": PASSWORD, **more})
    return answer.headers.get("Location", f"refused: {answer.status_code}")


@pytest.mark.parametrize("host", [EVIL, "testserver.evil.example", "testserver@evil.example", "testserver:80:80", ""])
def test_a_site_of_another_name_is_not_here(client: Client, host: str) -> None:
    """A link in a letter or a redirect could lead there."""
    assert client.get("/sign-in/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": EVIL},
        {"forwarded": f"host={EVIL}"},
        {"x-original-url": "/library/people/"},
        {"x-rewrite-url": "/library/people/"},
        {"x-forwarded-prefix": f"//{EVIL}"},
        {"x-forwarded-proto": "https"},
        {"x-forwarded-user": "administrator", "remote-user": "administrator"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_of_a_proxy_move_nobody(client: Client, helen: User, headers: dict[str, str]) -> None:
    """Without HTTPS=1 none is believed; with it, only the protocol and the number of proxies stated."""
    before = client.get("/outbox/")

    after = client.get("/outbox/", headers=headers)

    assert (after.status_code, after.headers["Location"]) == (before.status_code, before.headers["Location"])


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"https://{EVIL}/", f"//{EVIL}/", f"///{EVIL}/", f"/\\{EVIL}/", f"\\\\{EVIL}", f"http:{EVIL}", f" //{EVIL}",
        "javascript:alert(1)", "data:text/html,x", f"/\t/{EVIL}/", f"https://testserver@{EVIL}/",
    ],
)  # fmt: skip
def test_nobody_is_led_to_another_site(client: Client, helen: User, elsewhere: str) -> None:
    """After signing in, and after what was done with ticked rows."""
    after_sign_in = _sign_in(client, next=elsewhere)
    after_verbs = [
        client.post(reverse(name), {"verb": verb, "next": elsewhere}).headers["Location"]
        for name, verb in (("outbox-do", "hold"), ("patrons-do", "auto-yes"), ("groups-do", "auto-yes"))
    ]

    assert (after_sign_in, after_verbs) == ("/", ["/outbox/", "/patrons/", "/groups/"])


def test_the_page_that_a_part_says_it_stands_on_is_no_way_out(client: Client) -> None:
    """Only its path is taken, and the sign-in page looks at that too."""
    answer = client.get("/outbox/", headers={"hx-request": "true", "hx-current-url": f"http://x//{EVIL}/"})

    page = client.get(answer["HX-Redirect"])

    assert answer["HX-Redirect"].startswith("/sign-in/?next=")
    assert f'value="//{EVIL}/"' not in page.text


def test_a_session_that_was_there_before_is_not_signed_in(client: Client, helen: User) -> None:
    """Somebody put their own key into this browser and waits for her to sign in."""
    thief = Client()
    thief.get("/sign-in/")
    session = thief.session
    session["x"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key or ""

    _sign_in(client)

    thief.cookies["sessionid"] = session.session_key or ""
    assert client.get("/outbox/").status_code == 200
    assert client.cookies["sessionid"].value != session.session_key
    assert thief.get("/outbox/").status_code == 302


def test_an_invented_session_key_is_not_adopted(client: Client, helen: User) -> None:
    client.cookies["sessionid"] = "a" * 32

    _sign_in(client)

    assert client.cookies["sessionid"].value != "a" * 32


def test_a_closed_account_is_out_at_once(client: Client, helen: User) -> None:
    """And so is one whose role was taken away: neither waits for the session to end."""
    client.force_login(helen)
    helen.groups.clear()
    without_role = client.get("/outbox/").status_code
    User.objects.filter(pk=helen.pk).update(is_active=False)

    assert (without_role, client.get("/outbox/").status_code) == (403, 302)


def test_a_new_password_ends_the_sessions_elsewhere(client: Client, helen: User) -> None:
    client.force_login(helen)
    User.objects.get(pk=helen.pk).set_password("another walk on the beach")
    helen.set_password("another walk on the beach")
    helen.save()

    assert client.get("/outbox/").status_code == 302


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace", "propfind"])
def test_other_methods_change_nothing(sample: Sample, people: dict[Role, User], method: str) -> None:
    """Refused by every page, with or without a header that calls them something else."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(people[Role.ADMINISTRATOR])
    addresses = [address for address in every_address(sample) if not address.is_admin]

    answers = {
        address.route: client.generic(method.upper(), address.url, headers={"x-http-method-override": "POST"})
        for address in addresses
    }

    assert {route for route, answer in answers.items() if answer.status_code not in (403, 405)} == set()


def test_a_form_of_another_site_is_not_taken(sample: Sample, people: dict[Role, User]) -> None:
    """Without our token, with somebody else's, and with the right one from a foreign page: 403, whatever the form."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(people[Role.ADMINISTRATOR])
    addresses = [address for address in every_address(sample) if not address.is_admin]
    client.get("/password/")
    token = client.cookies["csrftoken"].value

    without = {client.post(address.url).status_code for address in addresses}
    another = {client.post(address.url, {"csrfmiddlewaretoken": "x" * 64}).status_code for address in addresses}
    foreign = {
        client.post(address.url, {"csrfmiddlewaretoken": token}, headers={"origin": f"https://{EVIL}"}).status_code
        for address in addresses
    }

    assert (without, another, foreign) == ({403}, {403}, {403})


def test_every_page_carries_its_protection(client: Client, sample: Sample, people: dict[Role, User]) -> None:
    """A policy without inline scripts, no frames elsewhere, no guessing of types, no address told to others."""
    client.force_login(people[Role.ADMINISTRATOR])

    answers = [(address.url, client.get(address.url)) for address in every_address(sample)]

    assert [
        url for url, answer in answers if "script-src 'self'" not in _policy(answer) and not _sandboxed(answer)
    ] == []
    assert [url for url, answer in answers if "unsafe-inline" in _policy(answer) and not _sandboxed(answer)] == []
    assert {answer.headers["X-Frame-Options"] for _, answer in answers} <= {"DENY", "SAMEORIGIN"}
    assert {answer.headers["X-Content-Type-Options"] for _, answer in answers} == {"nosniff"}
    assert {answer.headers["Referrer-Policy"] for _, answer in answers} == {"same-origin"}


def _policy(answer: object) -> str:
    return str(answer.headers["Content-Security-Policy"])  # type: ignore[attr-defined]


def _sandboxed(answer: object) -> bool:
    """A letter as its reader sees it: its own styles, no script of anybody."""
    return "default-src 'none'" in _policy(answer) and "sandbox" in _policy(answer)


def test_what_a_form_without_a_page_is_told_is_a_sentence(people: dict[Role, User]) -> None:
    """The refusal of a foreign form says what to do and nothing about the program."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(people[Role.LIBRARIAN])

    answer = client.post("/outbox/do/")

    assert "Load the page again and repeat the last step." in answer.text
    assert "CSRF" not in answer.text
