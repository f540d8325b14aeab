"""A schedule edited in place in a real browser: rows come and go, dates follow the typing, Ctrl S saves."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from notices import presets, standing
from notices.models import Schedule
from tests.pages.in_a_browser import Theme, a_page
from tests.pages.test_every_page_in_a_browser import looked_at

pytestmark = pytest.mark.django_db(transaction=True)


def test_steps_are_edited_in_place(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User]
) -> None:
    """A day is changed, a step is added and another taken away; nothing is saved before Ctrl S."""
    standing.set_up()
    schedule = presets.load("bibliotech")
    client.force_login(people[Role.ADMINISTRATOR])

    with a_page(browser, live_server, client) as (page, complaints):
        page.goto(f"/schedules/{schedule.pk}/")
        page.fill("#id_due", "2026-12-01")
        page.locator("#id_steps-1-days").fill("2")
        expect(page.locator("#dates")).to_contain_text("2 days late")

        page.get_by_role("button", name="Add a step").click()
        page.locator("#id_steps-3-days").fill("10")
        expect(page.locator("#steps-3-name")).to_have_text("Overdue 3")
        expect(page.locator("#line svg")).to_have_attribute(
            "aria-label",
            "Reminder 3 days before; Overdue 1 2 days late; Overdue 2 3 days late; Overdue 3 10 days late; "
            "silence after 14 days.",
        )

        page.locator("[data-step]").nth(2).get_by_label("Remove").check()
        expect(page.locator("[data-step]").nth(2)).to_be_hidden()
        expect(page.locator("#steps-3-name")).to_have_text("Overdue 2")
        assert Schedule.objects.get().steps.count() == 3

        page.keyboard.press("Control+s")
        expect(page.get_by_text("BiblioTECH is saved.")).to_be_visible()

    assert complaints == []
    assert list(schedule.steps.order_by("number").values_list("number", "days")) == [(-1, -3), (1, 2), (2, 10)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_refused_schedule_is_well_in_a_browser(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User], theme: Theme
) -> None:
    """With sentences under fields and warnings beside the dates; the quiet form is in the crawl."""
    schedule = presets.load("illiad_borrowing")
    client.force_login(people[Role.ADMINISTRATOR])

    with a_page(browser, live_server, client, theme=theme) as (page, complaints):
        page.goto(f"/schedules/{schedule.pk}/")
        page.locator("#id_steps-0-days").fill("soon")
        page.locator("#id_stop_after").fill("3")
        page.get_by_role("button", name="Save schedule").click()
        expect(page.locator(".error-text").first).to_be_visible()
        complaints += looked_at(page)

    refused = "the server responded with a status of 422"  # Chromium says so of every refusal
    assert [one for one in complaints if refused not in one] == []
