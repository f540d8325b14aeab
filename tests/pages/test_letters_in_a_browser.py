"""Letters by hand in a real browser: the buttons follow the ticks, keys turn the letters, what is ticked goes."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from notices import letters, standing
from notices.models import Audience
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)


def test_look_tick_and_send(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User]
) -> None:
    """Mia and Tom by email, Ruby on paper; Mia's letter is taken out, and Tom's goes."""
    standing.set_up()
    a_gateway_with_an_address()
    group, today = a_group(name="7B"), timezone.localdate()
    for place, (name, email) in enumerate([("Mia", "mia@school.example"), ("Tom", "tom@school.example"), ("Ruby", "")]):
        patron = a_patron(group=group, first_name=name, last_name="Lee", email=email)
        a_loan(due=today - timedelta(days=9 - place), patron=patron)
    run = letters.draft(1, audience=Audience.PATRON, groups=[group], on=today, by=None)
    client.force_login(people[Role.LIBRARIAN])

    with a_page(browser, live_server, client) as (page, complaints):
        page.goto(f"/letters/{run.pk}/")
        sum_, buttons = page.locator("[data-sum]"), page.locator(".dock button[name=how]:visible")
        expect(buttons).to_have_text(["Email 2", "Print 1", "Email 2, print 1"])
        expect(page.frame_locator("#letter iframe").locator("body")).to_contain_text("Hi Mia")

        page.keyboard.press("j")
        expect(page.frame_locator("#letter iframe").locator("body")).to_contain_text("Hi Tom")
        expect(page.locator("tr.is-sel")).to_contain_text("Tom Lee")
        page.keyboard.press("k")
        expect(page.locator("#letter h2")).to_have_text("To Mia Lee")

        page.get_by_label("Tick Mia Lee").uncheck()
        expect(sum_).to_have_text("2 ticked: 1 by email, 1 to print.")
        expect(buttons).to_have_text(["Email 1", "Print 1", "Email 1, print 1"])
        page.get_by_label("Tick Ruby Lee").uncheck()
        expect(buttons).to_have_text(["Email 1"])
        page.get_by_label("Tick Tom Lee").uncheck()
        expect(sum_).to_have_text("Nothing is ticked.")
        expect(buttons).to_have_count(0)
        page.get_by_label("Tick Tom Lee").check()
        page.get_by_role("button", name="Email 1").click()

        expect(page.get_by_role("status").first).to_have_text("1 letter put into the outbox.")
        assert complaints == []
    assert [message.to for message in OutboundMessage.objects.all()] == ["tom@school.example"]
