"""The mail server is away for hours with five hundred waiting: nothing is charged, and then all go, in their order."""

import time

import pytest

from smtp_gateway import delivery
from smtp_gateway.models import DeliveryAttempt, Gateway, GatewayEvent, OutboundMessage
from smtp_gateway.pace import Pace
from tests.faults import gentle, oracle
from tests.smtp_gateway.outgoing import a_message, messages
from tests.smtp_gateway.scripted import DROP

pytestmark = pytest.mark.django_db(transaction=True)

#: A minute is 25 ms: three hours are four and a half seconds.
PACE = Pace(minute=0.025, check=1000)
THREE_HOURS = 180 * 0.025

#: Pauses of 1, 2, 5, 10 and then 15 minutes: how often three hours hold a try.
TRIES_IN_THREE_HOURS = 5 + (180 - 18) // 15 + 1


def test_hours_without_a_server(gateway, sink):
    """No attempt, one line in the log, seldom a knock; afterwards every message once, first come first served."""
    messages(500)
    sink.answers["banner"] = DROP
    until = time.monotonic() + THREE_HOURS
    while time.monotonic() < until:
        delivery.check(pace=PACE, timeouts=gentle.TIMEOUTS)
        time.sleep(0.005)
    knocks = sink.connections
    charged = OutboundMessage.objects.filter(attempts__gt=0).count() + DeliveryAttempt.objects.count()
    told = list(GatewayEvent.objects.filter(action="unreachable").values_list("sentence", flat=True))

    sink.answers.clear()
    gentle.drain(pace=PACE)

    assert (charged, told) == (0, ["The server closed the connection when we connected."])
    assert 5 <= knocks <= TRIES_IN_THREE_HOURS
    assert [each.to for each in sink.received] == [f"reader{number}@families.example" for number in range(500)]
    assert oracle.findings(sink.copies).is_clean
    assert (Gateway.the().unreachable_since, Gateway.the().pauses_running) == (None, 0)
    assert set(OutboundMessage.objects.values_list("attempts", flat=True)) == {1}


def test_the_more_urgent_goes_first_when_it_is_back(gateway, sink):
    """A test and the daily log were queued last, while the server was away."""
    messages(5)
    sink.answers["banner"] = DROP
    delivery.check(pace=PACE, timeouts=gentle.TIMEOUTS)
    a_message("log", kind=OutboundMessage.Kind.DAILY_LOG)
    a_message("test", kind=OutboundMessage.Kind.TEST)

    sink.answers.clear()
    gentle.drain(pace=PACE)

    assert [each.to.partition("@")[0] for each in sink.received][:3] == ["test", "log", "reader0"]


def test_hours_that_count_against_nobody(gateway, sink):
    """A message heard 'later' once and has five days; the server is away for six: it is tried again, not given up."""
    five_days_are_half_a_second = Pace(minute=0.02, check=1000, give_up=25, later=(1,), unreachable=(1,))
    message = a_message("mia")
    sink.answers["rcpt"] = "451 4.7.1 Greylisted"
    delivery.check(pace=five_days_are_half_a_second, timeouts=gentle.TIMEOUTS)
    sink.answers["banner"] = DROP
    until = time.monotonic() + 0.7
    while time.monotonic() < until:
        delivery.check(pace=five_days_are_half_a_second, timeouts=gentle.TIMEOUTS)
        time.sleep(0.01)

    del sink.answers["banner"]
    second_try = _next_attempt(five_days_are_half_a_second)
    sink.answers.clear()
    gentle.drain(pace=five_days_are_half_a_second)

    message.refresh_from_db()
    assert (second_try, message.state, message.attempts) == ("later", "sent", 3)


def _next_attempt(pace):
    until = time.monotonic() + 5
    while DeliveryAttempt.objects.count() < 2 and time.monotonic() < until:
        delivery.check(pace=pace, timeouts=gentle.TIMEOUTS)
        time.sleep(0.005)
    return DeliveryAttempt.objects.order_by("-id")[0].outcome
