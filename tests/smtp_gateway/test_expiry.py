"""What is no longer worth delivering is taken out, and called what it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from smtp_gateway import expiry
from smtp_gateway.models import OutboundMessage
from tests.smtp_gateway.outgoing import a_message, states

pytestmark = pytest.mark.django_db

YESTERDAY = timedelta(days=-1)


def expired(key, **changes):
    a_message(key, expires_at=timezone.now() + YESTERDAY)
    OutboundMessage.objects.filter(dedup_key=key).update(**changes)


def test_a_reminder_that_did_not_go_in_time_is_cancelled():
    """Waiting or held; the next step is not affected."""
    expired("waiting")
    expired("held", state="held")
    a_message("tomorrow", expires_at=timezone.now() + timedelta(days=1))

    count = expiry.take_out()

    assert (count, states()) == (2, {"waiting": "cancelled", "held": "cancelled", "tomorrow": "waiting"})
    assert set(OutboundMessage.objects.exclude(finished_at=None).values_list("reason", flat=True)) == {
        "It could not be delivered in time."
    }


def test_what_the_server_put_off_until_it_was_too_late_is_bad():
    """It was tried; somebody may want to look."""
    expired("mia", attempts=3)

    expiry.take_out()

    assert states() == {"mia": "bad"}


def test_what_may_have_arrived_stays_maybe_sent():
    """And is not tried again by itself."""
    expired("mia", state="uncertain", times_uncertain=1)

    expiry.take_out()

    assert list(OutboundMessage.objects.values_list("state", "not_before")) == [("uncertain", None)]
    assert expiry.take_out() == 0
