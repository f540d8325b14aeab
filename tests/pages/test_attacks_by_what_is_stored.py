"""Every word that the database keeps is markup; every page shows it as words (product.md, S1).

Whoever fills in a form, writes a file, answers as a mail server, or wrote these rows years ago with another program
gets nothing into a page but text.
"""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import DatabaseError, models, transaction
from django.test import Client

from library.access import Role
from tests.pages.addresses import every_address
from tests.pages.sample import Sample

OURS = ("library", "circulation", "notices", "smtp_gateway")
SCRIPT = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
WORDS = f"'\"></textarea>{SCRIPT}{{{{7*7}}}}{{% now %}}"
#: Is a template itself, and what cannot be one is refused when it is saved.
WORDING = {"notices.TemplateVersion.subject", "notices.TemplateVersion.body"}
#: Shown in a sandbox of its own, where no script runs.
LETTERS = {"notices.Letter.html", "smtp_gateway.DailyLog.html"}


@pytest.mark.parametrize("role", [Role.LIBRARIAN, Role.ADMINISTRATOR], ids=lambda role: role.name.lower())
def test_what_is_stored_stays_words(client: Client, sample: Sample, people: dict[Role, User], role: Role) -> None:
    """Names, titles, reasons, notes, file names, the server's replies, wording: all pages, Django admin too."""
    client.raise_request_exception = False
    client.force_login(people[role])
    addresses = [address for address in every_address(sample) if address.rule is None or role >= address.rule]
    written = set(_write_everywhere())
    User.objects.update(first_name=WORDS, last_name=WORDS, email=WORDS)  # not what signs them in

    answers = {address: client.get(address.url) for address in addresses}

    assert len(written) > 55
    assert {address.url for address, answer in answers.items() if answer.status_code >= 500} == set()
    pages = {address.url: answer.text for address, answer in answers.items() if address.is_document}
    assert {url for url, text in pages.items() if SCRIPT in text} == set()
    assert sum(ESCAPED in text for text in pages.values()) > 40


def _write_everywhere() -> Iterator[str]:
    """Put the words into each column that takes them; yields its name. Columns that hold a choice refuse, or stay."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            name = f"{model._meta.label}.{field.name}"
            if model._meta.app_label in OURS and _takes_words(field) and name not in LETTERS and _write(model, field):
                yield name


def _takes_words(field: "models.Field[object, object]") -> bool:
    is_text = isinstance(field, models.CharField | models.TextField)
    return is_text and not field.choices and (field.max_length or 1000) >= len(WORDS) + 8


def _write(model: type[models.Model], field: "models.Field[object, object]") -> int:
    words = SCRIPT if f"{model._meta.label}.{field.name}" in WORDING else WORDS
    try:
        with transaction.atomic():
            rows = model._default_manager.order_by()
            if not field.unique:
                return rows.update(**{field.name: words})
            return sum(
                rows.filter(pk=pk).update(**{field.name: f"{words}{pk}"}) for pk in rows.values_list("pk", flat=True)
            )
    except DatabaseError:
        return 0
