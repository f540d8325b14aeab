"""SIGKILL at every step, on the wire and at the database: nothing is lost, nothing is repeated in silence."""

import threading

import pytest

from smtp_gateway import leases
from smtp_gateway.models import OutboundMessage
from tests.faults import gentle, oracle
from tests.faults.nursery import eventually
from tests.faults.sink import WITH_PIPELINING, WITHOUT_PIPELINING
from tests.smtp_gateway.outgoing import messages, states
from tests.smtp_gateway.scripted import DROP

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = "reader1@families.example"

#: What the second of three messages is found as, and how many copies of it arrive in the end.
NOT_BEGUN = ("waiting", 0, 1)
NOTHING_WAS_SAID = ("waiting", 1, 1)
MAYBE_BUT_NOT = ("uncertain", 0, 1)
MAYBE_AND_WAS = ("uncertain", 0, 2)

AT_THE_DATABASE = {
    "before reserving": NOT_BEGUN,
    "after reserving": NOT_BEGUN,
    "before the commit that lets the text go": NOTHING_WAS_SAID,
    "after the commit that lets the text go": MAYBE_BUT_NOT,
    "after the 250, before it is on record": MAYBE_AND_WAS,
    "after the 250 is on record": ("sent", 0, 1),
}
ON_THE_WIRE = {
    "rcpt": NOTHING_WAS_SAID,
    "data": NOTHING_WAS_SAID,
    "body": MAYBE_BUT_NOT,
    "dot": MAYBE_BUT_NOT,
    "accepted": MAYBE_AND_WAS,
}


@pytest.fixture(params=[WITH_PIPELINING, WITHOUT_PIPELINING], ids=["pipelining", "step by step"])
def offered(request, sink):
    sink.extensions = request.param


@pytest.mark.parametrize("point", AT_THE_DATABASE)
def test_killed_beside_the_database(point, offered, gateway, sink, nursery):
    """The worker dies at this moment; another one puts it right, and everything arrives."""
    messages(3)

    nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS, dies=point).wait(20)
    found = _put_right()
    gentle.drain()

    assert found == AT_THE_DATABASE[point][:2]
    _everything_arrived(sink, copies=AT_THE_DATABASE[point][2])


@pytest.mark.parametrize("step", ON_THE_WIRE)
def test_killed_on_the_wire(step, offered, gateway, sink, nursery):
    """The server kills who speaks to it, at this step of the second message."""
    messages(3)

    _killed_by_the_server(sink, nursery, step, lambda words: words == SECOND)
    found = _put_right()
    gentle.drain()

    assert found == ON_THE_WIRE[step][:2]
    _everything_arrived(sink, copies=ON_THE_WIRE[step][2])


def test_killed_while_it_names_the_sender(offered, gateway, sink, nursery):
    """At the second MAIL FROM the first message may have its 250 and no record of it: then we say so."""
    messages(3)
    heard = []

    _killed_by_the_server(sink, nursery, "mail", lambda words: heard.append(words) or len(heard) == 2)
    found = _put_right()
    gentle.drain()

    assert found == NOTHING_WAS_SAID[:2]
    _everything_arrived(sink, copies=1)


def _killed_by_the_server(sink, nursery, step, is_it):
    known = threading.Event()

    def kill(words):
        if not is_it(words):
            return None
        known.wait(10)
        worker.kill()
        return DROP

    sink.answers[step] = kill
    worker = nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    known.set()
    worker.wait(20)
    del sink.answers[step]


def _put_right():
    """What the next worker makes of the second message before anything is sent again: its state, and its crashes."""
    eventually(_nothing_is_in_hand, what="the database has noticed the worker's death")
    row = OutboundMessage.objects.get(to=SECOND)
    return row.state, row.crashes


def _nothing_is_in_hand():
    leases.recover(pace=gentle.PACE)
    return not OutboundMessage.objects.sending().exists()


def _everything_arrived(sink, *, copies):
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert list(states().values()) == ["sent"] * 3
    assert sum(1 for each in sink.received if each.to == SECOND) == copies
