"""Two librarians have the same form open: what one of them saved is never lost without a word (product.md, C1)."""

import re
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from circulation import people
from circulation.models import Guardian, Guardianship, Patron
from library.access import Role
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.pages.words import words

pytestmark = pytest.mark.django_db

MEANWHILE = "Somebody else saved this meanwhile."


@pytest.fixture
def librarian(client: Client, people: dict[Role, User]) -> Client:
    client.force_login(people[Role.LIBRARIAN])
    return client


def seen(client: Client, address: str, *, prefix: str = "") -> str:
    """The digest that the page at ``address`` carries."""
    found = re.search(rf'name="{prefix}seen" value="(\w+)"', client.get(address).text)
    assert found is not None
    return found[1]


def test_what_another_saved_meanwhile_is_told_and_not_overwritten(librarian: Client) -> None:
    """A father gives a new address while somebody else puts his name right."""
    father = a_guardian(name="Wei Chn", email="old@home.example", address="1 High St")
    form = reverse("guardian-edit", args=[father.pk])
    fields = {"name": "Wei Chen", "email": "old@home.example", "address": "1 High St", "seen": seen(librarian, form)}
    Guardian.objects.filter(pk=father.pk).update(email="new@home.example")

    page = librarian.post(form, fields)

    father.refresh_from_db()
    assert (father.name, father.email) == ("Wei Chn", "new@home.example")
    assert f"{MEANWHILE} On file now: Name: Wei Chn; Email: new@home.example." in words(page.content)
    assert f'name="seen" value="{seen(librarian, form)}"' in page.text


def test_saving_once_more_is_a_decision(librarian: Client) -> None:
    """The form that came back carries what is on file now."""
    father = a_guardian(name="Wei Chn", email="old@home.example")
    form = reverse("guardian-edit", args=[father.pk])
    Guardian.objects.filter(pk=father.pk).update(email="new@home.example")
    fields = {"name": "Wei Chen", "email": "old@home.example", "seen": seen(librarian, form)}

    page = librarian.post(form, fields)

    father.refresh_from_db()
    assert page.status_code == 302
    assert (father.name, father.email) == ("Wei Chen", "old@home.example")


def test_a_switch_that_was_turned_off_meanwhile_stays_off(librarian: Client) -> None:
    """One librarian switches the letters off; the other ticks *paper* on a page from before."""
    mia = a_patron(auto_send=Patron.AutoSend.GROUP, may_write_home=True)
    page = reverse("patron", args=[mia.pk])
    fields = {"auto_send": "group", "prefers_paper": "on", "may_write_home": "on", "seen": seen(librarian, page)}
    people.change_patrons([mia.pk], auto_send=Patron.AutoSend.NO)

    answer = librarian.post(reverse("patron-switches", args=[mia.pk]), fields)

    mia.refresh_from_db()
    assert (mia.auto_send, mia.prefers_paper) == (Patron.AutoSend.NO, False)
    assert MEANWHILE in words(answer.content)


@pytest.mark.parametrize("kind", ["patron", "group", "partner", "item"])
def test_every_form_of_a_row_carries_what_it_shows(librarian: Client, today: date, kind: str) -> None:
    """None of them can be posted over somebody else's work."""
    addresses = {
        "patron": reverse("patron-edit", args=[a_patron().pk]),
        "group": reverse("group", args=[a_group().pk]),
        "partner": reverse("partner-edit", args=[a_partner().pk]),
        "item": reverse("item-edit", args=[a_loan(due=today).item_id]),
    }

    shown = seen(librarian, addresses[kind])

    assert len(shown) == 16


def test_saving_writes_what_changed_alone() -> None:
    """A row that was read a moment ago, and changed elsewhere since, keeps what was changed elsewhere."""
    mia = a_patron(first_name="Mai")
    read_before = Patron.objects.get(pk=mia.pk)
    people.stop_letters([mia.pk], reason="In hospital")
    read_before.first_name = "Mia"

    people.save_patron(read_before, changed=["first_name"])

    mia.refresh_from_db()
    assert (mia.first_name, mia.no_letters_reason) == ("Mia", "In hospital")


def test_a_page_of_django_admin_from_before_turns_no_letters_on(admin_client: Client) -> None:
    """Stop writing to my ex, at 8:05; an administrator saves an older page of the child at 8:06."""
    link = a_guardianship(patron=a_patron(barcode="P1", last_name="Chen"), guardian=a_guardian())
    form = reverse("admin:circulation_patron_change", args=[link.patron_id])
    digest = seen(admin_client, form, prefix="guardianships-0-")
    people.stop_letters_home([link], reason="Court order")
    fields = {
        "barcode": "P1",
        "last_name": "Chan",
        "group": str(link.patron.group_id),
        "auto_send": "group",
        "guardianships-TOTAL_FORMS": "1",
        "guardianships-INITIAL_FORMS": "1",
        "guardianships-0-id": str(link.pk),
        "guardianships-0-patron": str(link.patron_id),
        "guardianships-0-guardian": str(link.guardian_id),
        "guardianships-0-library_letters": "on",
        "guardianships-0-seen": digest,
    }

    page = admin_client.post(form, fields)

    kept = Guardianship.objects.get(pk=link.pk)
    assert (kept.library_letters, kept.reason) == (False, "Court order")
    assert MEANWHILE in words(page.content)
