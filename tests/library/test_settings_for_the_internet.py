"""The settings behind TLS: Django's own list of what a site on the internet needs finds nothing to say (S2)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment() -> dict[str, str]:
    """As docs/for-administrators.md says, with a key of the length that is made on first start.

    A browser, once opened by a test, allows its process what no deployment is allowed.
    """
    names = {"HTTPS": "1", "ALLOWED_HOSTS": "library.school.example", "SECRET_KEY": "kK3-_" * 14}
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return {**inherited, **names, "SITE_URL": "https://library.school.example"}


def test_check_deploy_says_nothing(environment: dict[str, str]) -> None:
    """Not even a hint."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"]

    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "System check identified no issues (0 silenced).\n",
        "",
    )


def test_plain_http_is_led_to_https_and_a_proxys_word_is_taken(environment: dict[str, str]) -> None:
    """Cookies go over TLS alone; health checks on the inside are let be."""
    ask = (
        "import django; django.setup()\n"
        "from django.conf import settings; from django.test import Client\n"
        "client = Client(headers={'host': 'library.school.example'})\n"
        "plain, inside = client.get('/outbox/'), client.get('/health/live/')\n"
        "told = client.get('/outbox/', headers={'x-forwarded-proto': 'https'})\n"
        "print(plain.status_code, plain['Location'], inside.status_code, told['Location'])\n"
        "print(told['Strict-Transport-Security'], settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)\n"
    )
    environment["DJANGO_SETTINGS_MODULE"] = "library.settings"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask], cwd=PROJECT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.stdout.splitlines() == [
        "301 https://library.school.example/outbox/ 200 /sign-in/?next=/outbox/",
        "max-age=31536000; includeSubDomains; preload True True",
    ], done.stderr
