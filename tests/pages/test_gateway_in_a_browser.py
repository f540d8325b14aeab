"""The gateway's page in a browser: a try that is swapped in, a test that is seen to go, and states the crawl misses."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import Gateway
from tests.pages.gateway import PASSWORD
from tests.pages.in_a_browser import Theme, a_page
from tests.pages.test_every_page_in_a_browser import looked_at
from tests.smtp_gateway.outgoing import FAST, SHORT, a_gateway, messages
from tests.smtp_gateway.scripted import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def administrator(client: Client, people: dict[Role, User], server: ScriptedServer) -> Client:
    a_gateway(port=server.port, test_to="helen@banksia.example")
    client.force_login(people[Role.ADMINISTRATOR])
    return client


def test_a_try_is_swapped_in_and_leaves_the_form_alone(
    browser: Browser, live_server: LiveServer, administrator: Client
) -> None:
    """What was typed and not saved yet is still there."""
    with a_page(browser, live_server, administrator) as (page, complaints):
        page.goto("/gateway/")
        page.fill("#id_from_name", "Typed and not saved")
        page.get_by_role("button", name="Try the connection").click()

        expect(page.locator("#trial")).to_contain_text("The server let us in")
        expect(page.locator("#id_from_name")).to_have_value("Typed and not saved")
        assert complaints == []


def test_a_test_is_seen_to_go_and_the_rest_of_the_page_follows(
    browser: Browser, live_server: LiveServer, administrator: Client
) -> None:
    """State, banner and last checks change with it; what is being typed stays."""
    with a_page(browser, live_server, administrator) as (page, complaints):
        page.goto("/gateway/")
        page.get_by_role("button", name="Send a test").click()
        expect(page.locator("#test .state-pill")).to_have_text("Waiting")
        page.fill("#id_from_name", "Typed and not saved")
        lifecycle.stop(by="ana")
        expect(page.locator("#banner")).to_contain_text("The gateway is stopped since")
        expect(page.locator("#pulse")).to_have_text("Gateway stopped")
        Gateway.objects.update(state="on", stop_cause="")
        delivery.check(pace=FAST, timeouts=SHORT)

        expect(page.locator("#test .state-pill")).to_have_text("Arrived at the server")
        expect(page.locator("#checks")).to_contain_text("1 sent")
        expect(page.locator("#banner")).to_have_text("")
        expect(page.locator("#id_from_name")).to_have_value("Typed and not saved")
        assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_state_of_the_page_is_well(
    browser: Browser, live_server: LiveServer, administrator: Client, theme: Theme
) -> None:
    """Refused settings, a failed try, wrong settings, an absent server, a copy: nothing for axe, nothing sideways."""
    messages(3)
    with a_page(browser, live_server, administrator, theme=theme) as (page, complaints):
        for state in (_refused, _tried, _wrong_settings, _away, _copy):
            page.set_viewport_size({"width": 1280, "height": 900})
            state(page)
            complaints += [f"{state.__name__}: {found}" for found in looked_at(page)]

    assert complaints == []


def _refused(page: Page) -> None:
    page.goto("/gateway/")
    page.get_by_text("Details for IT").click()
    page.fill("#id_port", "0")
    page.fill("#id_new_password", PASSWORD)
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator("#id_port_error")).to_be_visible()


def _tried(page: Page) -> None:
    Gateway.objects.update(port=1)
    page.goto("/gateway/")
    page.get_by_role("button", name="Try the connection").click()
    expect(page.locator("#trial")).to_contain_text("The server cannot be reached.")


def _wrong_settings(page: Page) -> None:
    words = "535 5.7.8 Error: authentication failed: " + "x" * 120
    lifecycle.stop(cause=Gateway.StopCause.SETTINGS, sentence="The server refuses the password.", words=words)
    page.goto("/gateway/")


def _away(page: Page) -> None:
    Gateway.objects.update(
        state="on",
        stop_cause="",
        pause_cause="unreachable",
        unreachable_since="2026-11-20T06:40:00Z",
        paused_until="2099-11-23T06:40:00Z",
    )
    page.goto("/gateway/")


def _copy(page: Page) -> None:
    lifecycle.stop_as_copy()
    page.goto("/gateway/")
