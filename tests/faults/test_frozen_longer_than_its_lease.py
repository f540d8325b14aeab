"""SIGSTOP in the middle of a message until others have taken over: woken up, the sleeper writes nothing but a late 250.

A machine that was suspended, a container that was paused: its connections live, and what it believes is old.
"""

import signal
import threading

import pytest

from smtp_gateway import leases
from smtp_gateway.conversation import Timeouts
from smtp_gateway.models import DeliveryAttempt, OutboundMessage, Slot
from smtp_gateway.pace import Pace
from tests.faults import gentle, oracle
from tests.faults.nursery import eventually
from tests.smtp_gateway.outgoing import messages, states

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = "reader1@families.example"

#: Leases of not quite two seconds.
TIMEOUTS = Timeouts(connect=0.2, command=0.2, data=0.2, block=0.2, dot=0.2, quit=0.1)
#: Half an hour is as long as in life: what is uncertain stays so for the whole test.
PATIENT = Pace(minute=0.02, check=1000, uncertain=100_000)


@pytest.mark.parametrize(("step", "copies"), [("rcpt", 1), ("data", 1), ("dot", 2), ("accepted", 2)])
def test_it_changes_nothing_that_others_have_done(step, copies, gateway, sink, nursery):
    """Another worker recovers its messages and sends them all; then the sleeper wakes."""
    messages(4)
    worker = _frozen_at(sink, nursery, step, pace=gentle.PACE)
    eventually(lambda: leases.recover(pace=gentle.PACE), what="its lease has run out")
    gentle.drain()
    before = _everything()

    worker.signal(signal.SIGCONT)
    worker.wait(20)

    assert _everything() == before
    assert set(states().values()) == {"sent"}
    assert sum(1 for each in sink.received if each.to == SECOND) == copies
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings


def test_a_late_250_is_believed(gateway, sink, nursery):
    """It lay in the sleeper's socket all the time; the message was called uncertain and is sent: one copy."""
    messages(2)
    worker = _frozen_at(sink, nursery, "accepted", pace=PATIENT)
    eventually(lambda: leases.recover(pace=PATIENT), what="its lease has run out")
    meanwhile = states()["reader1"]

    worker.signal(signal.SIGCONT)
    worker.wait(20)

    assert (meanwhile, states()["reader1"]) == ("uncertain", "sent")
    assert sum(1 for each in sink.received if each.to == SECOND) == 1
    assert list(Slot.objects.exclude(token=None)) == []


def _frozen_at(sink, nursery, step, *, pace):
    known, frozen = threading.Event(), threading.Event()

    def freeze(words):
        if words == SECOND and not frozen.is_set():
            known.wait(10)
            worker.signal(signal.SIGSTOP)
            frozen.set()

    sink.answers[step] = freeze
    worker = nursery.fork(pace=pace, timeouts=TIMEOUTS)
    known.set()
    eventually(frozen.is_set, what="it is frozen")
    return worker


def _everything():
    return (
        list(OutboundMessage.objects.order_by("id").values()),
        list(DeliveryAttempt.objects.order_by("id").values()),
        list(Slot.objects.order_by("number").values("number", "token")),
    )
