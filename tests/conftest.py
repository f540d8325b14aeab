"""What all tests share: the day it is, how hard Hypothesis looks, and the two settings that only cost time here."""

import os
from collections.abc import Iterator
from datetime import date

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from hypothesis import settings

from tests.browsers import browser  # noqa: F401 - one for all folders: a second Playwright cannot run beside it

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def today() -> date:
    """A Monday in late spring, a school day in Melbourne."""
    return date(2026, 11, 23)


@pytest.fixture(scope="session", autouse=True)
def _without_slow_parts() -> Iterator[None]:
    """Passwords are hashed in no time, and pages need no collected static files."""
    django_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where it finds none
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={**django_settings.STORAGES, "staticfiles": plain},
    ):
        yield
