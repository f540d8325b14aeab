"""What beat asks for, and that it is heard."""

import pytest

from smtp_gateway import tasks
from smtp_gateway.models import Gateway, Heartbeat
from tests.smtp_gateway.outgoing import messages, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_tick_sends_the_batch_and_is_heard(gateway, server):
    """One line calls the verb that the button calls too."""
    messages(2)

    tasks.check()

    assert (states(), len(server.received)) == ({"reader0": "sent", "reader1": "sent"}, 2)
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["Send the next batch"]


def test_the_log_tick_is_heard_even_when_nothing_is_due(gateway):
    """The watchdog hears the clock, not the work."""
    Gateway.objects.update(from_address="")

    tasks.daily_log_if_due()

    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["Daily log"]
