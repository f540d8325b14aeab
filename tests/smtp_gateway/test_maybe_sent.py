"""Messages that may or may not have arrived: once more by themselves, then a person decides."""

from datetime import timedelta

import pytest
from django.utils import timezone

from smtp_gateway import delivery, outbox
from smtp_gateway.models import DeliveryAttempt, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, a_message, both_ways
from tests.smtp_gateway.scripted import DROP

pytestmark = [pytest.mark.django_db(transaction=True), both_ways]


@pytest.fixture
def maybe_sent(gateway, server):
    """The server took it and was gone before it said so."""
    server.answers["accepted"] = DROP
    message = a_message("mia")
    delivery.check(pace=FAST, timeouts=SHORT)
    return message


def half_an_hour_later():
    OutboundMessage.objects.filter(not_before__isnull=False).update(not_before=timezone.now())
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(minutes=30))
    delivery.check(pace=FAST, timeouts=SHORT)


def test_it_goes_once_more_with_the_same_message_id(maybe_sent, server):
    """Many servers drop the second copy by its Message-ID."""
    server.answers.clear()

    half_an_hour_later()

    maybe_sent.refresh_from_db()
    assert (maybe_sent.state, maybe_sent.attempts, maybe_sent.times_uncertain) == ("sent", 2, 1)
    assert server.message_ids == [maybe_sent.message_id] * 2


def test_after_the_second_time_only_a_person_decides(maybe_sent, server):
    """Or a server that takes and drops would write to a reader for ever."""
    half_an_hour_later()
    half_an_hour_later()

    maybe_sent.refresh_from_db()
    assert (maybe_sent.state, maybe_sent.not_before, maybe_sent.times_uncertain) == ("uncertain", None, 2)
    assert len(server.received) == 2
    assert list(OutboundMessage.objects.needing_a_person()) == [maybe_sent]


def test_put_off_at_its_second_try_it_stays_maybe_sent(maybe_sent, server):
    """A 4xx now does not mean that the first copy did not arrive."""
    server.answers.clear()
    server.answers["rcpt"] = "450 4.0.0 not now"

    half_an_hour_later()

    maybe_sent.refresh_from_db()
    assert (maybe_sent.state, maybe_sent.will_be_tried_again) == ("uncertain", True)


def test_taken_back_it_is_not_tried_again_and_not_called_cancelled(maybe_sent, server):
    """The book came back; the letter may be out already, and nobody claims that it is not."""
    server.answers.clear()

    cancelled = outbox.cancel([maybe_sent.id], reason="The book came back.")
    half_an_hour_later()

    maybe_sent.refresh_from_db()
    assert (cancelled, maybe_sent.state, maybe_sent.not_before) == ([], "uncertain", None)
    assert len(server.received) == 1


def test_a_person_counts_it_as_sent(maybe_sent):
    """Mia has told us that she got it."""
    counted = outbox.count_as_sent([maybe_sent.id], by="ana")

    maybe_sent.refresh_from_db()
    assert (counted, maybe_sent.state) == ([maybe_sent.id], "sent")
    assert maybe_sent.sent_at is not None


def test_a_person_sends_it_once_more(maybe_sent, server):
    """Even if it should arrive twice."""
    server.answers.clear()

    resent = outbox.resend([maybe_sent.id], by="ana")
    half_an_hour_later()

    maybe_sent.refresh_from_db()
    assert (resent, maybe_sent.state, len(server.received)) == ([maybe_sent.id], "sent", 2)
