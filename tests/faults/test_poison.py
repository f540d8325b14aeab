"""One message that no server, or no sender, survives: it ends bad, and the others arrive."""

import time

import pytest

from smtp_gateway import delivery
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import Gateway, OutboundMessage
from tests.faults import gentle, oracle
from tests.smtp_gateway.outgoing import a_message, finished, messages, states
from tests.smtp_gateway.scripted import DROP

pytestmark = pytest.mark.django_db(transaction=True)

POISONED = "poison@families.example"
HEAD = b"From: library@banksia.example\r\nMessage-ID: <poison@banksia.example>\r\n"

CONTENTS = {
    "NUL": HEAD + b"Subject: a\0b\r\n\r\nx\r\n",
    "bare CR": HEAD + b"Subject: a\rBcc: everyone@families.example\r\n\r\nx\r\n",
    "bare LF": HEAD + b"Subject: a\nBcc: everyone@families.example\r\n\r\nx\r\n",
    "end of the text in the middle": HEAD + b"\r\nx\r\n.\nMAIL FROM:<evil@example.org>\r\n",
    "no headers": b"just words\r\n",
    "a line without end": HEAD + b"\r\n" + b"x" * 20_000 + b"\r\n",
    "30 MB": HEAD + b"\r\n" + b"twenty-eight letters a line\r\n" * (30 * 1024 * 1024 // 29),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_it_is_refused_at_the_door(what, gateway):
    """What cannot be a message is not queued, and whoever queued it hears why."""
    with pytest.raises(OutboxError):
        a_message("poison", content=CONTENTS[what])

    assert OutboundMessage.objects.count() == 0


@pytest.mark.parametrize(
    "address", ["mia@a.example\r\nRCPT TO:<evil@example.org>", "mia@a.example>\n", "@", "a b@c", ""]
)
def test_an_address_that_could_be_a_command_is_refused(address, gateway):
    """Nothing after a line end ever reaches the server."""
    with pytest.raises(OutboxError):
        a_message("poison", to=address) if address else _queue_without_address()

    assert OutboundMessage.objects.count() == 0


@pytest.mark.parametrize("address", ["mia@a.example\r\nRCPT TO:<evil@example.org>", "no address at all", "@", "é@é@é"])
def test_a_bad_address_that_got_in_all_the_same_ends_bad(address, gateway, sink):
    """Somebody changed the row by hand: the row is bad in the end, and the others arrive."""
    messages(2)
    a_message("poison")
    OutboundMessage.objects.filter(dedup_key="poison").update(to=address)
    a_message("mia")

    gentle.drain()

    assert states() == {"reader0": "sent", "reader1": "sent", "poison": "bad", "mia": "sent"}
    assert [line for line in sink.commands if "evil" in line] == []
    assert Gateway.the().is_on


def test_thirty_megabytes_that_got_in_all_the_same(gateway, sink):
    """The server said its SIZE: it is bad without having been offered."""
    a_message("poison")
    OutboundMessage.objects.update(content=CONTENTS["30 MB"])
    messages(2)

    gentle.drain()

    assert states() == {"poison": "bad", "reader0": "sent", "reader1": "sent"}
    assert OutboundMessage.objects.get(dedup_key="poison").reason == "The message is larger than the server takes."


def test_a_server_that_says_only_at_the_end_that_it_was_too_much(gateway, sink):
    """It offers no SIZE, and answers 552 after the text."""
    sink.extensions = ["PIPELINING"]
    sink.answers["dot"] = lambda to: "552 5.3.4 Message too big" if to == POISONED else None
    a_message("poison", to=POISONED)
    messages(2)

    gentle.drain()

    assert states() == {"poison": "bad", "reader0": "sent", "reader1": "sent"}


def test_a_message_over_which_the_server_always_breaks(gateway, sink):
    """A filter dies of it each time: it waits longer and longer, and nobody waits for it."""
    sink.answers["rcpt"] = lambda to: DROP if to == POISONED else None
    a_message("poison", to=POISONED)
    messages(20)

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert states() == {"poison": "waiting", **{f"reader{number}": "sent" for number in range(20)}}
    assert Gateway.the().unreachable_since is None


def test_a_message_that_kills_its_worker(gateway, sink, nursery):
    """Whoever names this recipient dies; new workers come, three of them die, and then it is left alone."""
    deaths = []

    def die(to):
        if to != POISONED:
            return None
        worker = nursery.living[0]
        worker.kill()
        deaths.append(worker.pid)
        return DROP

    sink.answers["rcpt"] = die
    a_message("poison", to=POISONED)
    messages(20)
    until = time.monotonic() + 30
    while OutboundMessage.objects.on_the_way().exists() and time.monotonic() < until:
        if not nursery.living:
            nursery.fork(pace=gentle.PACE, timeouts=gentle.TIMEOUTS, until=30)
        time.sleep(0.02)

    assert states() == {"poison": "bad", **{f"reader{number}": "sent" for number in range(20)}}
    assert len(deaths) == 3
    assert oracle.findings(sink.copies).is_clean


def _queue_without_address():
    from dataclasses import replace

    from smtp_gateway import outbox

    return outbox.queue(replace(finished("poison"), to=""))
