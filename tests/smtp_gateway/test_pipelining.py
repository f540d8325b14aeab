"""The next message's address travels with this one's text; replies are attributed strictly in order."""

import pytest

from smtp_gateway import delivery
from smtp_gateway.models import Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, HURRIED, SHORT, both_ways, messages, states
from tests.smtp_gateway.scripted import DROP, GARBAGE, HANG

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = {
    "4xx": "450 4.0.0 not now",
    "5xx": "550 5.1.1 no",
    "421": "421 4.0.0 bye",
    "drop": DROP,
    "hang": HANG,
    "garbage": GARBAGE,
}

#: What becomes of the second of three messages; the first and the third always arrive.
SECOND = {
    "rcpt": {**dict.fromkeys(FAULTS, "waiting"), "5xx": "bad"},
    "data": {**dict.fromkeys(FAULTS, "waiting"), "5xx": "bad"},
    "dot": {**dict.fromkeys(FAULTS, "uncertain"), "4xx": "waiting", "421": "waiting", "5xx": "bad"},
}


def check(timeouts=SHORT):
    return delivery.check(pace=FAST, timeouts=timeouts)


def test_the_next_address_comes_with_the_text(gateway, server):
    """Where it is offered; the last message has nobody behind it."""
    messages(3)

    check()

    assert [ahead.split(b":")[0].split(b"\r\n")[0] for ahead in server.ahead] == [b"MAIL FROM", b"MAIL FROM", b""]
    assert [each.to for each in server.received] == [f"reader{number}@families.example" for number in range(3)]


@pytest.mark.parametrize("pipelining", [False])
def test_without_the_offer_everything_waits_for_its_reply(gateway, server):
    """Old servers throw away what comes early."""
    messages(3)

    check()

    assert server.ahead == [b"", b"", b""]
    assert len(server.received) == 3


@both_ways
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", SECOND)
def test_a_fault_of_the_second_is_the_seconds_alone(gateway, server, step, fault):
    """Whatever happens to it, the first is sent once and the third is sent once."""
    messages(3)
    server.answers[step] = lambda to: FAULTS[fault] if to.startswith("reader1") else None

    check(HURRIED if fault == "hang" else SHORT)

    assert states() == {"reader0": "sent", "reader1": SECOND[step][fault], "reader2": "sent"}
    assert [each.to[:7] for each in server.received] == ["reader0", "reader2"]
    assert OutboundMessage.objects.filter(crashes__gt=0).count() == 0


@both_ways
@pytest.mark.parametrize(
    ("fault", "gateway_is"), [("450 4.0.0 not now", "unreachable"), ("550 5.1.0 not you", "stopped"), (DROP, "on")]
)
def test_a_fault_at_the_seconds_sender(gateway, server, fault, gateway_is):
    """The first is on record as sent whatever follows; a session dropped after work is opened again."""
    messages(3)
    heard = []
    server.answers["mail"] = lambda _: (heard.append(1), fault if len(heard) == 2 else None)[1]

    check()

    gateway = Gateway.the()
    seen = "stopped" if not gateway.is_on else "unreachable" if gateway.unreachable_since else "on"
    assert seen == gateway_is
    assert list(states().values()) == ["sent"] * 3 if fault is DROP else ["sent", "waiting", "waiting"]
    assert OutboundMessage.objects.waiting().filter(attempts__gt=0).count() == 0


@both_ways
def test_a_drop_after_the_text_touches_nobody_behind(gateway, server):
    """The first is maybe sent; the second, already named, is named again on a new connection."""
    messages(2)
    server.answers["accepted"] = lambda to: DROP if to.startswith("reader0") else None

    check()

    assert states() == {"reader0": "uncertain", "reader1": "sent"}
    assert [each.to[:7] for each in server.received] == ["reader0", "reader1"]


def test_a_354_for_a_refused_recipient_gets_a_lone_dot(gateway, server):
    """RFC 2920 3.1: the refusal decides, and nobody is sent an empty mail."""
    server.says_354_to_anybody = True
    messages(3)
    server.answers["rcpt"] = lambda to: "550 5.1.1 no such user" if to.startswith("reader1") else None

    check()

    assert list(states().values()) == ["sent", "bad", "sent"]
    assert "(a text of 0 bytes for nobody)" in server.commands
    assert [each.to[:7] for each in server.received] == ["reader0", "reader2"]


def test_no_reset_after_a_good_dot(gateway, server):
    """It would cost a round trip for nothing."""
    messages(5)

    check()

    assert [command for command in server.commands if command == "RSET"] == []


def test_an_attempt_is_on_record_before_its_address_is_said(gateway, server):
    """Also for the one that travels ahead."""
    messages(4)
    seen = []

    def count(_):
        from django.db import connection

        seen.append(OutboundMessage.objects.filter(begun_at__isnull=False).count())
        connection.close()

    server.answers["mail"] = count
    check()

    assert seen == [1, 2, 3, 4]
