"""A server that wants to see everybody twice: all arrive at their second attempt, and nobody waits for anybody else."""

import pytest

from smtp_gateway import delivery
from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.pace import Pace
from tests.faults import gentle, oracle
from tests.smtp_gateway.outgoing import messages, states

pytestmark = pytest.mark.django_db(transaction=True)

PACE = Pace(minute=0.05, check=1000)


@pytest.mark.parametrize("words", ["451 4.7.1 Greylisted, please come again", "450 4.2.0 Try again later", "451 no"])
def test_everyone_within_two_attempts(words, gateway, sink):
    """A hundred strangers; the server's clock runs as fast as ours."""
    seen = set()

    def greylist(to):
        known = to in seen
        seen.add(to)
        return None if known else words

    sink.answers["rcpt"] = greylist
    messages(100)

    gentle.drain(pace=PACE, seconds=60)

    assert oracle.findings(sink.copies).is_clean
    assert set(OutboundMessage.objects.values_list("state", "attempts")) == {("sent", 2)}
    assert Gateway.the().is_on


def test_the_known_do_not_wait_for_the_strangers(gateway, sink):
    """Every second one is known: those arrive in the first check."""
    sink.answers["rcpt"] = lambda to: "451 4.7.1 Greylisted" if int(to[6]) % 2 else None
    messages(10)

    delivery.check(pace=PACE, timeouts=gentle.TIMEOUTS)

    assert list(states().values()) == ["sent", "waiting"] * 5
