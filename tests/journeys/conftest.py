"""What journeys share: a real browser and a whole installation, one for a file."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.system import System


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Freshly installed, with nobody but the administrator."""
    made = System(tmp_path_factory.mktemp("journey") / "var")
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def page(browser: Browser, system: System) -> Iterator[Page]:
    """The administrator at the screen, signed in."""
    context = browser.new_context(base_url=system.url)
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", system.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    yield page
    context.close()
