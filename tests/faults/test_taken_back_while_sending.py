"""Letters are taken back while workers send them and die: what was cancelled never arrives, and the rest does."""

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtp_gateway import leases, outbox
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from tests.faults import gentle, killpoints, oracle
from tests.smtp_gateway.outgoing import messages

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = 120
ENDS = ["sent", "cancelled", "uncertain"]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    points=st.lists(st.sampled_from(killpoints.POINTS), max_size=3),
    at_once=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_what_was_cancelled_never_arrives(gateway, sink, nursery, points, at_once, seed):
    """Two connections, workers killed at exact points, and somebody who cancels whatever has not gone out.

    Whoever asks is told the truth at once: a message that ``cancel`` names is not sent, by nobody, and one that it does
    not name had been begun. No killed worker leaves more than one message in doubt.
    """
    _a_new_world(sink)
    ids = messages(LETTERS)
    random.Random(seed).shuffle(ids)
    Gateway.objects.update(connections=2)

    for point in points:
        nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS, dies=point)
    workers = [nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS, until=4) for _ in range(2)]
    cancelled: list[int] = []
    while ids and any(worker.is_alive for worker in workers):
        cancelled += outbox.cancel([ids.pop() for _ in range(min(at_once, len(ids)))], reason="It came back.")
        time.sleep(0.004)
    for worker in nursery.workers:
        worker.wait(20)
    gentle.drain()
    leases.recover(pace=gentle.PACE)

    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert _arrived(sink, cancelled) == []
    assert OutboundMessage.objects.in_state("cancelled").count() == len(cancelled)
    assert OutboundMessage.objects.in_state(*ENDS).count() == LETTERS
    assert findings.uncertain <= len(points)


def _arrived(sink, ids):
    wanted = set(OutboundMessage.objects.filter(pk__in=ids).values_list("message_id", flat=True))
    return [message_id for message_id in sink.copies if message_id in wanted]


def _a_new_world(sink):
    leases.recover(pace=gentle.PACE)
    DeliveryAttempt.objects.all().delete()
    OutboundMessage.objects.all().delete()
    sink.received.clear()
