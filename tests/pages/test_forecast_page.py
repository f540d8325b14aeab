"""The forecast: fourteen days as a chart and a table, before anything is switched on (product.md, N11)."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from notices import forecast
from notices.models import KeptForecast, Letter, RunSettings
from tests.builders import a_loan, a_patron
from tests.notices.builders import a_schedule

TODAY = timezone.localdate()


def page(client: Client) -> str:
    return " ".join(unescape(client.get("/forecast/").content.decode()).replace("\xa0", " ").split())


def test_before_anything_is_switched_on(librarian: Client) -> None:
    """The daily run is off: what it would write from tomorrow on, with a link to the letters of that day."""
    RunSettings.objects.update_or_create(pk=1, defaults={"weekdays": list(range(7)), "on_closed_days": True})
    a_schedule(1, 7)
    a_loan(due=TODAY, patron=a_patron())

    found = page(librarian)

    tomorrow = TODAY + timedelta(days=1)
    assert "about 2 letters" in found
    assert f'href="/due-notices/?day={tomorrow:%Y-%m-%d}&by=clock&tab=letters&step=1">1</a>' in found
    assert "The daily run is off." in found
    assert "It is the first run of the schedule" in found
    assert Letter.objects.count() == 0


def test_without_a_schedule(librarian: Client) -> None:
    """Nothing is ever said, and the page says so."""
    found = page(librarian)

    assert "No schedule is in force, so nothing is ever said." in found


def test_a_large_library_waits_for_a_worker(librarian: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker can be reached here: the page says so, shows the forecast that there is, and when it is from."""
    monkeypatch.setattr(forecast, "AT_ONCE", 0)
    RunSettings.objects.update_or_create(pk=1, defaults={"weekdays": list(range(7)), "on_closed_days": True})
    a_schedule(1)
    a_loan(due=TODAY)
    made_at = timezone.now() - timedelta(minutes=20)
    forecast.make(on=TODAY, at=made_at)

    found = page(librarian)

    assert "about 1 letter" in found
    assert f"this one is from {timezone.localtime(made_at):%H:%M}" in found


def test_the_page_that_waits_asks_again(librarian: Client, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked first may have expired behind a busy worker."""
    monkeypatch.setattr(forecast, "AT_ONCE", 0)
    a_loan(due=TODAY)

    waiting = librarian.get("/forecast/", headers={"HX-Request": "true"})

    assert (waiting.status_code, asked) == (204, ["notices.work_out_the_forecast"])


def test_a_worker_answers_all_who_ask(db: None) -> None:
    """The second to come finds a fresh one."""
    a_schedule(1)
    first = timezone.now()

    forecast.make_if_stale(at=first)
    forecast.make_if_stale(at=first + timedelta(minutes=1))

    assert KeptForecast.objects.get().made_at == first
