"""A copy stays quiet: a database restored elsewhere sends nothing, and says why."""

import pytest

from smtp_gateway import delivery, identity, lifecycle
from smtp_gateway.errors import LifecycleError
from smtp_gateway.models import Gateway, OutboundMessage
from tests.smtp_gateway.outgoing import FAST, SHORT, a_message, messages, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def copy(gateway):
    """As a dump restored beside the original looks: another identity, rows in the middle of being sent."""
    messages(2)
    a_message("sending")
    a_message("unsure")
    OutboundMessage.objects.filter(dedup_key="sending").update(state="sending", stage="body", lease_token="0" * 32)
    OutboundMessage.objects.filter(dedup_key="unsure").update(state="uncertain", times_uncertain=1)
    Gateway.objects.update(identity="f" * 64)


def test_the_first_identity_is_this_ones(gateway):
    """And it stays the same."""
    assert identity.is_ours(Gateway.the())

    assert Gateway.the().identity == identity.here()
    assert identity.is_ours(Gateway.the())


def test_a_copy_connects_to_nobody_and_holds_everything(copy, server):
    """Stopped, with the reason, at its first check."""
    delivery.check(pace=FAST, timeouts=SHORT)

    assert server.connections == 0
    assert set(states().values()) == {"held"}
    assert (Gateway.the().stop_cause, lifecycle.status().sentence) == ("copy", identity.SENTENCE)
    assert identity.is_a_copy()


@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_a_copy_stays_quiet_when_it_boots(copy, mode):
    """Whatever its start mode is."""
    Gateway.objects.update(start_mode=mode)

    lifecycle.boot()

    assert Gateway.the().stop_cause == "copy"
    assert set(states().values()) == {"held"}


def test_a_copy_cannot_simply_be_started(copy):
    """Somebody has to say that this is the one."""
    Gateway.objects.update(state="stopped", stop_cause="person")

    with pytest.raises(LifecycleError) as refusal:
        lifecycle.start(by="ana", timeouts=SHORT)

    assert str(refusal.value) == identity.SENTENCE


def test_one_click_makes_it_the_one(copy, server):
    """What waited waits again, what may be out is maybe sent; it is still stopped until it is started."""
    delivery.check(pace=FAST, timeouts=SHORT)

    identity.adopt(by="ana")

    assert states() == {"reader0": "waiting", "reader1": "waiting", "sending": "uncertain", "unsure": "uncertain"}
    assert (Gateway.the().stop_cause, identity.is_a_copy()) == ("person", False)
    lifecycle.start(by="ana", timeouts=SHORT)
    delivery.check(pace=FAST, timeouts=SHORT)
    assert (states()["reader0"], states()["reader1"], len(server.received)) == ("sent", "sent", 2)
