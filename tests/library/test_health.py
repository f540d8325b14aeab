"""``/health/`` for monitors, ``/health/live/`` for containers."""

from datetime import UTC, datetime

import pytest
from django.test import override_settings

from library import slots
from library.slots import Finding, Slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def checks(monkeypatch):
    """An empty slot in place of what the apps registered."""
    slot = Slot("health checks of this test")
    monkeypatch.setattr(slots, "health_checks", slot)
    return slot


def test_all_is_well(client, checks):
    """Every app was asked and had nothing to say."""
    checks.register(lambda at: [])

    response = client.get("/health/")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "findings": []}


def test_one_finding_makes_it_ill(client, checks):
    """A monitor sees 503 and reads why."""
    since = datetime(2026, 11, 23, 6, 45, tzinfo=UTC)
    finding = Finding(code="late", sentence="The daily run is late.", remedy="Is the worker running?", since=since)
    checks.register(lambda at: [finding])

    response = client.get("/health/")

    assert response.status_code == 503
    assert response.json() == {
        "status": "ill",
        "findings": [
            {
                "code": "late",
                "ill": True,
                "sentence": "The daily run is late.",
                "remedy": "Is the worker running?",
                "since": "2026-11-23T06:45:00+00:00",
            }
        ],
    }


def test_what_a_person_did_is_no_illness(client, checks):
    """A gateway that somebody stopped is a sentence, not an alarm at night."""
    checks.register(lambda at: [Finding(code="stopped", sentence="The gateway is stopped.", ill=False)])

    response = client.get("/health/")

    assert response.status_code == 200
    assert [finding["code"] for finding in response.json()["findings"]] == ["stopped"]


def test_a_broken_check_hides_no_other(client, checks, caplog):
    """It is a finding itself; what it tripped over goes to the log."""

    def broken(at):
        raise LookupError("no such row")

    checks.register(broken)
    checks.register(lambda at: [Finding(code="late", sentence="The daily run is late.")])

    response = client.get("/health/")

    assert response.status_code == 503
    assert [finding["code"] for finding in response.json()["findings"]] == ["check-failed", "late"]
    assert [record.message for record in caplog.records] == ["A health check failed"]


def test_a_container_is_alive_whatever_its_health(client, checks):
    """Restarting the web process would not bring the daily run back."""
    checks.register(lambda at: [Finding(code="late", sentence="The daily run is late.")])

    response = client.get("/health/live/")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@override_settings(SECURE_SSL_REDIRECT=True)
def test_it_answers_without_https_too(client, checks):
    """Containers and monitors ask on the inside, where there is none."""
    response = client.get("/health/")

    assert response.status_code == 200
