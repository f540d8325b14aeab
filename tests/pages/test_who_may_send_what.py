"""Every address of the site is sent an empty form, by nobody and by each role (product.md, S1).

The rule of a view is kept before the view reads a word of the form: who may not open a page may not write there.
"""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from library.access import Role
from smtp_gateway.models import Gateway
from tests.pages.addresses import Address, every_address
from tests.pages.answers import NOT_THIS_WAY, READ, REFUSED, SERVED, SIGN_IN, in_a_word
from tests.pages.sample import Sample

WHO = pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.name.lower() if role else "nobody")


@WHO
def test_a_form_is_taken_from_those_who_may_open_the_page(
    client: Client,
    sample: Sample,
    people: dict[Role, User],
    role: Role | None,
    record_property: Callable[[str, object], None],
) -> None:
    """Sign-in for nobody, 403 for who may not; a form with nothing in it is answered by who may."""
    Gateway.objects.update(host="127.0.0.1", port=1)  # where nobody answers, at once
    if role:
        client.force_login(people[role])
    addresses = [address for address in every_address(sample) if not (address.is_admin and role is Role.ADMINISTRATOR)]

    seen = {address: _sent_nothing(client, address) for address in addresses}

    record_property("who", role.label if role else "Nobody")
    record_property("how", "POST")
    record_property("seen", [[address.route, answer] for address, answer in seen.items()])
    refused = {address.url for address, answer in seen.items() if answer in (REFUSED, SIGN_IN)}
    assert refused == {address.url for address in addresses if not _may(role, address)}
    assert set(seen.values()) <= {SERVED, NOT_THIS_WAY, REFUSED if role else SIGN_IN}


def _may(role: Role | None, address: Address) -> bool:
    return address.rule is None or (role is not None and role >= address.rule)


def _sent_nothing(client: Client, address: Address) -> str:
    """As if nobody had sent anything before."""
    session = client.cookies.get(settings.SESSION_COOKIE_NAME)
    key = session.value if session else ""
    with transaction.atomic():
        answer = in_a_word(client.post(address.url), served=READ)
        transaction.set_rollback(True)
    if key:
        client.cookies[settings.SESSION_COOKIE_NAME] = key
    return answer
