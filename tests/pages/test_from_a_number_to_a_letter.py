"""A librarian signs in, follows a number on Home to its rows, reads a letter, and stops it before it leaves."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from smtp_gateway.models import OutboundMessage
from tests.pages.sample import Sample

PASSWORD = "a long walk on the beach"


@pytest.mark.django_db(transaction=True)
def test_from_a_number_on_home_to_a_letter_that_is_held(
    browser: Browser, live_server: LiveServer, people: dict[Role, User], sample: Sample
) -> None:
    """The number has as many rows as it says, and the letter looks as it will in a mail program."""
    helen = people[Role.LIBRARIAN]
    helen.set_password(PASSWORD)
    helen.save()
    waiting = sample.messages[OutboundMessage.State.WAITING]
    page = browser.new_page(base_url=live_server.url)

    page.goto("/")
    page.get_by_label("Name").fill(helen.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="1 waiting").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link", name="Library books to look for at home").click()
    page.get_by_role("link", name="HTML", exact=True).click()
    letter = page.frame_locator("iframe.mail").get_by_text("Dear Ngozi Okafor,")
    expect(letter).to_have_css("color", "rgb(34, 34, 34)")
    page.get_by_role("button", name="Hold").click()

    expect(page.get_by_role("status").first).to_contain_text("1 message is held until you let it go.")
    waiting.refresh_from_db()
    assert waiting.state == OutboundMessage.State.HELD
    page.close()
