"""A page in the real browser, signed in as the test's client is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

Theme = Literal["light", "dark"]


@contextmanager
def a_page(
    browser: Browser, live_server: LiveServer, client: Client, *, theme: Theme = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """A fresh profile in this theme, and the list in which its console complains."""
    context = browser.new_context(color_scheme=theme, base_url=live_server.url)
    if cookie := client.cookies.get(settings.SESSION_COOKIE_NAME):
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda wrong: complaints.append(f"{page.url}: {wrong}"))
    yield page, complaints
    context.close()
