"""The test message: into the outbox like any other, ahead of the others."""

from datetime import datetime

import pytest
from django.utils import timezone

from smtp_gateway import delivery, trial
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import Gateway
from tests.smtp_gateway.outgoing import FAST, SHORT, messages

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_test_says_who_asked_and_through_what(gateway, server):
    """So that whoever gets it by mistake knows what it is."""
    Gateway.objects.update(test_to="it@banksia.example")
    messages(3)

    asked = trial.send(by="J. Park", at=datetime(2026, 11, 23, 9, 14, tzinfo=timezone.get_default_timezone()))
    delivery.check(pace=FAST, timeouts=SHORT)

    first = server.received[0]
    assert (first.to, first.message_id) == ("it@banksia.example", asked.message_id)
    assert asked.subject == "Test: The library can send email"
    text = first.content.decode()
    assert "Asked for by J. Park on Monday 23 November 2026, 9:14 am (Melbourne)" in text
    assert f"Through 127.0.0.1, port {server.port}, no protection" in text


def test_without_a_test_to_address_it_is_refused(gateway):
    """With what to do."""
    with pytest.raises(OutboxError) as refusal:
        trial.send(by="J. Park", at=timezone.now())

    assert str(refusal.value) == "There is no Test To address yet. Fill it in and save."
