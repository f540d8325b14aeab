"""What tests of pages share: people who sign in, a library with something of everything, and a real browser."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections
from playwright.sync_api import Browser, sync_playwright
from pytest_django import Settings

from library import access
from library.access import Role
from tests.pages.sample import Sample, a_sample

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Names without hashes: nobody collected the static files for a test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def no_kept_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live server's threads would keep theirs, and the test database could not be removed."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture
def people(db: Any) -> dict[Role, User]:
    """One person in each role; the administrator has Django's staff status."""
    access.make_roles()
    made = {}
    for role in Role:
        user = User.objects.create_user(
            role.name.lower(), first_name="Helen", last_name="Marsh", is_staff=role == Role.ADMINISTRATOR
        )
        user.groups.add(Group.objects.get(name=role.label))
        made[role] = user
    return made


@pytest.fixture
def sample(db: Any) -> Sample:
    """A library with a message in every state, a run, letters and notices."""
    return a_sample()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, one for the whole session. Without it tests are skipped; on the build server they fail."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        reason = "No Chromium on this machine: the pages were not looked at in a browser."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright's loop runs in this thread; the tests' own queries are made between its calls, never inside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
