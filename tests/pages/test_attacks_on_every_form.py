"""Every field of every form of every page is sent what no person would type (product.md, S1).

The forms are read from the pages, so a new one is attacked by being there. Never a server's error, and never what was
typed as part of the page.
"""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client

from library.access import Role
from smtp_gateway.models import Gateway
from tests.pages.addresses import every_address
from tests.pages.forms_on_a_page import Form, Pair, forms_of
from tests.pages.sample import Sample

SCRIPT = "<script>alert(1)</script>"
TYPED = {
    "a script": f"'\">{SCRIPT}{{{{ 7777|add:1 }}}}",
    "a formula": "=1+1",
    "NUL": "a\0b",
    "ten thousand characters": "x" * 10_000,
    "marks that turn text around": "\u202eabc\u2066\ufeff",
    "a header": "a\r\nBcc: eve@elsewhere.example",
    "a number without end": "9" * 30,
    "a number below zero": "-1",
    "digits of another script": "٣²½",
    "no day": "2026-02-30",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "what"), [(Role.LIBRARIAN, "a script"), *((Role.ADMINISTRATOR, what) for what in TYPED)]
)
def test_nothing_that_is_typed_breaks_a_page_or_becomes_part_of_it(
    client: Client, sample: Sample, people: dict[Role, User], role: Role, what: str
) -> None:
    """One field after the other holds it, then all; the page that follows and the page it came from are read."""
    client.force_login(people[role])
    client.raise_request_exception = False
    Gateway.objects.update(host="127.0.0.1", port=1)  # where nobody answers, at once
    sent = [
        (page, form, action, pairs)
        for page, form in _forms(client, sample)
        for action, pairs in _attacks(form, TYPED[what])
    ]

    broken = [wrong for page, form, action, pairs in sent if (wrong := _send(client, page, form, action, pairs))]

    assert len(sent) > 300
    assert broken == []


def _forms(client: Client, sample: Sample) -> list[tuple[str, Form]]:
    """Each form once, however many pages carry it."""
    found: dict[object, tuple[str, Form]] = {}
    for address in every_address(sample):
        if address.is_admin or not address.is_document or (answer := client.get(address.url)).status_code != 200:
            continue
        for form in forms_of(answer.content.decode(), page=address.url):
            if form.method in ("get", "post") and form.action != "/sign-out/":
                key = (form.method, form.action.partition("?")[0], *form.names, *form.buttons)
                found.setdefault(key, (address.url, form))
    return list(found.values())


def _attacks(form: Form, text: str) -> Iterator[tuple[str, list[Pair]]]:
    buttons = form.buttons or [("", "", form.action)]
    for name, value, action in {button[2]: button for button in buttons}.values():
        pressed = [(name, value)] if name else []
        for field in [*form.names, *form.files]:
            yield action, [*form.with_value(field, text), *pressed]
        yield action, [*((field, text) for field in form.names), *([(name, text)] if name else [])]


def _send(client: Client, page: str, form: Form, action: str, pairs: list[Pair]) -> str:
    """What went wrong, in a line; empty when all is well. Nothing of it is kept."""
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    data: dict[str, list[str]] = {}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    with transaction.atomic():
        answer = client.get(action, data) if form.method == "get" else client.post(action, data)
        answers: list[HttpResponseBase] = [answer]
        if answer.status_code in (301, 302):
            answers += [client.get(answer["Location"]), client.get(page)]
        wrong = "; ".join(filter(None, map(_wrong, answers)))
        transaction.set_rollback(True)
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return f"{form.method} {action} {[(name, value[:40]) for name, value in pairs]}: {wrong}" if wrong else ""


def _wrong(answer: HttpResponseBase) -> str:
    if answer.status_code >= 500:
        return str(answer.status_code)
    text = b"" if answer.streaming else answer.content  # type: ignore[attr-defined]
    return "the script stands in the page" if SCRIPT.encode() in text else ""
