"""What ``/health/`` and the banner hear from the gateway."""

from datetime import timedelta

import pytest
from django.utils import timezone

from smtp_gateway import heartbeats, leases, lifecycle, watchdog
from smtp_gateway.models import DailyLog, Gateway, Heartbeat, OutboundMessage
from tests.smtp_gateway.outgoing import a_message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def well(gateway):
    """On for days, the logs of yesterday and today sent."""
    now = timezone.localtime()
    Gateway.objects.update(state_since=now - timedelta(days=3))
    message = a_message("log", kind=OutboundMessage.Kind.DAILY_LOG)
    OutboundMessage.objects.update(state="sent", sent_at=now, finished_at=now)
    for day in (now.date() - timedelta(days=1), now.date()):
        DailyLog.objects.create(day=day, covers_from=now, covers_to=now, message=message)
    return now


def codes(at):
    return [(finding.code, finding.ill) for finding in watchdog.findings(at)]


def test_a_well_gateway_says_nothing(well):
    """No news is good news."""
    assert codes(well) == []


def test_stopped_by_a_person_is_a_sentence_and_no_illness(well):
    """A monitor need not wake anybody."""
    lifecycle.stop(by="ana")

    assert codes(well) == [("gateway-stopped", False)]


@pytest.mark.parametrize("cause", ["settings", "suspicious", "copy"])
def test_stopped_by_itself_is_an_illness(well, cause):
    """Somebody has to look."""
    Gateway.objects.update(state="stopped", stop_cause=cause)

    assert codes(well) == [("gateway-stopped", True)]


def test_an_unreachable_server_is_an_illness(well):
    """With since when."""
    since = well - timedelta(hours=1)
    Gateway.objects.update(unreachable_since=since)

    [finding] = watchdog.findings(well)

    assert (finding.code, finding.since, finding.ill) == ("gateway-paused", since, True)


def test_a_due_message_that_nobody_tries(well):
    """On, with room, and two checks went by."""
    a_message("mia", not_before=well - timedelta(minutes=7))

    assert codes(well) == [("gateway-idle", True)]


def test_a_message_due_just_now_is_nothing(well):
    """The next check will take it."""
    a_message("mia", not_before=well - timedelta(minutes=5))

    assert codes(well) == []


def test_a_tick_that_fell_silent(well):
    """It was heard once, and not for three minutes."""
    heartbeats.beat(heartbeats.SEND)
    heartbeats.beat(heartbeats.SEND)
    Heartbeat.objects.update(beat_at=well - timedelta(minutes=4))

    assert codes(well) == [("tick-silent", True)]


def test_a_check_that_waits_for_a_slow_server_is_not_silent(well):
    """The final dot may take ten minutes."""
    heartbeats.beat(heartbeats.SEND)
    Heartbeat.objects.update(beat_at=well - timedelta(minutes=4))

    with leases.taken(connections=1, seconds=600):
        assert codes(well) == []


def test_a_log_that_was_not_sent_two_hours_after_its_time(well):
    """Queued is not sent."""
    OutboundMessage.objects.update(state="waiting", sent_at=None, finished_at=None, not_before=well)

    assert codes(well) == [("log-missing", True)]
