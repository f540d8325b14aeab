"""Two librarians have the same form open: what one of them saved is never lost without a word (product.md, C1)."""

import re
from datetime import date, time

import pytest
from django.contrib.auth.models import Group as DjangoGroup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from circulation import people
from circulation.models import Guardian, Guardianship, Patron
from library.access import Role
from library.models import Library
from notices.models import RunSettings
from smtp_gateway.models import Gateway
from tests.builders import a_closed_day, a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.pages.forms_on_a_page import forms_of
from tests.pages.words import words

pytestmark = pytest.mark.django_db

MEANWHILE = "Somebody else saved this meanwhile."


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


@pytest.mark.parametrize("kind", ["patron", "group", "guardianship", "partner", "item", "closed days"])
def test_every_form_of_a_row_carries_what_it_shows(administrator: Client, today: date, kind: str) -> None:
    """None of them can be posted over somebody else's work."""
    addresses = {
        "patron": reverse("patron-edit", args=[a_patron().pk]),
        "group": reverse("group", args=[a_group().pk]),
        "guardianship": reverse("guardianship", args=[a_guardianship().pk]),
        "closed days": reverse("closed-days-change", args=[a_closed_day(day=today).pk]),
        "partner": reverse("partner-edit", args=[a_partner().pk]),
        "item": reverse("item-edit", args=[a_loan(due=today).item_id]),
    }

    shown = seen(administrator, addresses[kind])

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


def test_two_administrators_set_the_time_of_the_daily_run(administrator: Client) -> None:
    """One moves it to the evening; the other adds a Saturday on a page that still says half past six."""
    page = reverse("daily-run")
    fields = {"at": "06:30", "weekdays": ["0", "1", "5"], "seen": seen(administrator, page)}
    RunSettings.objects.update(at=time(18, 0), weekdays=[0, 4], enabled=True)

    answer = administrator.post(page, fields)

    kept = RunSettings.the()
    assert (answer.status_code, kept.at, kept.weekdays) == (422, time(18, 0), [0, 4])
    assert f"{MEANWHILE} On file now: Time: 18:00; Weekdays: Monday, Friday. Save again" in words(answer.content)
    assert "every day is closed or left out" not in words(answer.content)


def test_two_administrators_write_the_librarys_details(administrator: Client) -> None:
    """The school office's new telephone is not taken back by a page from before."""
    page = reverse("library-details")
    shown = next(form for form in forms_of(administrator.get(page).text, page=page) if "phone" in form.names)
    Library.objects.update(phone="03 5550 9999")

    answer = administrator.post(page, dict(shown.with_value("phone", "03 5550 1234")))

    told = words(answer.content)
    assert Library.the().phone == "03 5550 9999"
    assert f"{MEANWHILE} On file now: Phone: 03 5550 9999; " in told
    assert "Open on: Monday, Tuesday" in told


def test_two_administrators_open_the_library_on_other_days(administrator: Client) -> None:
    """The week stands on two pages; what one of them saved is not put back by the other."""
    page = reverse("closed-days")
    fields = {"open_weekdays": ["0", "1"], "seen": seen(administrator, page)}
    Library.objects.update(open_weekdays=[0, 1, 2, 3, 4, 5])

    answer = administrator.post(reverse("closed-days-week"), fields)

    assert Library.the().open_weekdays == [0, 1, 2, 3, 4, 5]
    assert f"{MEANWHILE} On file now: Open on: Monday, Tuesday" in words(answer.content)


def test_a_role_that_was_taken_away_meanwhile_does_not_come_back(administrator: Client) -> None:
    """One administrator makes Tom a desk helper again; the other writes his new name."""
    tom = User.objects.create_user("tom", first_name="Tom")
    tom.groups.add(DjangoGroup.objects.get(name=Role.LIBRARIAN.label))
    page = reverse("account", args=[tom.pk])
    fields = {"username": "tom", "first_name": "Thomas", "role": "2", "is_active": "on"}
    fields["seen"] = seen(administrator, page)
    tom.groups.set([DjangoGroup.objects.get(name=Role.DESK_HELPER.label)])

    answer = administrator.post(page, fields | {"password": "a long walk on the beach"})

    tom.refresh_from_db()
    assert ([group.name for group in tom.groups.all()], tom.first_name) == ([Role.DESK_HELPER.label], "Tom")
    assert f"{MEANWHILE} On file now: First name: Tom; May act as: Desk helper. Save again" in words(answer.content)


@pytest.mark.parametrize("model", ["notices/runsettings/1", "library/library/1", "smtp_gateway/gateway/1"])
def test_the_one_rows_of_django_admin_carry_what_they_show(administrator: Client, model: str) -> None:
    """Settings have two doors, and both ask."""
    _ = (RunSettings.the(), Library.the(), Gateway.the())

    assert seen(administrator, f"/admin/{model}/change/") != ""
