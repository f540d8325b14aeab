"""The start of the school year: the office's lists come in, who is gone goes to Unmatched, one class gets its letters.

In a real browser, on the pages alone (product.md, C5 and C1): look before anything changes, apply, switch on.
"""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from circulation.models import Group, Guardianship, ImportFile, Patron
from library.access import Role
from tests.builders import a_group, a_patron
from tests.pages.conftest import no_kept_connections, people  # noqa: F401
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = Path(__file__).parent.parent / "samples"


def test_start_of_the_school_year(
    browser: Browser,
    live_server: LiveServer,
    client: Client,
    people: dict[Role, User],  # noqa: F811
) -> None:
    """Last year's pupils are on file; a list of everybody, then one with guardians, then 7A is written to."""
    gone = a_patron(barcode="P1", first_name="Mia", last_name="Chen", group=a_group(name="12A", auto_send=False))
    teacher = a_patron(barcode="T1", group=a_group(name="Office staff", is_staff=True))
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, complaints):
        page.goto("/")
        page.get_by_role("navigation").get_by_role("link", name="Import", exact=True).click()

        _send(page, "koha-patrons.csv")
        expect(page.locator(".lede")).to_contain_text("Nothing is changed yet.")
        expect(page.locator(".lede")).to_contain_text("all can be used. It looks like a Koha export.")
        expect(page.get_by_text("1\u00a0patron on file is not in this list.")).to_be_visible()
        assert Patron.objects.count() == 2
        page.get_by_label("Move this one to Unmatched").check()
        page.get_by_role("button", name="Apply 600 changes").click()
        expect(page.locator(".lede")).to_contain_text("600\u00a0changes are made.")

        page.get_by_role("link", name="Choose another file").click()
        _send(page, "patrons-with-guardians.csv")
        expect(page.get_by_role("heading", name="Questions")).to_be_visible()
        page.get_by_role("button", name="Apply 240 changes").click()
        expect(page.locator(".lede")).to_contain_text("240\u00a0changes are made.")

        page.goto("/groups/")
        page.get_by_label("Tick 7A", exact=True).check()
        page.get_by_role("button", name="Letters by themselves").click()
        expect(page.get_by_text("Letters of 1 group go by themselves now.")).to_be_visible()
        assert complaints == []

    gone.refresh_from_db()
    teacher.refresh_from_db()
    assert (gone.group.name, teacher.group.name) == ("Unmatched", "Office staff")
    assert (Patron.objects.count(), Guardianship.objects.count()) == (602, 300)
    assert list(Group.objects.filter(auto_send=True, name__in=["7A", "7B"]).values_list("name", flat=True)) == ["7A"]
    assert set(ImportFile.objects.values_list("state", flat=True)) == {"applied"}


def _send(page: Page, name: str) -> None:
    """Choose the kind and the file, and look at what it does."""
    page.get_by_label("What it is").select_option("patrons")
    page.get_by_label("File", exact=True).set_input_files(SAMPLES / name)
    page.get_by_role("button", name="See what this file does").click()
