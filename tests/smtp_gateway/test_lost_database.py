"""The database goes away in the middle: what was known is not forgotten, and nothing is sent twice in silence."""

import pytest
from django.db import Error, connection

from smtp_gateway import delivery, leases
from smtp_gateway.models import DeliveryAttempt, OutboundMessage, Slot
from tests.smtp_gateway.outgoing import FAST, SHORT, messages, states

pytestmark = pytest.mark.django_db(transaction=True)


def cut_off(_):
    """From the mail server's thread: end every other session of this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


def once(deed, *, at):
    """Do it for the message of this reader, the first time."""
    done = []

    def answer(to):
        if at in to and not done:
            done.append(to)
            deed(to)

    return answer


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "accepted"])
def test_a_session_ended_at_any_step_repeats_nothing(gateway, server, step):
    """The check ends with an error for the log, gives its slot back, and the next one goes on."""
    messages(3)
    server.answers[step] = once(cut_off, at="" if step == "mail" else "reader1")

    with pytest.raises(Error):
        delivery.check(pace=FAST, timeouts=SHORT)
    between = states()
    leases.recover(pace=FAST)
    OutboundMessage.objects.filter(state__in=["waiting", "uncertain"]).update(not_before="2026-01-01T00:00Z")
    DeliveryAttempt.objects.update(started_at="2026-01-01T00:00Z")
    delivery.check(pace=FAST, timeouts=SHORT)

    assert "sending" not in states().values()
    assert set(states().values()) == {"sent"}
    maybe = set(OutboundMessage.objects.filter(times_uncertain__gt=0).values_list("message_id", flat=True))
    twice = {each for each in server.message_ids if server.message_ids.count(each) > 1}
    assert twice <= maybe
    assert between["reader2"] != "sent"
    assert list(Slot.objects.exclude(token=None)) == []


def test_a_250_is_kept_when_the_session_ends_before_it_was_written(gateway, server):
    """The second was accepted, then the session was gone: a new one writes it down."""
    messages(2)
    server.answers["accepted"] = once(cut_off, at="reader1")

    with pytest.raises(Error):
        delivery.check(pace=FAST, timeouts=SHORT)

    assert states() == {"reader0": "sent", "reader1": "sent"}
    assert len(server.received) == 2
