"""The daily run's page (General – Email Handling): switched on, timed, and what is not ready named first."""

from datetime import time, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from library.access import Role
from notices.models import RunSettings
from tests.builders import a_group
from tests.notices.builders import a_schedule

FORM = {"at": "06:30", "weekdays": ["0", "1", "2", "3", "4", "5", "6"], "on_closed_days": "on"}


def pressed(client: Client, deed: str, **fields: Any) -> str:
    return unescape(client.post("/runs/daily/", FORM | {"deed": deed} | fields, follow=True).content.decode())


def test_off_at_first_and_what_is_missing_is_named(administrator: Client) -> None:
    page = unescape(administrator.get("/runs/daily/").content.decode())

    for sentence in (
        "It is off: nothing is written by itself.",
        "No schedule is in use.",
        "Letters go by themselves for no group and no patron.",
        "The gateway is not on: letters would be written and wait.",
    ):
        assert sentence in page


def test_switched_on_after_todays_time_the_first_run_is_tomorrow(administrator: Client) -> None:
    a_schedule(7)

    page = pressed(administrator, "on", at="00:00")

    settings = RunSettings.the()
    assert settings.enabled
    assert settings.first_day == timezone.localdate() + timedelta(days=1)
    assert "The daily run is on. The next one comes on" in page


def test_only_ticked_schedules_may_go_by_themselves(administrator: Client) -> None:
    """The others' first run is held."""
    trusted, other = a_schedule(7), a_schedule(9, name="Year 8")

    pressed(administrator, "on", by_itself=[str(trusted.pk), "nonsense", "9" * 40])

    trusted.refresh_from_db()
    other.refresh_from_db()
    assert (trusted.goes_by_itself, other.goes_by_itself) == (True, False)


def test_saving_time_and_days_does_not_switch_it(administrator: Client) -> None:
    page = pressed(administrator, "save", at="07:15", weekdays=["0"])

    settings = RunSettings.the()
    assert (settings.enabled, settings.at, settings.weekdays) == (False, time(7, 15), [0])
    assert "Saved. The daily run is off." in page


def test_switched_off(administrator: Client) -> None:
    a_group(name="7B")
    pressed(administrator, "on")

    page = pressed(administrator, "off")

    assert not RunSettings.the().enabled
    assert "The daily run is off. Nothing is written by itself." in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"at": "dawn"}, "Write a time of day: 06:30."),
        ({"weekdays": []}, "Tick at least one weekday, or switch the daily run off."),
        ({"weekdays": ["9"]}, "Select a valid choice."),
    ],
)
def test_nonsense_is_refused_and_nothing_switched(administrator: Client, fields: dict[str, Any], sentence: str) -> None:
    page = pressed(administrator, "on", **fields)

    assert sentence in page
    assert not RunSettings.the().enabled


def test_a_librarian_sees_runs_but_not_the_switch(client: Client, people: dict[Role, User]) -> None:
    client.force_login(people[Role.LIBRARIAN])

    assert client.get("/runs/").status_code == 200
    assert client.get("/runs/daily/").status_code == 403
