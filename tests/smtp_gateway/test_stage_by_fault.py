"""Every step of a conversation times everything that can go wrong there: message, attempt and gateway afterwards."""

import ssl

import pytest

from smtp_gateway import delivery
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from tests.smtp_gateway import certificate
from tests.smtp_gateway.outgoing import FAST, HURRIED, SHORT, a_gateway, a_message, both_ways
from tests.smtp_gateway.scripted import DROP, ENDLESS, GARBAGE, HALF_A_LINE, HANG

pytestmark = [pytest.mark.django_db(transaction=True), both_ways]

FAULTS = {
    "4xx": "450 4.0.0 not now",
    "5xx": "550 5.0.0 no",
    "421": "421 4.0.0 closing",
    "drop": DROP,
    "hang": HANG,
    "garbage": GARBAGE,
    "half a line": HALF_A_LINE,
    "600 lines": ENDLESS,
}

#: (message's state, attempts charged, outcome of the attempt or none, gateway)
UNTOUCHED = ("waiting", 0, [], "unreachable")
TAKEN_BACK = ("waiting", 0, ["taken_back"], "unreachable")
WRONG = ("waiting", 0, [], "stopped: settings")
LATER = ("waiting", 1, ["later"], "on")
SENT = ("sent", 1, ["sent"], "on")
MAYBE = ("uncertain", 1, ["uncertain"], "on")
BAD = ("bad", 1, ["bad"], "on")

EXPECTED = {
    "banner": dict.fromkeys(FAULTS, UNTOUCHED),
    "ehlo": dict.fromkeys(FAULTS, UNTOUCHED),
    "starttls": {**dict.fromkeys(FAULTS, UNTOUCHED), "5xx": WRONG},
    "auth": {**dict.fromkeys(FAULTS, UNTOUCHED), "5xx": ("waiting", 0, [], "paused: login")},
    "mail": {**dict.fromkeys(FAULTS, TAKEN_BACK), "5xx": ("waiting", 0, ["taken_back"], "stopped: settings")},
    "rcpt": {**dict.fromkeys(FAULTS, LATER), "5xx": BAD},
    "data": {**dict.fromkeys(FAULTS, LATER), "5xx": BAD},
    "dot": {**dict.fromkeys(FAULTS, MAYBE), "4xx": LATER, "5xx": BAD, "421": LATER},
    "quit": dict.fromkeys(FAULTS, SENT),
}


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate.write(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def protected(server, pem, monkeypatch, transactional_db):
    """A gateway that logs in over STARTTLS, so that its conversation has every step there is."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(pem)
    server.extensions.append("AUTH PLAIN")
    server.users = {"library": ""}
    return a_gateway(port=server.port, host="localhost", security="starttls", username="library")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", EXPECTED)
def test_a_fault_at_a_stage(stage, fault, protected, server, pipelining, record_property):
    """As the table of gateway.md has it; ``python -m tests.faults.table`` prints what was seen."""
    server.answers[stage] = FAULTS[fault]
    a_message("mia")

    delivery.check(pace=FAST, timeouts=HURRIED if fault == "hang" else SHORT)

    seen = _seen()
    for name, value in {"stage": stage, "fault": fault, "expected": EXPECTED[stage][fault], "seen": seen}.items():
        record_property(name, value)
    record_property("pipelining", pipelining)
    assert seen == EXPECTED[stage][fault]
    assert OutboundMessage.objects.sending().count() == 0


def _seen():
    message, gateway = OutboundMessage.objects.get(), Gateway.the()
    outcomes = list(DeliveryAttempt.objects.values_list("outcome", flat=True))
    how = "on"
    if not gateway.is_on:
        how = f"stopped: {gateway.stop_cause}"
    elif gateway.unreachable_since:
        how = "unreachable"
    elif gateway.pause_cause:
        how = f"paused: {gateway.pause_cause}"
    return message.state, message.attempts, outcomes, how


def test_a_drop_in_the_middle_of_the_text(gateway, server):
    """The server has no dot and so no message: it waits, and nothing is uncertain."""
    server.answers["body"] = DROP
    a_message("mia", text="line\n" * 2_000_000)

    delivery.check(pace=FAST, timeouts=SHORT)

    assert _seen() == LATER


def test_a_server_that_takes_the_message_and_is_gone(gateway, server):
    """We cannot know, so we say so; after half an hour it goes once more, and then a person decides."""
    server.answers["accepted"] = DROP
    message = a_message("mia")

    delivery.check(pace=FAST, timeouts=SHORT)

    assert (len(server.received), _seen()) == (1, MAYBE)
    message.refresh_from_db()
    assert (message.times_uncertain, message.not_before is not None) == (1, True)
