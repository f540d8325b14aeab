"""Database and broker stopped hard, cut off, flushed: the real workers and the real beat need no restart of ours.

Everything runs as ``manage.py up`` runs it, with beat's five seconds; whatever happened, the post goes on within a
minute after the part is back, and the same processes carry it.
"""

import time

import pytest
import redis
from django.db import connection
from django.db.models.functions import Now

from library.management.commands import up
from smtp_gateway.models import Heartbeat, OutboundMessage, Slot
from tests.faults import oracle
from tests.faults.nursery import eventually
from tests.faults.sink import Sink
from tests.smtp_gateway.outgoing import a_gateway, a_message, messages

pytestmark = pytest.mark.slow

A_MINUTE = 60


@pytest.fixture
def sink():
    with Sink() as server:
        yield server


@pytest.fixture
def running(own, sink):
    """Workers and beat at work: a first message has gone through all of it."""
    a_gateway(port=sink.port, messages_each_check=100_000)
    own.start_everything()
    a_message("first")
    _wait_until_sent(1)
    return own


def test_the_database_is_stopped_hard_and_started(running, sink):
    """In the middle of a batch; three seconds later it is back."""
    pids = running.pids
    messages(200)
    _slow_down(sink)
    eventually(lambda: len(sink.received) > 20, seconds=30)

    running.stop_hard(running.postgres)
    time.sleep(3)
    running.start_again(running.postgres)
    back = _seconds_until(lambda: len(sink.received) >= 150)
    a_message("afterwards")
    _wait_until_nothing_is_due()

    _all_is_well(running, sink, pids)
    assert back < A_MINUTE


def test_all_sessions_are_terminated(running, sink):
    """An administrator ends them in the middle of a batch, three times."""
    pids = running.pids
    messages(200)
    _slow_down(sink)
    eventually(lambda: len(sink.received) > 20, seconds=30)

    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        time.sleep(1)
    back = _seconds_until(lambda: len(sink.received) >= 150)
    _wait_until_nothing_is_due()

    _all_is_well(running, sink, pids)
    assert back < A_MINUTE


def test_the_broker_is_stopped_and_started(running, sink):
    """Ten seconds without it. Queueing talks to no broker, so nobody notices while it is gone."""
    pids = running.pids
    running.stop_hard(running.valkey)
    messages(50)
    time.sleep(10)

    running.start_again(running.valkey)
    back = _seconds_until(lambda: len(sink.received) >= 51)
    _wait_for_both_queues()

    _all_is_well(running, sink, pids)
    assert back < A_MINUTE


def test_the_broker_forgets_everything(running, sink):
    """FLUSHALL, again and again, while ticks are on their way."""
    pids = running.pids
    for _ in range(20):
        redis.Redis.from_url(running.valkey.address.redis_url).flushall()
        time.sleep(0.2)

    messages(50)
    back = _seconds_until(lambda: len(sink.received) >= 51)
    _wait_for_both_queues()

    _all_is_well(running, sink, pids)
    assert back < A_MINUTE


def test_workers_that_are_asked_to_end_finish_what_they_have_begun(running, sink):
    """SIGTERM in the middle of a batch, as at every update: nothing is uncertain, and no slot is left behind."""
    messages(100)
    _slow_down(sink)
    eventually(lambda: len(sink.received) > 20, seconds=30)

    for program in running.programs:
        program.process.terminate()
    eventually(lambda: running.pids == [], seconds=up.WORKER_SECONDS)

    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert (set(findings.states) <= {"sent", "waiting"}, findings.uncertain) == (True, 0)
    assert list(Slot.objects.exclude(token=None)) == []


def _slow_down(sink):
    sink.answers["rcpt"] = lambda _: time.sleep(0.01)


def _wait_until_sent(count):
    eventually(lambda: OutboundMessage.objects.filter(state="sent").count() >= count, seconds=A_MINUTE)


def _wait_until_nothing_is_due():
    """The pace is life's: what was cut off before its text goes in a minute, what is uncertain in half an hour."""
    due = OutboundMessage.objects.filter(state__in=["waiting", "sending"]).exclude(not_before__gt=Now(), crashes=1)
    eventually(lambda: not due.exists(), seconds=2 * A_MINUTE)


def _wait_for_both_queues():
    """The ticks of both workers are heard again."""
    now = Heartbeat.objects.order_by("-beat_at")[0].beat_at
    eventually(lambda: Heartbeat.objects.filter(beat_at__gt=now).count() >= 2, seconds=A_MINUTE, what="both tick")


def _seconds_until(condition):
    began = time.monotonic()
    eventually(condition, seconds=2 * A_MINUTE)
    return time.monotonic() - began


def _all_is_well(running, sink, pids):
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert set(findings.states) <= {"sent", "uncertain", "waiting"}
    assert findings.states.get("uncertain", 0) + findings.states.get("waiting", 0) <= 6
    assert running.pids == pids
