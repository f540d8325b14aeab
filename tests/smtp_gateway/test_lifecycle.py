"""Start, stop, boot and save; and the sentence that every page shows."""

import pytest
from django.utils import timezone

from smtp_gateway import lifecycle
from smtp_gateway.errors import LifecycleError
from smtp_gateway.models import DailyLog, Gateway, GatewayEvent
from tests.smtp_gateway.outgoing import SHORT, a_gateway
from tests.smtp_gateway.scripted import DROP

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stopped(gateway):
    Gateway.objects.update(state="stopped", stop_cause="never_started")
    return gateway


def test_a_new_installation_has_a_stopped_gateway():
    """Ten messages every three minutes, started by hand."""
    lifecycle.make_standing_rows()
    lifecycle.make_standing_rows()

    gateway = Gateway.the()
    assert (gateway.state, gateway.stop_cause, gateway.start_mode) == ("stopped", "never_started", "manual")
    assert (gateway.messages_each_check, gateway.minutes_between_checks) == (10, 3)
    assert lifecycle.status().sentence == "The gateway has not been started yet."
    assert lifecycle.status().by_a_person is True


def test_start_tries_the_settings_and_turns_it_on(stopped, server):
    """It names the From address to the server and takes it back: nothing is sent."""
    lifecycle.start(by="ana", timeouts=SHORT)

    assert Gateway.the().is_on
    assert [command.split()[0] for command in server.commands] == ["EHLO", "MAIL", "RSET", "QUIT"]
    assert GatewayEvent.objects.newest_first().first().by == "ana"


@pytest.mark.parametrize(
    ("step", "answer", "words"),
    [("banner", "554 5.7.1 go away", "go away"), ("banner", DROP, ""), ("mail", "550 5.7.1 not you", "not you")],
)
def test_start_stays_stopped_with_the_servers_words(stopped, server, step, answer, words):
    """Wrong or unreachable: somebody stands before the page and can read it."""
    server.answers[step] = answer

    with pytest.raises(LifecycleError) as refusal:
        lifecycle.start(by="ana", timeouts=SHORT)

    assert refusal.value.words == words
    assert str(refusal.value).startswith("The gateway stays stopped. ")
    assert Gateway.the().state == "stopped"


def test_start_without_settings_says_what_is_missing(transactional_db):
    """A new installation."""
    lifecycle.make_standing_rows()

    with pytest.raises(LifecycleError) as refusal:
        lifecycle.start(by="ana")

    assert str(refusal.value) == "The gateway stays stopped. The SMTP host or the From address is missing."


def test_stop_says_since_when(gateway):
    """And it is nobody's illness."""
    lifecycle.stop(by="ana")

    status = lifecycle.status()
    assert status.sentence == f"The gateway is stopped since {timezone.localtime(status.since):%H:%M}."
    assert (status.state, status.by_a_person) == ("stopped", True)


@pytest.mark.parametrize(
    ("mode", "state", "cause", "after"),
    [
        ("manual", "on", "", "boot"),
        ("manual", "stopped", "person", "person"),
        ("auto", "on", "", ""),
        ("auto", "stopped", "boot", ""),
        ("auto", "stopped", "never_started", ""),
        ("auto", "stopped", "person", "person"),
        ("auto", "stopped", "settings", "settings"),
        ("auto", "stopped", "suspicious", "suspicious"),
        ("auto", "stopped", "copy", "copy"),
    ],
)
def test_what_a_restart_does(gateway, mode, state, cause, after):
    """Manual start leaves it stopped; auto-start brings back what nobody stopped."""
    Gateway.objects.update(start_mode=mode, state=state, stop_cause=cause)

    lifecycle.boot()

    assert Gateway.the().stop_cause == after


@pytest.mark.parametrize(
    ("cause", "after"),
    [("settings", ""), ("person", "person"), ("boot", "boot"), ("suspicious", "suspicious"), ("copy", "copy")],
)
def test_what_saving_lifts(gateway, cause, after):
    """A stop for wrong settings and nothing else."""
    Gateway.objects.update(state="stopped", stop_cause=cause)

    lifecycle.settings_saved(by="ana")

    assert Gateway.the().stop_cause == after


def test_saving_lifts_a_pause(gateway):
    """Whoever put the host right does not want to wait fifteen minutes."""
    Gateway.objects.update(paused_until="2030-01-01T00:00Z", pause_cause="unreachable", pauses_running=5)

    lifecycle.settings_saved(by="ana")

    assert (Gateway.the().paused_until, Gateway.the().pauses_running) == (None, 0)


def test_a_log_time_that_has_passed_begins_tomorrow(gateway):
    """Nobody gets a log because a clock was moved."""
    Gateway.objects.update(daily_log_at="00:00")

    lifecycle.settings_saved(by="ana", changed=["daily_log_at"])

    assert list(DailyLog.objects.values_list("day", "message")) == [(timezone.localdate(), None)]


def test_trying_the_connection_shows_it_line_by_line(server, transactional_db):
    """Also while the gateway is stopped; secrets are blotted out."""
    a_gateway(port=server.port, username="library", may_login_in_clear=True, may_login_in_clear_confirmed=True)
    gateway = Gateway.the()
    gateway.set_password("sesame")
    gateway.save()
    server.users = {"library": "sesame"}
    server.extensions = ["AUTH PLAIN"]

    trial = lifecycle.try_connection(by="ana", timeouts=SHORT)

    assert [line.text for line in trial.talk] == [
        f"connecting to 127.0.0.1, port {server.port}",
        "220 scripted.example ESMTP",
        "EHLO library.banksia.example",
        "250-scripted.example",
        "250 AUTH PLAIN",
        "AUTH PLAIN ••••••",
        "235 2.7.0 welcome",
        "MAIL FROM:<library@banksia.example>",
        "250 2.1.0 ok",
        "RSET",
        "250 2.0.0 ok",
        "QUIT",
        "221 2.0.0 bye",
    ]
    assert trial.verdict.is_good


def test_the_password_is_kept_encrypted(gateway):
    """In the row and everywhere else."""
    gateway.set_password("sesame")
    gateway.save()

    stored = Gateway.the()
    assert "sesame" not in stored.password_encrypted
    assert (stored.password(), stored.has_password) == ("sesame", True)
