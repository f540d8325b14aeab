"""What the pages do in a browser beyond being shown: keys, ticks, themes, the drawer, and parts that refresh."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from notices import standing
from smtp_gateway.models import OutboundMessage
from tests.builders import a_group
from tests.pages.in_a_browser import a_page
from tests.pages.sample import Sample

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def librarian(client: Client, people: dict[Role, User], sample: Sample) -> Client:
    client.force_login(people[Role.LIBRARIAN])
    return client


def test_keys_lead_to_pages_and_stay_out_of_fields(
    browser: Browser, live_server: LiveServer, librarian: Client
) -> None:
    """`g o` opens the outbox, `/` the search field; what is typed there is text."""
    with a_page(browser, live_server, librarian) as (page, complaints):
        page.goto("/")
        page.keyboard.press("g")
        page.keyboard.press("o")
        page.wait_for_url("**/outbox/")
        page.keyboard.press("/")
        page.keyboard.type("g h?")

        expect(page.locator("[data-find]")).to_have_value("g h?")
        expect(page.locator("#keys")).to_be_hidden()
        assert page.url.endswith("/outbox/")
        assert complaints == []


def test_keys_can_be_switched_off(browser: Browser, live_server: LiveServer, librarian: Client) -> None:
    """A reader that sends single letters, or a cat on the keyboard."""
    with a_page(browser, live_server, librarian) as (page, _):
        page.goto("/outbox/")
        page.keyboard.press("?")
        page.locator("[data-use-keys]").uncheck()
        page.get_by_role("button", name="Close").click()
        page.keyboard.press("?")

        expect(page.locator("#keys")).to_be_hidden()


def test_the_fields_above_a_list_fold_away_on_a_phone(
    browser: Browser, live_server: LiveServer, librarian: Client
) -> None:
    """The list comes first there; what narrows it stays in sight, and turning the phone shows everything."""
    with a_page(browser, live_server, librarian) as (page, _):
        page.set_viewport_size({"width": 360, "height": 800})
        field = page.get_by_label("To or subject")
        page.goto("/outbox/")
        expect(field).to_be_hidden()
        page.get_by_text("Choose what is shown").click()
        expect(field).to_be_visible()
        page.goto("/outbox/?kind=notice")
        expect(field).to_be_visible()
        page.goto("/loans/")
        page.set_viewport_size({"width": 800, "height": 360})

        expect(page.get_by_label("Name, title or number")).to_be_visible()


def test_the_list_of_keys_names_every_key(browser: Browser, live_server: LiveServer, librarian: Client) -> None:
    """As ui.md has them; each `g` and letter of the list leads somewhere."""
    with a_page(browser, live_server, librarian) as (page, _):
        page.goto("/")
        page.keyboard.press("?")

        keys = page.locator("#keys dt").all_inner_texts()

        assert keys == ["/", "g h", "g d", "g p", "g n", "g l", "g o", "j k", "Ctrl S", "?"]
        assert page.locator("[data-go]").count() == 6


def test_the_bar_counts_what_is_ticked(browser: Browser, live_server: LiveServer, librarian: Client) -> None:
    """It is there only while something is ticked."""
    with a_page(browser, live_server, librarian) as (page, _):
        page.goto("/outbox/")
        bar = page.locator("[data-bulk]")
        expect(bar).to_be_hidden()
        page.locator("[data-tick]").first.check()
        expect(bar).to_contain_text("1 ticked")
        page.locator("[data-tick-all]").check()

        expect(bar).to_contain_text(f"{page.locator('[data-tick]').count()} ticked")


def test_a_letter_that_is_no_step_is_about_everything_out(
    browser: Browser, live_server: LiveServer, librarian: Client
) -> None:
    """*Term ends* to late loans alone would leave out most of its readers; its date stands there for it alone."""
    standing.set_up()
    with a_page(browser, live_server, librarian) as (page, complaints):
        page.goto("/letters/")
        letter, late = page.get_by_label("Letter", exact=True), page.get_by_label("How late")

        expect(page.get_by_label("Back by")).to_be_hidden()
        letter.select_option(label="Term ends")
        expect(late).to_have_value("0")
        expect(page.get_by_label("Back by")).to_be_visible()
        letter.select_option(label="Overdue, second")
        expect(late).to_have_value("1")
        expect(page.get_by_label("Back by")).to_be_hidden()
        assert complaints == []


def test_the_theme_that_was_chosen_stays(browser: Browser, live_server: LiveServer, librarian: Client) -> None:
    """From the system until somebody chooses."""
    with a_page(browser, live_server, librarian, theme="dark") as (page, _):
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.locator("[data-theme-toggle]").click()
        page.goto("/outbox/")

        expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_on_a_phone_the_spine_is_a_drawer(browser: Browser, live_server: LiveServer, librarian: Client) -> None:
    """The menu button opens it, Escape closes it."""
    with a_page(browser, live_server, librarian) as (page, complaints):
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto("/")
        spine = page.get_by_role("navigation", name="Main")
        page.get_by_role("button", name="Menu").click()
        expect(page.locator("#spine a", has_text="Outbox")).to_be_in_viewport()
        page.keyboard.press("Escape")

        expect(spine).to_be_hidden()
        assert complaints == []


def test_the_outbox_refreshes_itself_unless_something_is_ticked(
    browser: Browser, live_server: LiveServer, librarian: Client, sample: Sample
) -> None:
    """Letters leave while somebody looks on; ticks are not swept away."""
    with a_page(browser, live_server, librarian) as (page, complaints):
        page.clock.install()
        page.goto("/outbox/?tab=waiting")
        OutboundMessage.objects.waiting().update(state="held")
        page.clock.run_for(11_000)
        expect(page.locator("#list")).to_contain_text("No message is in this state")
        expect(page.locator("#how-many")).to_contain_text("Nothing waits.")

        page.goto("/outbox/?tab=held")
        page.locator("[data-tick]").first.check()
        page.locator("h1").click()
        OutboundMessage.objects.held().update(state="waiting")
        page.clock.run_for(11_000)

        expect(page.locator("[data-tick]").first).to_be_checked()
        assert complaints == []


def test_a_double_click_sends_a_form_once(browser: Browser, live_server: LiveServer, librarian: Client) -> None:
    """Else the second one finds the card number taken, by the patron that the first one made."""
    group = a_group(name="7B")
    with a_page(browser, live_server, librarian) as (page, complaints):
        page.goto(f"/patrons/add/?group={group.pk}")
        page.get_by_label("Card number").fill("P777")
        page.get_by_label("Last name").fill("Chen")
        page.get_by_role("button", name="Add this patron").dblclick()

        expect(page.get_by_role("status")).to_contain_text("Chen is on file.")
        expect(page.get_by_role("heading", level=1)).to_have_text("Chen")
        assert complaints == []
