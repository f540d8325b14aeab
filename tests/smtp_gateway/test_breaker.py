"""One wrong relay rule must not turn the outbox bad; five leavers in a row must not stop the gateway."""

import pytest

from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, both_ways, messages, states

pytestmark = [pytest.mark.django_db(transaction=True), both_ways]


def check():
    DeliveryAttempt.objects.all().update(started_at="2026-01-01T00:00Z")
    return delivery.check(pace=FAST, timeouts=SHORT)


def test_five_leavers_in_a_row_are_five_bad_addresses(gateway, server):
    """The server answers well; these five are gone."""
    messages(6)
    server.answers["rcpt"] = lambda to: None if to.startswith("reader5") else "550 5.1.1 User unknown"

    check()

    assert list(states().values()) == ["bad"] * 5 + ["sent"]
    assert Gateway.the().is_on


def test_five_different_people_refused_in_a_row_stop_the_gateway(gateway, server):
    """None of them is called bad; they wait behind the rest."""
    messages(8)
    server.answers["rcpt"] = "550 5.3.0 no"

    check()

    stopped = Gateway.the()
    assert (stopped.state, stopped.stop_cause, stopped.probe_wanted) == ("stopped", "suspicious", True)
    assert set(states().values()) == {"waiting"}
    assert OutboundMessage.objects.filter(suspicious=True).count() == 5


def test_a_success_between_them_says_that_we_are_well(gateway, server):
    """Four refusals, one success, four refusals: eight bad."""
    messages(9)
    server.answers["rcpt"] = lambda to: None if to.startswith("reader4") else "550 5.3.0 no"

    check()

    assert list(states().values()) == ["bad"] * 4 + ["sent"] + ["bad"] * 4
    assert Gateway.the().is_on


def test_refusals_are_counted_over_checks(gateway, server):
    """One message a check, and the breaker still sees the row."""
    Gateway.objects.update(messages_each_check=1)
    messages(6)
    server.answers["rcpt"] = "554 5.3.0 no"

    for _ in range(5):
        check()

    assert Gateway.the().stop_cause == "suspicious"
    assert set(states().values()) == {"waiting"}


def test_relay_denied_stops_at_the_first(gateway, server):
    """Those words are about us."""
    messages(3)
    server.answers["rcpt"] = "554 5.7.1 <reader0@families.example>: Relay access denied"

    check()

    stopped = Gateway.the()
    assert (stopped.stop_cause, set(states().values())) == ("suspicious", {"waiting"})
    assert stopped.server_words == "554 5.7.1 (address): Relay access denied"
    assert OutboundMessage.objects.filter(attempts__gt=0).count() == 0


def test_started_again_a_probe_to_our_own_address_comes_first(gateway, server):
    """It is refused: the gateway stops again, and nobody else was named."""
    messages(3)
    server.answers["rcpt"] = "554 5.7.1 Relay access denied"
    check()
    server.commands.clear()

    lifecycle.start(by="ana", timeouts=SHORT)
    check()

    assert [each for each in server.commands if each.startswith("RCPT")] == ["RCPT TO:<library@banksia.example>"]
    assert Gateway.the().stop_cause == "suspicious"
    assert set(states().values()) == {"waiting"}


def test_once_the_probe_is_accepted_the_next_refusal_is_final(gateway, server):
    """The rest goes first, the suspicious one last, and now it is its own fault."""
    messages(3)
    server.answers["rcpt"] = lambda to: "554 5.7.1 Relay access denied" if to.startswith("reader0") else None
    check()

    lifecycle.start(by="ana", timeouts=SHORT)
    check()

    assert states() == {"reader0": "bad", "reader1": "sent", "reader2": "sent"}
    assert [each.to.partition("@")[0] for each in server.received] == ["reader1", "reader2"]
    assert (Gateway.the().is_on, Gateway.the().probe_wanted) == (True, False)
    assert DeliveryAttempt.objects.filter(outcome="probe_passed").count() == 1
