"""The gateway's own troubles: nothing is charged to a message, one line in the log for each change."""

from datetime import timedelta

import pytest
from django.utils import timezone

from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import DeliveryAttempt, Gateway, GatewayEvent, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, a_gateway, both_ways, messages, states
from tests.smtp_gateway.scripted import DROP

pytestmark = [pytest.mark.django_db(transaction=True), both_ways]


def check():
    """The next one, its pause and the window over."""
    Gateway.objects.filter(paused_until__isnull=False).update(paused_until=timezone.now() - timedelta(seconds=1))
    DeliveryAttempt.objects.all().update(started_at="2026-01-01T00:00Z")
    return delivery.check(pace=FAST, timeouts=SHORT)


def events():
    return list(GatewayEvent.objects.order_by("id").values_list("action", flat=True))


def test_an_unreachable_server_costs_no_message_anything(gateway, server):
    """Down for hours with a backlog: no attempt, one line; then everything goes in order."""
    messages(10)
    server.answers["banner"] = DROP

    for _ in range(6):
        check()
    down = Gateway.the()
    server.answers.clear()
    check()

    assert down.unreachable_since is not None
    assert down.pauses_running == 6
    assert OutboundMessage.objects.exclude(attempts=1).count() == 0
    assert [each.to for each in server.received] == [f"reader{number}@families.example" for number in range(10)]
    assert events() == ["unreachable", "reachable", "batch"]
    assert lifecycle.status().state == "on"


def test_pauses_grow_and_nothing_is_tried_meanwhile(gateway, server):
    """1, 2, 5, 10, 15 and 15 minutes; a check within a pause connects to nobody."""
    messages(1)
    server.answers["banner"] = DROP
    pauses = []

    for _ in range(6):
        check()
        pauses.append(round((Gateway.the().paused_until - timezone.now()).total_seconds()))
    connections = server.connections
    delivery.check(pace=FAST, timeouts=SHORT)

    assert pauses == [1, 2, 5, 10, 15, 15]
    assert server.connections == connections


def test_time_without_a_server_does_not_count(gateway, server):
    """Five days are five days of a server that answers."""
    messages(1)
    server.answers["rcpt"] = "450 4.0.0 not now"
    check()
    before = OutboundMessage.objects.get().give_up_at
    server.answers["banner"] = DROP
    OutboundMessage.objects.update(not_before=timezone.now())
    check()
    Gateway.objects.update(unreachable_since=timezone.now() - timedelta(hours=3))

    server.answers = {"rcpt": "450 4.0.0 not now"}
    check()

    longer = OutboundMessage.objects.get().give_up_at - before
    assert timedelta(hours=3) <= longer < timedelta(hours=3, minutes=1)


def test_a_login_refused_twice_stops_the_gateway(server, transactional_db):
    """The first time may be the server's hiccup. No message is touched."""
    a_gateway(port=server.port, username="x", may_login_in_clear=True, may_login_in_clear_confirmed=True)
    server.extensions.append("AUTH PLAIN")
    messages(2)

    check()
    once = lifecycle.status()
    check()
    twice = Gateway.the()

    assert once.state == "paused"
    assert (twice.state, twice.stop_cause) == ("stopped", "settings")
    assert twice.server_words == "535 5.7.8 wrong user or password"
    assert (DeliveryAttempt.objects.count(), set(states().values())) == (0, {"waiting"})


def test_put_right_and_saved_it_goes_on(server, transactional_db):
    """Each message once."""
    a_gateway(port=server.port, username="x", may_login_in_clear=True, may_login_in_clear_confirmed=True)
    server.extensions.append("AUTH PLAIN")
    messages(2)
    check()
    check()
    server.users = {"x": "sesame"}
    gateway = Gateway.the()
    gateway.set_password("sesame")
    gateway.save()

    lifecycle.settings_saved(by="ana")
    check()

    assert (Gateway.the().is_on, set(states().values()), len(server.received)) == (True, {"sent"}, 2)


def test_a_server_that_wants_us_slower_gets_its_minute(gateway, server):
    """Nothing is charged; what was on the wire waits."""
    messages(4)
    server.answers["rcpt"] = lambda to: "450 4.7.1 Too many messages" if to.startswith("reader2") else None

    check()

    gateway = Gateway.the()
    assert (gateway.pause_cause, gateway.paused_until > timezone.now()) == ("too_fast", True)
    assert states() == {"reader0": "sent", "reader1": "sent", "reader2": "waiting", "reader3": "waiting"}
    assert OutboundMessage.objects.waiting().filter(attempts__gt=0).count() == 0


def test_a_session_lost_over_one_message_goes_on_with_the_next(gateway, server):
    """It waits a minute; the others arrive over a new connection."""
    messages(4)
    server.answers["rcpt"] = lambda to: DROP if to.startswith("reader1") else None

    check()

    assert states() == {"reader0": "sent", "reader1": "waiting", "reader2": "sent", "reader3": "sent"}
    assert (server.connections, Gateway.the().unreachable_since) == (2, None)


def test_sessions_lost_over_two_messages_running_mean_unreachable(gateway, server):
    """Then nobody else is tried for a while."""
    messages(6)
    server.answers["rcpt"] = DROP

    check()

    assert Gateway.the().unreachable_since is not None
    assert server.connections == 2
    assert set(states().values()) == {"waiting"}
