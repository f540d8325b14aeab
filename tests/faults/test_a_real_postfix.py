"""A real Postfix as relay, with login and STARTTLS: accepting, refusing, greylisting, going away and coming back."""

import os

import pytest

from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import DeliveryAttempt, Gateway, OutboundMessage
from smtp_gateway.pace import Pace
from tests.faults import gentle, oracle, postfix
from tests.faults.nursery import eventually
from tests.faults.postfix import LEAVER, Postfix
from tests.faults.sink import Sink
from tests.smtp_gateway.outgoing import a_gateway, a_message, messages, states

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "sesame and more"


@pytest.fixture(scope="module")
def beyond():
    """Where Postfix hands on what it has taken."""
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def relay(beyond):
    """One Postfix for this file. Where there is none these tests are skipped; in CI they fail."""
    if reason := postfix.why_not():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with Postfix(next_hop=beyond.port, users={"library": PASSWORD}) as running:
        yield running


@pytest.fixture
def gateway(relay, beyond, transactional_db, monkeypatch):
    """It logs in over STARTTLS and trusts the relay's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate))
    beyond.received.clear()
    relay.greylist.first_seen.clear()
    return pointed_at(relay.accepting)


def pointed_at(port, *, password=PASSWORD, **settings):
    gateway = a_gateway(port=port, host="localhost", security="starttls", username="library", messages_each_check=1000)
    gateway.set_password(password)
    for name, value in settings.items():
        setattr(gateway, name, value)
    gateway.save()
    return gateway


def arrived(beyond, count):
    eventually(lambda: len(beyond.received) >= count, what=f"{count} messages come out of Postfix")
    findings = oracle.findings(beyond.copies)
    assert findings.is_clean, findings


def test_it_takes_them_and_each_arrives_once(gateway, beyond):
    """Twenty messages, through the login and out at the other end."""
    messages(20)

    done = delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert (done.sent, set(states().values())) == (20, {"sent"})
    arrived(beyond, 20)
    assert "queued as" in OutboundMessage.objects.first().last_words


def test_a_wrong_password_stops_it_and_the_right_one_starts_it_again(gateway, beyond):
    """Two checks, then it stops and no message was touched; put right and saved, each goes once."""
    messages(3)
    pointed_at(gateway.port, password="sesam")

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    first = Gateway.the()
    eventually(lambda: delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS) and not Gateway.the().is_on)

    stopped = Gateway.the()
    assert (first.is_on, first.pause_cause, stopped.stop_cause) == (True, "login", "settings")
    assert stopped.server_words.startswith("535 5.7.8")
    assert (set(states().values()), DeliveryAttempt.objects.count()) == ({"waiting"}, 0)

    stopped.set_password(PASSWORD)
    stopped.save()
    lifecycle.settings_saved(by="ana")
    gentle.drain()

    assert set(states().values()) == {"sent"}
    arrived(beyond, 3)


def test_a_certificate_that_nobody_trusts_is_a_wrong_setting(gateway, monkeypatch):
    """Not one byte of the password goes out."""
    monkeypatch.delenv("SSL_CERT_FILE")
    a_message("mia")

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert (Gateway.the().stop_cause, states()) == ("settings", {"mia": "waiting"})


def test_without_a_login_it_denies_relaying_and_the_gateway_stops(gateway):
    """Its own words, "Relay access denied", are about us: nobody is called bad."""
    pointed_at(gateway.port, username="")
    messages(8)

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert (Gateway.the().stop_cause, set(states().values())) == ("suspicious", {"waiting"})
    assert Gateway.the().server_words == "554 5.7.1 (address): Relay access denied"


def test_a_leaver_is_refused_and_the_others_arrive(gateway, relay, beyond):
    """One bad address, and the session goes on."""
    pointed_at(relay.refusing)
    messages(2)
    a_message("leaver", to=LEAVER)
    a_message("mia")

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    bad = OutboundMessage.objects.bad().get()
    assert (bad.to, bad.last_code, bad.last_enhanced, bad.reason) == (LEAVER, 550, "5.1.1", "There is no such mailbox.")
    arrived(beyond, 3)


def test_greylisted_everyone_arrives_at_the_second_attempt(gateway, relay, beyond):
    """Nobody waits for anybody else, and nobody is asked a third time."""
    pointed_at(relay.greylisting)
    messages(30)
    five_minutes_are_half_a_second = Pace(minute=0.1, check=1000)

    delivery.check(pace=five_minutes_are_half_a_second, timeouts=gentle.TIMEOUTS)
    put_off = states()
    gentle.drain(pace=five_minutes_are_half_a_second)

    assert set(put_off.values()) == {"waiting"}
    assert set(OutboundMessage.objects.values_list("state", "attempts")) == {("sent", 2)}
    arrived(beyond, 30)


def test_a_message_larger_than_it_takes_is_bad_by_itself(gateway, beyond):
    """Postfix said its SIZE when it was greeted: the message is not even offered."""
    a_message("atlas", text="scanned page\n" * 100_000)
    a_message("mia")

    delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)

    assert states() == {"atlas": "bad", "mia": "sent"}
    arrived(beyond, 1)


def test_it_goes_away_and_comes_back(gateway, relay, beyond):
    """Nothing is charged meanwhile, and nobody has to do anything."""
    messages(5)
    relay.stop()
    for _ in range(20):
        delivery.check(pace=gentle.PACE, timeouts=gentle.TIMEOUTS)
    charged, unreachable = DeliveryAttempt.objects.count(), Gateway.the().unreachable_since

    relay.start()
    gentle.drain()

    assert (charged, unreachable is not None) == (0, True)
    assert set(states().values()) == {"sent"}
    arrived(beyond, 5)
