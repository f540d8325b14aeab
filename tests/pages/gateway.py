"""The gateway's form as a person fills it in."""

from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from smtp_gateway.forms import SettingsOnPage
from smtp_gateway.models import Gateway

PASSWORD = "Wattle-Grove-7!"


def typed(**changes: Any) -> dict[str, Any]:
    """What the browser would send if nothing but ``changes`` were typed. A tick is taken out with False."""
    form = SettingsOnPage(instance=Gateway.the())
    given = {name: form[name].value() for name in form.fields} | changes
    return {name: value for name, value in given.items() if value is not None and value is not False}


def save(client: Client, **changes: Any) -> str:
    """Type these and press *Save settings*; the page that comes back."""
    return press(client, "save", **typed(**changes))


def press(client: Client, button: str, **fields: Any) -> str:
    """Press one of the page's buttons; the page that comes back, as a person reads it."""
    answer = client.post(reverse(f"gateway-{button}"), fields, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())
