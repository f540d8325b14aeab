"""A server that refuses everybody says something about us; five leavers in a row do not."""

import pytest

from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import Gateway, OutboundMessage
from tests.faults import gentle, oracle
from tests.smtp_gateway.outgoing import messages, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("554 5.7.1 Relay access denied", 1),
        ("550 relaying denied", 1),
        ("550 5.7.606 Banned sending IP", 1),
        ("554 5.3.0 no", 5),
    ],
)
def test_a_wrong_relay_rule_costs_nobody_a_letter(words, named, gateway, sink):
    """Three hundred waiting: words about us stop it at once, others after five different people; none is called bad.

    Put right and started, each arrives once.
    """
    sink.answers["rcpt"] = words
    messages(300)
    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    stopped = Gateway.the()
    heard = len(_named(sink))

    sink.answers.clear()
    lifecycle.start(by="ana", timeouts=gentle.TIMEOUTS)
    gentle.drain()

    assert (stopped.state, stopped.stop_cause, stopped.probe_wanted) == ("stopped", "suspicious", True)
    assert heard == named
    findings = oracle.findings(sink.copies)
    assert findings.is_clean, findings
    assert findings.states == {"sent": 300}


def test_started_too_early_it_stops_again_and_names_nobody(gateway, sink):
    """The rule is still wrong: the probe to our own address finds it out, as often as somebody tries."""
    sink.answers["rcpt"] = "554 5.7.1 Relay access denied"
    messages(20)
    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    before = len(_named(sink))

    for _ in range(3):
        lifecycle.start(by="ana", timeouts=gentle.TIMEOUTS)
        delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert _named(sink)[before:] == ["RCPT TO:<library@banksia.example>"] * 3
    assert set(states().values()) == {"waiting"}


def test_five_leavers_in_a_row(gateway, sink):
    """Five bad addresses; the gateway stays on, and the sixth person has the letter."""
    sink.answers["rcpt"] = lambda to: None if to == "reader5@families.example" else "550 5.1.1 User unknown"
    messages(6)

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert list(states().values()) == ["bad"] * 5 + ["sent"]
    assert Gateway.the().is_on
    assert set(OutboundMessage.objects.bad().values_list("reason", flat=True)) == {"There is no such mailbox."}


def _named(sink):
    return [line for line in sink.commands if line.startswith("RCPT")]
