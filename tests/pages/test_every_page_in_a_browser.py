"""Every page in a real browser: a silent console, nothing for axe to find in either theme, no sideways scroll.

Later pages join by being in the URLconf (``tests.pages.addresses``). The crawl is split, so that workers share it, and
a page is loaded once: its theme is changed and its window narrowed where it stands.
"""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from library.access import Role
from tests.pages.addresses import Address, every_address
from tests.pages.in_a_browser import Theme, a_page
from tests.pages.sample import Sample

PARTS = 6
WIDE, NARROW, NARROWEST = 1280, 360, 320
ONLY_A_FORMS_TARGET = 405
THEMES: tuple[Theme, ...] = ("light", "dark")
#: The structure of a page is the same in both themes; its colours are not.
RULES: dict[Theme, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
#: A letter's frame lets no script run, axe's neither: it is not asked, or the browser complains of the question.
ASK_AXE = "async (options) => (await axe.run({...options, iframes: false, resultTypes: ['violations']})).violations"
PUT_ON = "theme => document.documentElement.setAttribute('data-bs-theme', theme)"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_well_in_a_browser(
    browser: Browser, live_server: LiveServer, client: Client, sample: Sample, people: dict[Role, User], part: int
) -> None:
    """As the administrator, who sees the most of every page."""
    client.force_login(people[Role.ADMINISTRATOR])
    pages = [one for one in every_address(sample) if one.is_document and one.rule is not None and not one.is_admin]
    addresses = [one for one in pages[part::PARTS] if client.get(one.url).status_code != ONLY_A_FORMS_TARGET]

    with a_page(browser, live_server, client) as (page, complaints):
        for address in addresses:
            page.set_viewport_size({"width": WIDE, "height": 900})
            _open(page, live_server, address, complaints)
            complaints += [f"{address.url}: {found}" for found in looked_at(page)]

    assert complaints == []


def test_django_admin_works_under_the_strict_policy(
    browser: Browser, live_server: LiveServer, client: Client, sample: Sample, people: dict[Role, User]
) -> None:
    """Its look is Django's; but no page of it may need what the policy forbids."""
    client.force_login(people[Role.ADMINISTRATOR])

    with a_page(browser, live_server, client, theme="light") as (page, complaints):
        for address in every_address(sample):
            if address.is_admin:
                _open(page, live_server, address, complaints)

    assert complaints == []


def test_the_pages_of_strangers_are_well_in_a_browser(
    browser: Browser, live_server: LiveServer, client: Client
) -> None:
    """Signing in, and a name and a password that do not fit together."""
    with a_page(browser, live_server, client) as (page, complaints):
        page.goto(live_server.url + "/sign-in/?next=/outbox/")
        complaints += looked_at(page)
        page.fill("#id_username", "helen")
        page.fill("#id_password", "not her password")
        with page.expect_navigation():
            page.click("button[type=submit]")
        complaints += looked_at(page)

    assert complaints == []


def _open(page: Page, live_server: LiveServer, address: Address, complaints: list[str]) -> None:
    answer = page.goto(live_server.url + address.url)
    if answer is None or answer.status != 200:
        complaints.append(f"{address.url}: {answer and answer.status}")


def looked_at(page: Page) -> list[str]:
    """What is wrong with the page that is open, in both themes, wide and narrow."""
    page.emulate_media(reduced_motion="reduce")  # else a colour is caught halfway between two themes
    page.evaluate(AXE_SCRIPT)
    found = [wrong for theme in THEMES for wrong in _axe(page, theme)]
    for width in (NARROW, NARROWEST):
        page.set_viewport_size({"width": width, "height": 800})
        if too_wide := page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"):
            found.append(f"{too_wide} px too wide at {width}")
        if width == NARROW:
            found += [wrong for theme in THEMES for wrong in _axe(page, theme)]
    return found


def _axe(page: Page, theme: Theme) -> list[str]:
    page.evaluate(PUT_ON, theme)
    return [
        f"{wrong['id']}, {theme}: {node['html'][:160]} ({node['failureSummary']})"
        for wrong in page.evaluate(ASK_AXE, RULES[theme])
        for node in wrong["nodes"]
    ]
