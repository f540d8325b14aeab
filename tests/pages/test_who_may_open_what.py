"""Every address of the site, for nobody and for each role (product.md, S1)."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from library.access import AccessMiddleware, Role, rule_of
from tests.pages.addresses import every_address, every_view
from tests.pages.answers import NOT_THIS_WAY, REFUSED, SERVED, SIGN_IN, in_a_word
from tests.pages.sample import Sample


def test_every_view_states_its_rule() -> None:
    """A view without a rule would be refused to everybody; better to notice it here."""
    rules = [rule_of(view) for view in every_view()]

    assert len(rules) >= 10


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.name.lower() if role else "nobody")
def test_everybody_opens_what_the_rules_say(
    client: Client,
    sample: Sample,
    people: dict[Role, User],
    role: Role | None,
    record_property: Callable[[str, object], None],
) -> None:
    """The page for who may, 403 for who may not, sign-in for nobody."""
    if role:
        client.force_login(people[role])
    addresses = list(every_address(sample))

    seen = {address: in_a_word(client.get(address.url)) for address in addresses}

    record_property("who", role.label if role else "Nobody")
    record_property("how", "GET")
    record_property("seen", [[address.route, answer] for address, answer in seen.items()])
    may = {address for address in addresses if address.rule is None or (role is not None and role >= address.rule)}
    assert {address.url for address, answer in seen.items() if answer in (SERVED, NOT_THIS_WAY)} == {
        address.url for address in may
    }
    assert {answer for address, answer in seen.items() if address not in may} <= {REFUSED if role else SIGN_IN, "404"}


def test_a_desk_helper_sees_the_desk_and_no_more(client: Client, people: dict[Role, User]) -> None:
    """No addresses, guardians, history or letters; Home leads to the desk."""
    client.force_login(people[Role.DESK_HELPER])

    page = client.get("/", follow=True)

    assert page.redirect_chain == [("/desk/", 302)]
    assert [area.key for section in page.context["frame"].spine for area in section.areas] == ["desk"]
    assert client.get(reverse("outbox")).status_code == 403


def test_an_account_in_no_group_may_nothing(client: Client, sample: Sample) -> None:
    """A new account is nobody until an administrator says who it is."""
    client.force_login(User.objects.create_user("new"))

    assert client.get("/").status_code == 403
    assert client.get("/outbox/").status_code == 403


def test_a_view_without_a_rule_is_refused_even_to_a_superuser() -> None:
    """Somebody added an address and forgot the rule."""
    request = RequestFactory().get("/new/")
    request.user = User(username="root", is_superuser=True)

    with pytest.raises(PermissionDenied):
        AccessMiddleware(lambda request: HttpResponse()).process_view(request, _forgotten, (), {})


def test_the_sign_in_page_is_asked_before_the_rule_is_told() -> None:
    """Who is not signed in learns nothing about what exists."""
    request = RequestFactory().get("/outbox/12/?as=html")
    request.user = AnonymousUser()
    request.resolver_match = None

    answer = AccessMiddleware(lambda request: HttpResponse()).process_view(request, _for_librarians, (), {})

    assert answer is not None
    assert answer["Location"] == "/sign-in/?next=/outbox/12/%3Fas%3Dhtml"


def test_a_button_after_the_session_ended_comes_back_to_its_page(client: Client) -> None:
    """Nobody lands on an address that only a form may open."""
    answer = client.post("/templates/new/", headers={"referer": "http://testserver/templates/"})

    assert answer["Location"] == "/sign-in/?next=/templates/"


def _forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a secret")


def _for_librarians(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a letter")


_for_librarians.rule = Role.LIBRARIAN  # type: ignore[attr-defined]
