"""One check: what goes, in which order, and what is on record afterwards."""

import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from smtp_gateway import delivery, outbox
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, a_message, both_ways, finished, messages, states

pytestmark = [pytest.mark.django_db(transaction=True), both_ways]


def check():
    return delivery.check(pace=FAST, timeouts=SHORT)


def test_ten_of_twelve_go_and_two_wait(gateway, server):
    """Ten messages each check: the eleventh is for the next one."""
    messages(12)

    done = check()

    assert (done.sent, len(server.received), server.connections) == (10, 10, 1)
    assert list(states().values()) == ["sent"] * 10 + ["waiting"] * 2


def test_what_arrives_is_what_was_queued(gateway, server):
    """Byte for byte, from the settings' From address to the one recipient."""
    message = a_message("mia", text="A dot:\n.\n.and more\n")

    check()

    [received] = server.received
    assert received.content == bytes(message.content)
    assert (received.sender, received.to) == ("library@banksia.example", "mia@families.example")


def test_a_sent_message_remembers_how_it_went(gateway, server):
    """The row and its attempt: when, at which step, and the server's own words."""
    a_message("mia")
    server.answers["dot"] = "250 2.0.0 Ok: queued as 4F2A"

    check()

    message, attempt = OutboundMessage.objects.get(), DeliveryAttempt.objects.get()
    assert (message.state, message.attempts, message.last_code, message.last_words) == (
        "sent",
        1,
        250,
        "Ok: queued as 4F2A",
    )
    assert (attempt.outcome, attempt.stage, attempt.code, attempt.enhanced) == ("sent", "dot", 250, "2.0.0")
    assert attempt.started_at <= attempt.finished_at == message.sent_at == message.finished_at


def test_the_order_is_priority_then_age(gateway, server):
    """A test before the daily log, that before notices, those before letters by hand; *send next* before all."""
    kind = outbox.Kind
    for name, sort in [("hand", kind.BY_HAND), ("notice", kind.NOTICE), ("log", kind.DAILY_LOG), ("test", kind.TEST)]:
        outbox.queue(finished(name, kind=sort))
    last = outbox.queue(finished("urgent", kind=kind.BY_HAND))
    outbox.send_next([last.id], by="ana")

    check()

    assert [each.to.partition("@")[0] for each in server.received] == ["urgent", "test", "log", "notice", "hand"]


def test_what_is_held_cancelled_or_for_later_does_not_go(gateway, server):
    """Only what waits and is due."""
    held, cancelled = a_message("held"), a_message("cancelled")
    outbox.hold([held.id], by="ana")
    outbox.cancel([cancelled.id], reason="The book came back.")
    a_message("tomorrow", not_before=timezone.now() + timedelta(days=1))
    a_message("mia")

    check()

    assert states() == {"held": "held", "cancelled": "cancelled", "tomorrow": "waiting", "mia": "sent"}
    assert server.message_ids == [OutboundMessage.objects.get(dedup_key="mia").message_id]


def test_a_stopped_gateway_connects_to_nobody(gateway, server):
    """Whatever asks for a check."""
    Gateway.objects.update(state="stopped", stop_cause="person")
    messages(2)

    check()

    assert (server.connections, list(states().values())) == (0, ["waiting", "waiting"])


def test_an_empty_outbox_connects_to_nobody(gateway, server):
    """Every five seconds, all year."""
    check()

    assert server.connections == 0


def test_a_stop_in_the_middle_ends_after_the_message_in_hand(gateway, server):
    """Two at most: the one whose text is on the wire and the one that was begun with it."""
    messages(8)

    def stop_at_third(address):
        if address.startswith("reader2"):
            Gateway.objects.update(state="stopped", stop_cause="person")

    server.answers["rcpt"] = stop_at_third
    check()

    assert list(states().values()) == ["sent"] * 3 + ["waiting"] * 5


def test_a_reserved_message_can_be_taken_back_until_it_is_begun(gateway, server):
    """The book came back while the batch was on its way; nobody hears of it."""
    messages(6)

    def take_back(address):
        if address.startswith("reader0"):
            later = OutboundMessage.objects.filter(dedup_key__in=["reader3", "reader4"])
            outbox.cancel(later.values_list("id", flat=True), reason="The book came back.")

    server.answers["rcpt"] = take_back
    check()

    assert list(states().values()) == ["sent"] * 3 + ["cancelled"] * 2 + ["sent"]
    assert len(server.received) == 4


def test_a_session_that_the_server_ends_politely_is_opened_again(gateway, server):
    """Many servers take so many messages a session and then say 421 at MAIL: no fault of anybody's."""
    messages(7)

    def three_a_session(_):
        return "421 4.7.0 that was enough" if len(server.received) == 3 and server.connections == 1 else None

    server.answers["mail"] = three_a_session
    done = check()

    assert (done.sent, server.connections, len(set(server.message_ids))) == (7, 2, 7)
    assert Gateway.the().unreachable_since is None


def test_one_bad_message_stops_nobody_else(gateway, server):
    """The third is refused; nine arrive."""
    messages(10)
    server.answers["rcpt"] = lambda to: "550 5.1.1 no such user" if to.startswith("reader2@") else None

    check()

    assert list(states().values()) == ["sent"] * 2 + ["bad"] + ["sent"] * 7
    bad = OutboundMessage.objects.bad().get()
    assert (bad.reason, bad.last_code, bad.last_enhanced) == ("There is no such mailbox.", 550, "5.1.1")


def test_a_check_refuses_to_run_inside_a_transaction(gateway, server):
    """What it writes must be on record before a text goes out, not when somebody else commits."""
    a_message("mia")

    with pytest.raises(RuntimeError, match="never sends inside a transaction"), transaction.atomic():
        check()

    assert server.connections == 0


def test_a_check_ends_after_its_minute(gateway, server):
    """The next tick goes on; nothing is left in anybody's hands."""
    messages(10)
    server.answers["rcpt"] = lambda to: time.sleep(0.2)

    done = check()

    assert done.unfinished is True
    assert 0 < done.sent < 10
    assert OutboundMessage.objects.waiting().count() == 10 - done.sent


def test_more_than_a_block_goes_in_one_check(gateway, server):
    """With the throttle wide open, in blocks of fifty."""
    Gateway.objects.update(messages_each_check=1000)
    messages(120)

    done = delivery.check(timeouts=SHORT)

    assert (done.sent, len(set(server.message_ids)), server.connections) == (120, 120, 1)


def test_a_message_put_off_goes_again_after_its_pause(gateway, server):
    """Five minutes after the first 4xx, give or take a fifth, and then it arrives: two attempts."""
    a_message("mia")
    server.answers["rcpt"] = "450 4.2.0 Greylisted"
    check()
    put_off = OutboundMessage.objects.get()
    server.answers.clear()

    OutboundMessage.objects.update(not_before=timezone.now())
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(seconds=10))
    check()

    pause = (put_off.not_before - put_off.created_at).total_seconds()
    assert 4 <= pause <= 7
    assert (put_off.state, put_off.reason) == ("waiting", "The server wants to see us twice (greylisting).")
    assert list(OutboundMessage.objects.values_list("state", "attempts")) == [("sent", 2)]
    assert list(DeliveryAttempt.objects.order_by("id").values_list("outcome", "number")) == [("later", 1), ("sent", 2)]


def test_a_message_put_off_again_waits_longer(gateway, server):
    """A quarter of an hour after the second 4xx, give or take a fifth."""
    a_message("mia")
    server.answers["rcpt"] = "450 4.2.0 Greylisted"
    check()
    OutboundMessage.objects.update(not_before=timezone.now())
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(hours=1))

    check()

    second = DeliveryAttempt.objects.get(number=2)
    pause = OutboundMessage.objects.get().not_before - second.finished_at
    assert FAST.minutes(12) <= pause <= FAST.minutes(18)


def test_a_message_put_off_for_five_days_is_given_up(gateway, server):
    """With the last words of the server kept."""
    a_message("mia")
    server.answers["rcpt"] = "451 4.3.0 try later"
    OutboundMessage.objects.update(give_up_at=timezone.now() - timedelta(seconds=1), attempts=20)

    check()

    message = OutboundMessage.objects.get()
    assert (message.state, message.last_code, message.last_words) == ("bad", 451, "try later")
    assert message.finished_at is not None


def test_a_message_put_off_beyond_its_use_is_given_up(gateway, server):
    """Its next try would come after it is worth delivering."""
    a_message("mia", expires_at=timezone.now() + timedelta(seconds=3))
    server.answers["rcpt"] = "451 4.3.0 try later"

    check()

    assert states() == {"mia": "bad"}
