"""A server that refuses everybody says something about us; five leavers in a row do not."""

import pytest

from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import Gateway, OutboundMessage
from tests.faults import gentle, oracle
from tests.smtp_gateway.outgoing import messages, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "words", ["554 5.7.1 Relay access denied", "550 relaying denied", "550 5.7.606 banned sending IP", "554 5.3.0 no"]
)
def test_a_wrong_relay_rule_costs_nobody_a_letter(words, gateway, sink):
    """Three hundred waiting: the gateway stops, none is called bad; put right and started, each arrives once."""
    sink.answers["rcpt"] = words
    messages(300)
    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    stopped = Gateway.the()

    sink.answers.clear()
    lifecycle.start(by="ana", timeouts=gentle.TIMEOUTS)
    gentle.drain()

    assert (stopped.state, stopped.stop_cause, stopped.probe_wanted) == ("stopped", "suspicious", True)
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert findings.states == {"sent": 300}


def test_started_too_early_it_stops_again_and_names_nobody(gateway, sink):
    """The rule is still wrong: the probe to our own address finds it out, as often as somebody tries."""
    sink.answers["rcpt"] = "554 5.7.1 Relay access denied"
    messages(20)
    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    named = [line for line in sink.commands if line.startswith("RCPT")]

    for _ in range(3):
        lifecycle.start(by="ana", timeouts=gentle.TIMEOUTS)
        delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    since = [line for line in sink.commands if line.startswith("RCPT")][len(named) :]
    assert since == ["RCPT TO:<library@banksia.example>"] * 3
    assert set(states().values()) == {"waiting"}


def test_five_leavers_in_a_row(gateway, sink):
    """Five bad addresses; the gateway stays on, and the sixth person has the letter."""
    sink.answers["rcpt"] = lambda to: None if to == "reader5@families.example" else "550 5.1.1 User unknown"
    messages(6)

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert list(states().values()) == ["bad"] * 5 + ["sent"]
    assert Gateway.the().is_on
    assert set(OutboundMessage.objects.bad().values_list("reason", flat=True)) == {"There is no such mailbox."}
