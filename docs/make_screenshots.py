"""Take the screenshots of docs/screenshots/ from a running demonstration library (``make run``).

    .venv/bin/python docs/make_screenshots.py [http://127.0.0.1:8000] [PASSWORD]

Needs Chromium and what ``make test`` installs. Sends and saves nothing; for *Letters* it lets drafts be written, which
the night sweeps away.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

HERE = Path(__file__).parent / "screenshots"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
#: Pixels; a long list says nothing more further down.
TALLEST = 1500
Theme = Literal["light", "dark"]


def home(page: Page) -> None:
    page.goto("/", wait_until="networkidle")


def desk(page: Page) -> None:
    patron(page)
    page.get_by_role("link", name="Open at the desk").click()


def patron(page: Page) -> None:
    """Mia Chen: a book a fortnight late, one to be reminded of, two homes."""
    page.goto("/find/?q=Mia+Chen")
    if "/patrons/" not in page.url:
        page.get_by_role("link", name="Mia Chen").first.click()


def loan(page: Page) -> None:
    patron(page)
    page.get_by_role("link", name="Storm Boy").first.click()


def letters(page: Page) -> None:
    page.goto("/letters/")
    page.get_by_label("Letter", exact=True).select_option(label="Overdue, second")
    page.get_by_label("To", exact=True).select_option(label="Guardian")
    page.locator(".picker summary").click()
    for group in ("7B", "8B", "8C", "9A", "10A"):
        page.get_by_label(group, exact=True).check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show letters").click()


def print_queue(page: Page) -> None:
    page.goto("/print-queue/")


def forecast(page: Page) -> None:
    page.goto("/forecast/", wait_until="networkidle")


def outbox(page: Page) -> None:
    page.goto("/outbox/")


def message(page: Page) -> None:
    """The one that could not be sent, with its attempts."""
    page.goto("/outbox/?tab=bad")
    page.locator("td [href^='/outbox/']").first.click()


def schedule(page: Page) -> None:
    page.goto("/schedules/")
    page.get_by_role("link", name="Secondary school").click()


def template(page: Page) -> None:
    page.goto("/templates/")
    page.locator("tr", has_text="Overdue 2").first.locator("a").nth(1).click()


#: Who looks, in which theme, how wide, at what.
PICTURES: list[tuple[str, Theme, int, list[Callable[[Page], None]]]] = [
    ("librarian", "light", 1280, [home, desk, patron, loan, letters, print_queue, forecast, outbox, message]),
    ("admin", "light", 1280, [schedule, template]),
    ("librarian", "dark", 1280, [home]),
    ("librarian", "light", 360, [home, desk]),
]


def main(site: str = "http://127.0.0.1:8000", password: str = "library") -> None:
    HERE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, theme, width, pages in PICTURES:
            with signed_in(browser, site, name, password, theme=theme, width=width) as page:
                for show in pages:
                    show(page)
                    page.wait_for_load_state("networkidle")
                    shoot(page, f"{show.__name__.replace('_', '-')}-{width}-{theme}")
        browser.close()


@contextmanager
def signed_in(browser: Browser, site: str, name: str, password: str, *, theme: Theme, width: int) -> Iterator[Page]:
    context = browser.new_context(base_url=site, color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    yield page
    context.close()


def shoot(page: Page, name: str) -> None:
    size = page.viewport_size
    assert size is not None  # every page here is made with one
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    page.set_viewport_size({"width": size["width"], "height": height})  # what sticks to the window's foot stays there
    part: FloatRect = {"x": 0, "y": 0, "width": size["width"], "height": height}
    page.screenshot(path=HERE / f"{name}.png", clip=part)
    page.set_viewport_size(size)


if __name__ == "__main__":
    main(*sys.argv[1:])
