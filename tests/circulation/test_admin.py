"""Django admin: every list and form opens, and changes go through the verbs."""

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from circulation.models import Guardianship, ImportFile, Loan
from tests.builders import a_closed_day, a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron, an_item
from tests.circulation.conftest import bring_in, sample

pytestmark = pytest.mark.django_db

MODELS = [model for model in admin.site._registry if model._meta.app_label == "circulation"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_and_form_opens(admin_client: Client, today: date, model: Any) -> None:
    """With a row to show, and with a search."""
    a_guardianship()
    a_loan(due=today, partner=a_partner())
    a_closed_day(day=today)
    bring_in("items", sample("koha-items.csv"))
    path = f"admin:circulation_{model._meta.model_name}"
    row = model.objects.first()

    pages = [
        admin_client.get(reverse(f"{path}_changelist")),
        admin_client.get(reverse(f"{path}_changelist"), {"q": "chen"}),
        admin_client.get(reverse(f"{path}_change", args=[row.pk])),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]


def test_a_list_takes_the_same_queries_for_one_row_and_for_many(
    admin_client: Client, today: date, django_assert_max_num_queries: Any
) -> None:
    """Borrowers and titles come with their loans."""
    for _ in range(20):
        a_loan(due=today)

    with django_assert_max_num_queries(12):
        page = admin_client.get(reverse("admin:circulation_loan_changelist"))

    assert page.status_code == 200


def test_what_changes_on_a_patron_is_said(admin_client: Client, said: list[Any]) -> None:
    """Another address and, in the same form, a guardian to whom letters are switched off."""
    mia = a_patron(barcode="P1", first_name="Mia", last_name="Chen", group=a_group(name="7B"))
    parent = a_guardian()
    link = a_guardianship(patron=mia, guardian=parent)

    page = admin_client.post(
        reverse("admin:circulation_patron_change", args=[mia.pk]),
        {
            "barcode": "P1",
            "first_name": "Mia",
            "last_name": "Chen",
            "group": mia.group.pk,
            "email": "mia@example.org",
            "auto_send": "group",
            "may_write_home": "on",
            "guardianships-TOTAL_FORMS": "1",
            "guardianships-INITIAL_FORMS": "1",
            "guardianships-0-id": link.pk,
            "guardianships-0-patron": mia.pk,
            "guardianships-0-guardian": parent.pk,
            "guardianships-0-reason": "Court order",
        },
    )

    assert page.status_code == 302
    assert not Guardianship.objects.get().library_letters
    assert said == [
        ("address", {"patron_ids": [mia.pk], "guardian_ids": []}),
        ("guardianship", {"patron_ids": [mia.pk], "guardian_ids": [parent.pk]}),
    ]


def test_loans_are_taken_back_by_the_desks_verb(admin_client: Client, today: date, said: list[Any]) -> None:
    """Two ticked, one of them back already: one is taken back, and the other is a sentence."""
    out, back = a_loan(due=today), a_loan(due=today, returned=today, item=an_item(title="Holes"))

    page = admin_client.post(
        reverse("admin:circulation_loan_changelist"),
        {"action": "take_back", "_selected_action": [out.pk, back.pk]},
        follow=True,
    )

    assert sorted(str(message) for message in page.context["messages"]) == [
        "1 loan changed.",
        f"Holes came back on {today:%a %-d %b}.",
    ]
    assert said == [("returned", {"loan_ids": [out.pk]})]


@pytest.mark.parametrize("model", [Loan, ImportFile], ids=lambda model: model.__name__)
def test_loans_and_files_are_only_looked_at(admin_client: Client, model: Any) -> None:
    """Nobody adds a loan past the desk, nor a file past the import."""
    page = admin_client.get(reverse(f"admin:circulation_{model._meta.model_name}_add"))

    assert page.status_code == 403
