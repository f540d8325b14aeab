"""More than one connection: one slot each, one throttle for all."""

import time

import pytest

from smtp_gateway import leases
from smtp_gateway.models import Gateway, OutboundMessage, Slot
from tests.smtp_gateway.child import a_worker
from tests.smtp_gateway.outgoing import a_gateway, messages

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_slot_is_taken_by_one_only(gateway):
    """With one connection in the settings the second asker goes away empty."""
    with leases.taken(connections=1, seconds=10) as first, leases.taken(connections=1, seconds=10) as second:
        taken = (first and first.slot, second)

    assert taken == (1, None)
    assert list(Slot.objects.exclude(token=None)) == []


def test_as_many_slots_as_connections(gateway):
    """Three may talk at once, a fourth may not."""
    with (
        leases.taken(connections=3, seconds=10) as first,
        leases.taken(connections=3, seconds=10) as second,
        leases.taken(connections=3, seconds=10) as third,
        leases.taken(connections=3, seconds=10) as fourth,
    ):
        taken = [lease and lease.slot for lease in (first, second, third, fourth)]

    assert taken == [1, 2, 3, None]


def test_a_lease_that_has_run_out_is_buried(gateway):
    """Its session lives, but it has not been heard for too long."""
    with leases.taken(connections=1, seconds=0.05):
        time.sleep(0.1)
        leases.recover()

        with leases.taken(connections=1, seconds=10) as second:
            assert second is not None


@pytest.mark.parametrize("connections", [1, 3])
def test_three_workers_send_each_message_once(server, transactional_db, connections):
    """However many talk at once."""
    a_gateway(port=server.port, messages_each_check=1000, connections=connections)
    messages(300)
    server.answers["dot"] = lambda _: time.sleep(0.005)

    workers = [a_worker(minute=60, timeout=5, until=1.5) for _ in range(3)]
    for worker in workers:
        worker.wait(60)

    assert OutboundMessage.objects.in_state("sent").count() == len(server.received) == 300
    assert len(set(server.message_ids)) == 300
    assert (server.connections > 1) is (connections > 1)
    assert Gateway.the().is_on
