"""One log a day, verdict first, its sums agreeing with the attempts."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from library import slots
from library.slots import LogLine
from smtp_gateway import daily_log, delivery
from smtp_gateway.models import DailyLog, DeliveryAttempt, Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, messages

pytestmark = pytest.mark.django_db(transaction=True)


def at(hour, minute=0, day=23):
    """A moment on 23 November 2026 in the library's zone."""
    return datetime(2026, 11, day, hour, minute, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def told(monkeypatch):
    """What other apps say, for this test only."""
    slot = slots.Slot("daily log lines")
    monkeypatch.setattr(slots, "daily_log_lines", slot)
    return slot


def test_the_log_comes_once_its_time_has_come(gateway, told):
    """Not before seven, and then once, however often the clock looks."""
    logs = [daily_log.send_if_due(at=moment) for moment in (at(6, 59), at(7), at(7, 0), at(15))]

    assert [log and log.day for log in logs] == [None, at(7).date(), None, None]
    assert OutboundMessage.objects.of_kind("daily_log").count() == 1


def test_a_missed_morning_is_made_up_for(gateway, told):
    """The machine was off until noon."""
    log = daily_log.send_if_due(at=at(12))

    assert log.day == at(12).date()


def test_it_goes_to_the_from_address(gateway, told):
    """Whoever reads the library's mailbox."""
    daily_log.send_if_due(at=at(7))

    assert OutboundMessage.objects.get().to == "library@banksia.example"


def test_an_uneventful_day_has_a_log_too(gateway, told):
    """Its absence is the alarm."""
    log = daily_log.send_if_due(at=at(7))

    assert log.subject == "Library mail, Mon 23 Nov: all well"
    assert "All is well. There is nothing to do." in log.text
    assert "The next log comes on Tuesday at 7:00 am." in log.text


def test_the_sums_agree_with_the_attempts(gateway, server, told):
    """Every attempt of the period is counted once."""
    messages(10)
    server.answers["rcpt"] = lambda to: {
        "reader1@": "550 5.1.1 no such user", "reader3@": "450 4.2.0 later", "reader4@": "450 4.2.0 later"
    }.get(to[:8])  # fmt: skip
    delivery.check(pace=FAST, timeouts=SHORT)
    now = datetime.now(UTC)

    figures = daily_log.figures(start=now - timedelta(hours=1), end=now + timedelta(seconds=1))

    assert (figures.sent, figures.later, figures.refused, figures.maybe, figures.not_charged) == (7, 2, 1, 0, 0)
    assert figures.attempts == DeliveryAttempt.objects.count() == 10
    assert (figures.waiting, figures.to_try_again, figures.bad) == (2, 2, 1)


def test_each_log_begins_where_the_last_one_ended(gateway, told):
    """No attempt is told twice or never."""
    first = daily_log.send_if_due(at=at(7, day=23))
    second = daily_log.send_if_due(at=at(9, day=24))

    assert (second.covers_from, second.covers_to) == (first.covers_to, at(9, day=24))


def test_what_needs_a_person_comes_first_and_counts(gateway, told):
    """The gateway's own things and those of other apps; reasons without names."""
    messages(2)
    OutboundMessage.objects.filter(dedup_key="reader0").update(
        state="bad", reason="There is no such mailbox.", finished_at=at(5)
    )
    told.register(
        lambda start, end: [LogLine(sentence="Twelve letters for paper are not printed yet.", attention=True)]
    )
    told.register(lambda start, end: [LogLine(sentence="Daily run at 6:30 am looked at 618 loans.")])

    written = daily_log.write(at=at(7))

    assert written.subject == "Library mail, Mon 23 Nov: 2 things to look at"
    assert written.text.startswith(
        "To look at\n"
        "   1. One email could not be sent: There is no such mailbox. Put it right and try again.\n"
        "      http://127.0.0.1:8000/outbox/?tab=bad\n"
        "   2. Twelve letters for paper are not printed yet.\n"
    )
    assert "\nDaily run at 6:30 am looked at 618 loans.\n" in written.text
    assert "reader0" not in written.text + written.html


def test_text_and_html_have_the_same_figures(gateway, told):
    """Whichever the mail program shows."""
    written = daily_log.write(at=at(7))

    for words in ("All is well. There is nothing to do.", "Still waiting: 0", "The next log comes on Tuesday"):
        assert (words in written.text, words in written.html) == (True, True)


def test_two_clocks_make_one_log(gateway, told):
    """The row of the day is inserted in the transaction that queues the mail."""
    logs = []

    def tick():
        logs.append(daily_log.send_if_due(at=at(7)))
        connection.close()

    ticks = [threading.Thread(target=tick) for _ in range(4)]
    for each in ticks:
        each.start()
    for each in ticks:
        each.join()

    assert len([log for log in logs if log]) == 1
    assert (DailyLog.objects.count(), OutboundMessage.objects.count()) == (1, 1)


def test_without_a_from_address_there_is_no_log(gateway, told):
    """Nobody could read it; the page says that it is missing."""
    Gateway.objects.update(from_address="")

    assert daily_log.send_if_due(at=at(7)) is None
    assert DailyLog.objects.count() == 0


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Australia/Melbourne", datetime(2026, 10, 4).date()),
        ("Australia/Melbourne", datetime(2026, 4, 5).date()),
        ("America/New_York", datetime(2026, 3, 8).date()),
        ("America/New_York", datetime(2026, 11, 1).date()),
        ("Australia/Lord_Howe", datetime(2026, 10, 4).date()),
    ],
)
def test_when_the_clocks_change_there_is_still_one_log_a_day(gateway, told, settings, zone, change):
    """At half past two in the morning, which comes never or twice on such days."""
    settings.TIME_ZONE = zone
    Gateway.objects.update(daily_log_at=time(2, 30))
    start = datetime.combine(change - timedelta(days=1), time(0), tzinfo=timezone.get_default_timezone()).astimezone(
        UTC
    )

    logs = [daily_log.send_if_due(at=start + timedelta(minutes=10 * step)) for step in range(6 * 24 * 3)]

    days = [log.day for log in logs if log]
    assert days[:3] == [change - timedelta(days=1), change, change + timedelta(days=1)]
    assert len(days) == len(set(days))
