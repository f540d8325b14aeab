"""The editor in a real browser: the letter follows the typing, a click inserts, and no word is lost."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from notices import standing
from notices.models import Audience, Template
from tests.pages.in_a_browser import a_page

pytestmark = pytest.mark.django_db(transaction=True)


def overdue_1() -> Template:
    return Template.objects.get(service="circulation", number=1, audience=Audience.PATRON)


def test_wording_from_typing_to_saving(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User]
) -> None:
    """Type, insert, make a mistake, have it mended, read the letter in its frame, save with Ctrl+S."""
    standing.set_up()
    client.force_login(people[Role.ADMINISTRATOR])

    with a_page(browser, live_server, client) as (page, complaints):
        page.goto(f"/templates/{overdue_1().pk}/")
        letter = page.frame_locator("#letter iframe").locator("body")
        expect(letter).to_contain_text("Hi Mia,")

        body = page.get_by_label("Body")
        body.fill("Good morning {{ deer }}, come soon.\n\n")
        expect(page.locator("#errors")).to_contain_text("Line 1, column 17:")
        expect(letter).to_contain_text("Hi Mia,")
        page.get_by_role("button", name="Use dear").click()
        expect(letter).to_contain_text("Good morning Mia, come soon.")
        expect(page.locator("#errors .note")).to_have_count(0)

        body.press("Control+End")
        page.get_by_role("button", name="books", exact=True).click()
        expect(letter).to_contain_text("Rowan of Rin, by Emily Rodda")
        page.get_by_label("For", exact=True).select_option("several")
        expect(letter).to_contain_text("Boy Overboard")

        page.keyboard.press("Control+s")
        expect(page.get_by_role("status").first).to_contain_text("Saved as version 2.")
        assert complaints == []
    version = overdue_1().current
    assert version is not None
    assert version.body == "Good morning {{ dear }}, come soon.\n\n{{ books }}\n"


def test_words_survive_a_lost_session(
    browser: Browser, live_server: LiveServer, client: Client, people: dict[Role, User]
) -> None:
    """She went to lunch, was signed out, and saved: after signing in again her words are offered back."""
    standing.set_up()
    client.force_login(people[Role.ADMINISTRATOR])

    with a_page(browser, live_server, client) as (page, _):
        page.goto(f"/templates/{overdue_1().pk}/")
        page.get_by_label("Body").fill("An hour of work, {{ dear }}.")
        cookies = page.context.cookies()
        page.context.clear_cookies()
        page.keyboard.press("Control+s")
        page.wait_for_url(lambda url: f"/templates/{overdue_1().pk}/" not in url or "save" in url)
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        page.goto(f"/templates/{overdue_1().pk}/")
        page.get_by_role("button", name="Put them back").click()

        expect(page.get_by_label("Body")).to_have_value("An hour of work, {{ dear }}.")
        expect(page.frame_locator("#letter iframe").locator("body")).to_contain_text("An hour of work, Mia.")
