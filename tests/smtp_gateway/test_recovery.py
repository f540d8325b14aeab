"""A worker is killed, at every step: nothing is lost, and nothing is repeated in silence."""

import os
import signal
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from smtp_gateway import delivery, leases
from smtp_gateway.models import DeliveryAttempt, GatewayEvent, OutboundMessage, Slot
from tests.smtp_gateway.child import a_worker
from tests.smtp_gateway.outgoing import FAST, SHORT, a_message, both_ways, messages, states
from tests.smtp_gateway.scripted import DROP

pytestmark = [pytest.mark.django_db(transaction=True), both_ways]


def killed_at(server, step, *, message=0):
    """Run a worker in a process of its own and kill it when the server hears this step for that message."""
    heard = []

    def kill(arguments):
        heard.append(arguments)
        if len(heard) == message + 1:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            return DROP
        return None

    server.answers[step] = kill
    worker = a_worker(timeout=5)
    worker.wait(30)
    del server.answers[step]
    _its_session_is_gone()


def _its_session_is_gone():
    """PostgreSQL notices a killed client within milliseconds, on a busy machine within a second or two."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()")
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.01)
    pytest.fail("the killed worker's session did not end")


def later():
    """A little later another worker looks."""
    leases.recover(pace=FAST)
    OutboundMessage.objects.filter(not_before__isnull=False).update(not_before=timezone.now())
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(hours=1))
    delivery.check(pace=FAST, timeouts=SHORT)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_killed_before_the_text_nothing_was_said(gateway, server, step):
    """The message waits, a crash is counted, and it goes once."""
    a_message("mia")

    killed_at(server, step)
    leases.recover(pace=FAST)

    message = OutboundMessage.objects.get()
    assert (message.state, message.crashes, message.times_uncertain) == ("waiting", 1, 0)
    later()
    assert (states(), len(server.received)) == ({"mia": "sent"}, 1)
    assert list(DeliveryAttempt.objects.order_by("id").values_list("outcome", flat=True)) == ["crashed", "sent"]


@pytest.mark.parametrize(("step", "arrived"), [("body", 0), ("dot", 0), ("accepted", 1)])
def test_killed_after_the_commit_it_is_maybe_sent(gateway, server, step, arrived):
    """Whether it arrived or not, we say that we do not know; half an hour later it goes once more."""
    a_message("mia")

    killed_at(server, step)
    leases.recover(pace=FAST)

    message = OutboundMessage.objects.get()
    assert (message.state, message.times_uncertain, len(server.received)) == ("uncertain", 1, arrived)
    later()
    assert (states(), len(server.received)) == ({"mia": "sent"}, arrived + 1)


def test_killed_between_the_250_and_its_record_it_is_maybe_sent(gateway, server):
    """The first was accepted; the worker died naming the second, before anything was written."""
    messages(2)

    killed_at(server, "mail", message=1)
    leases.recover(pace=FAST)

    assert states() == {"reader0": "uncertain", "reader1": "waiting"}
    assert len(server.received) == 1


def test_the_rest_of_a_dead_batch_is_free_at_once(gateway, server):
    """Reserved messages of the dead worker go with the next check, without a crash of their own."""
    messages(5)

    killed_at(server, "rcpt")
    delivery.check(pace=FAST, timeouts=SHORT)

    assert list(states().values()) == ["waiting"] + ["sent"] * 4
    assert list(OutboundMessage.objects.order_by("id").values_list("crashes", flat=True)) == [1, 0, 0, 0, 0]


def test_a_killed_worker_is_noticed_within_a_second(gateway, server):
    """Its database session ends with it; no lease has to run out first."""
    a_message("mia")
    killed_at(server, "rcpt")
    began = time.monotonic()

    while OutboundMessage.objects.get().state == "sending":
        leases.recover(pace=FAST)
        assert time.monotonic() - began < 5

    assert time.monotonic() - began < 1
    assert list(Slot.objects.exclude(token=None)) == []


def test_a_message_that_kills_its_worker_is_left_alone_in_the_end(gateway, server):
    """Three times, and then it is called bad; the others arrive."""
    messages(3)

    for _ in range(3):
        OutboundMessage.objects.filter(dedup_key="reader0").update(not_before=timezone.now() - timedelta(days=1))
        DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(hours=1))
        killed_at(server, "rcpt")
        leases.recover(pace=FAST)
    later()

    assert states() == {"reader0": "bad", "reader1": "sent", "reader2": "sent"}
    assert OutboundMessage.objects.get(dedup_key="reader0").crashes == 3


def test_a_recovery_is_told_once(gateway, server):
    """One line in the log, and nothing to do the next time."""
    a_message("mia")
    killed_at(server, "rcpt")

    recovered = [leases.recover(pace=FAST), leases.recover(pace=FAST)]

    assert recovered == [1, 0]
    assert list(GatewayEvent.objects.values_list("sentence", flat=True)) == [
        "A sender was cut off; 1 message was put right."
    ]


def test_a_living_worker_is_not_robbed(gateway, server):
    """While it waits for the server, others recover nothing and take no slot."""
    a_message("mia")
    seen = []

    def look(_):
        seen.append((leases.recover(pace=FAST), OutboundMessage.objects.get().state, _taken()))
        _close()

    server.answers["rcpt"] = look
    worker = a_worker(timeout=5)
    worker.wait(30)

    assert seen == [(0, "sending", None)]
    assert states() == {"mia": "sent"}


def test_a_stopped_worker_loses_its_slot_and_writes_nothing_more(gateway, server):
    """SIGSTOP past its lease: another takes over. Woken up, it is too late for all but its 250, which still counts."""
    messages(2)

    def freeze(_):
        os.kill(worker.pid, signal.SIGSTOP)

    server.answers["accepted"] = freeze
    worker = a_worker(timeout=0.2)
    _wait_for(lambda: len(server.received) == 1)
    _wait_for(lambda: leases.recover(pace=FAST) > 0)
    between = states()
    del server.answers["accepted"]
    os.kill(worker.pid, signal.SIGCONT)
    worker.wait(30)

    assert between == {"reader0": "uncertain", "reader1": "waiting"}
    assert states() == {"reader0": "sent", "reader1": "waiting"}
    assert (len(server.received), OutboundMessage.objects.get(dedup_key="reader0").times_uncertain) == (1, 1)


def _taken():
    with leases.taken(connections=1, seconds=10) as lease:
        return lease


def _close():
    """The server's thread has a connection of its own."""
    from django.db import connection

    connection.close()


def _wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
