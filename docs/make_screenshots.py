"""Take the screenshots of docs/screenshots/ from a running demonstration library (``make run``).

    .venv/bin/python docs/make_screenshots.py [http://127.0.0.1:8000] [NAME] [PASSWORD]

Needs Chromium and what ``make test`` installs. Reads pages and changes nothing.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, FloatRect, sync_playwright

HERE = Path(__file__).parent / "screenshots"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
#: Pixels; a long list says nothing more further down.
TALLEST = 1600
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = {"home": "/", "outbox": "/outbox/", "outbox-empty": "/outbox/?tab=held", "gateway": "/gateway/"}


def main(site: str = "http://127.0.0.1:8000", name: str = "librarian", password: str = "library") -> None:
    HERE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for theme in THEMES:
            for width in (1280, 360):
                take(browser, site, name, password, theme=theme, width=width)
        browser.close()


def take(browser: Browser, site: str, name: str, password: str, *, theme: Literal["light", "dark"], width: int) -> None:
    """Every page in one theme and at one width, the sign-in page first."""
    page = browser.new_page(base_url=site, color_scheme=theme, viewport={"width": width, "height": 900})

    def shoot(of: str) -> None:
        height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        part: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
        page.screenshot(path=HERE / f"{of}-{width}-{theme}.png", full_page=True, clip=part)

    page.goto("/sign-in/")
    shoot("sign-in")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    for of, address in PAGES.items():
        page.goto(address, wait_until="networkidle")
        shoot(of)
    page.goto("/outbox/?tab=sent")
    page.click("td [href^='/outbox/']")
    for of in ("Text", "HTML"):
        page.get_by_role("link", name=of, exact=True).click()
        page.wait_for_load_state("networkidle")
        shoot(f"message-{of.lower()}")
    page.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
