"""Two beats, four workers and a person who clicks: one daily run, one daily log."""

import time
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from library.management.commands import up
from notices import scan
from notices.models import Notice, Run, RunSettings
from smtp_gateway import daily_log
from smtp_gateway.models import DailyLog, Heartbeat, OutboundMessage
from tests.builders import a_group, a_loan, a_patron
from tests.faults.nursery import eventually
from tests.faults.sink import Sink
from tests.notices.builders import a_schedule
from tests.smtp_gateway.outgoing import a_gateway

pytestmark = pytest.mark.slow


def test_one_run_and_one_log_a_day(own):
    """Every second two beats ask four workers, and a librarian asks as well, by the same verbs and by hand."""
    today = timezone.localdate()
    _a_morning(today)
    with Sink() as sink:
        a_gateway(port=sink.port, daily_log_at="00:00")
        own.start(*up.workers(2), *up.workers(2), up.beat(), up.beat())
        librarian = User.objects.create_user("ana")
        until = time.monotonic() + 25
        by_hand = 0
        while time.monotonic() < until:
            scan.run_if_due(at=timezone.now())
            daily_log.send_if_due(at=timezone.now())
            by_hand += scan.run(on=today, by=librarian).letters
            time.sleep(0.3)
        eventually(lambda: Heartbeat.objects.count() >= 2, what="ticks on both queues are heard")

        days = {today, timezone.localdate()}  # one, or two where midnight came by
        runs = Run.objects.filter(by_clock=True)
        assert {run.day for run in runs} <= days
        assert runs.count() == len(days)
        assert DailyLog.objects.count() == len(days)
        assert OutboundMessage.objects.of_kind("daily_log").count() == len(days)
        assert Notice.objects.count() == 40
        assert by_hand + sum(run.letters for run in runs) == 40
        assert max(sink.copies.values(), default=1) == 1


def _a_morning(today):
    """Forty loans have reached a step, and all three ticks come every second."""
    settings = RunSettings.the()
    settings.enabled, settings.at, settings.first_day = True, datetime.min.time(), None
    settings.weekdays, settings.on_closed_days = list(range(7)), True
    settings.save()
    a_schedule(1)
    group = a_group()
    for _ in range(40):
        a_loan(due=today - timedelta(days=1), patron=a_patron(group=group))
    every_second, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.exclude(task="celery.backend_cleanup").update(interval=every_second)
