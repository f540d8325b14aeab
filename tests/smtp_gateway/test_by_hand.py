"""What people do to messages; what is being sent is never touched."""

import pytest

from smtp_gateway import outbox
from smtp_gateway.models import GatewayEvent, OutboundMessage
from tests.smtp_gateway.outgoing import a_message, states

pytestmark = pytest.mark.django_db

EVERY_STATE = ["waiting", "sending", "sent", "bad", "uncertain", "held", "cancelled"]


@pytest.fixture
def one_of_each():
    """A message in every state, by the state's name."""
    ids = {}
    for state in EVERY_STATE:
        message = a_message(state)
        changes = {
            "sending": {"lease_token": "0" * 32, "stage": "envelope"},
            "sent": {"sent_at": message.created_at, "finished_at": message.created_at},
            "uncertain": {"not_before": None, "times_uncertain": 2, "stage": "body"},
        }.get(state, {})
        OutboundMessage.objects.filter(pk=message.pk).update(state=state, **changes)
        ids[state] = message.pk
    return ids


@pytest.mark.parametrize(
    ("verb", "fits", "becomes"),
    [
        (lambda ids: outbox.cancel(ids, reason="It came back."), ["waiting", "held"], "cancelled"),
        (lambda ids: outbox.hold(ids, by="ana"), ["waiting"], "held"),
        (lambda ids: outbox.release(ids, by="ana"), ["held"], "waiting"),
        (lambda ids: outbox.try_again(ids, by="ana"), ["bad"], "waiting"),
        (lambda ids: outbox.close(ids, by="ana"), ["bad"], "cancelled"),
        (lambda ids: outbox.send_next(ids, by="ana"), ["waiting"], "waiting"),
        (lambda ids: outbox.count_as_sent(ids, by="ana"), ["uncertain"], "sent"),
        (lambda ids: outbox.resend(ids, by="ana"), ["uncertain"], "waiting"),
    ],
    ids=["cancel", "hold", "release", "try again", "close", "send next", "count as sent", "resend"],
)
def test_a_verb_changes_only_what_it_fits(one_of_each, verb, fits, becomes):
    """And names exactly those; the rest is as it was."""
    changed = verb(one_of_each.values())

    assert sorted(changed) == sorted(one_of_each[state] for state in fits)
    assert states() == {state: becomes if state in fits else state for state in EVERY_STATE}


def test_what_was_cancelled_says_why_and_when(one_of_each):
    """The reason stands beside the row."""
    outbox.cancel([one_of_each["waiting"]], reason="Returned on Monday.")

    message = OutboundMessage.objects.get(pk=one_of_each["waiting"])
    assert (message.reason, message.finished_at is not None) == ("Returned on Monday.", True)


def test_who_did_it_is_on_record(one_of_each):
    """Once for the ticked list, with its number; a verb that changed nothing is no news."""
    outbox.try_again(one_of_each.values(), by="ana")
    outbox.try_again(one_of_each.values(), by="ana")

    assert list(GatewayEvent.objects.values_list("sentence", "by")) == [("Tried again: 1 message.", "ana")]


def test_erased_people_leave_rows_without_names(one_of_each):
    """Text, subject and address are gone; what waited is cancelled; what is on the wire is left for the next call."""
    outbox.blank(one_of_each.values())

    left = OutboundMessage.objects.exclude(to="")
    assert list(left.values_list("dedup_key", flat=True)) == ["sending"]
    assert set(OutboundMessage.objects.filter(to="").values_list("subject", "to_name", "size").distinct()) == {
        ("", "", size) for size in OutboundMessage.objects.filter(to="").values_list("size", flat=True)
    }
    assert states()["waiting"] == states()["held"] == "cancelled"


def test_text_that_is_gone_cannot_be_sent_again(one_of_each):
    """There is nothing left to send."""
    OutboundMessage.objects.update(content=b"")

    assert outbox.try_again(one_of_each.values(), by="ana") == []
    assert outbox.resend(one_of_each.values(), by="ana") == []


def test_the_figures_of_a_day(one_of_each, today):
    """Open ones as they are now, ended ones of that day."""
    from django.utils import timezone

    figures = outbox.figures(on=timezone.localdate())

    assert (figures.waiting, figures.sending, figures.held, figures.uncertain, figures.bad) == (1, 1, 1, 1, 1)
    assert (figures.sent_that_day, figures.cancelled_that_day) == (1, 0)
    assert figures.queued_that_day == 7
    assert figures.needing_a_person == 2
