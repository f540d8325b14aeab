"""PostgreSQL stopped hard in the middle of a message, and started again: the workers go on by themselves."""

import threading
import time

import pytest
from django.db import connection

from smtp_gateway import leases
from smtp_gateway.models import OutboundMessage
from tests.faults import gentle, oracle
from tests.faults.nursery import Nursery, eventually
from tests.faults.sink import Sink
from tests.smtp_gateway.outgoing import a_gateway, messages

SECOND = "reader1@families.example"


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "body", "dot", "accepted"])
def test_stopped_at_a_step(step, own):
    """At this step of the second of five messages; half a second later it is back."""
    stopped = threading.Event()

    def stop(words):
        if not stopped.is_set() and (words == SECOND or (step == "mail" and len(sink.received) == 1)):
            stopped.set()
            own.stop_hard(own.postgres)

    with Sink() as sink, Nursery(own.postgres.address.database_url) as nursery:
        a_gateway(port=sink.port, messages_each_check=1000)
        messages(5)
        sink.answers[step] = stop
        worker = nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS, until=60)
        eventually(stopped.is_set, what="it is stopped")
        time.sleep(0.5)
        own.start_again(own.postgres)
        eventually(lambda: not OutboundMessage.objects.on_the_way().exists(), seconds=30)
        still_lives = worker.is_alive
        worker.kill()
        leases.recover(pace=gentle.PACE)

        assert still_lives
        findings = oracle.findings(sink.copies)
        assert findings.is_clean, findings
        assert findings.states == {"sent": 5}


def test_sessions_are_terminated_again_and_again(own):
    """Twenty times an administrator ends every session but his own."""
    with Sink(slow=0.003) as sink, Nursery(own.postgres.address.database_url) as nursery:
        a_gateway(port=sink.port, messages_each_check=1000, connections=2)
        messages(300)
        workers = [nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS, until=60) for _ in range(2)]
        for _ in range(20):
            time.sleep(0.1)
            _terminate_the_others()
        eventually(lambda: not OutboundMessage.objects.on_the_way().exists(), seconds=40)
        still_live = [worker.is_alive for worker in workers]
        for worker in workers:
            worker.kill()
        leases.recover(pace=gentle.PACE)

        assert still_live == [True, True]
        findings = oracle.findings(sink.copies)
        assert findings.is_clean, findings
        assert set(findings.states) <= {"sent", "uncertain", "bad"}


def _terminate_the_others():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
