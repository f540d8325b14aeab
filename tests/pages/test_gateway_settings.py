"""The gateway's settings: who sees them, what is refused and in which words, and a password that never comes back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from library.access import Role
from smtp_gateway import lifecycle
from smtp_gateway.models import Gateway, GatewayEvent
from tests.pages.gateway import PASSWORD, save, typed
from tests.smtp_gateway.outgoing import a_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client, people: dict[Role, User]) -> Client:
    a_gateway(port=25)
    client.force_login(people[Role.ADMINISTRATOR])
    return client


def test_a_librarian_sees_the_state_and_no_form(client: Client, people: dict[Role, User]) -> None:
    """She must know whether mail leaves; the settings are the administrator's."""
    a_gateway(port=25)
    client.force_login(people[Role.LIBRARIAN])

    page = client.get(reverse("gateway"))

    assert "The gateway is <strong" in page.content.decode()
    assert (page.context["form"], page.context["machinery"]) == (None, [])
    assert 'name="host"' not in page.content.decode()


@pytest.mark.parametrize("button", ["save", "start", "stop", "test", "try", "adopt"])
def test_a_librarian_presses_none_of_its_buttons(client: Client, people: dict[Role, User], button: str) -> None:
    """Not even by writing the address into the browser."""
    a_gateway(port=25)
    client.force_login(people[Role.LIBRARIAN])

    answer = client.post(reverse(f"gateway-{button}"))

    assert answer.status_code == 403
    assert list(GatewayEvent.objects.all()) == []


def test_saved_settings_are_those_of_the_next_check(administrator: Client) -> None:
    """Who saved them stands in the log; nothing is restarted."""
    page = save(administrator, host=" mail.banksia.example ", port="587", security="starttls", messages_each_check="20")

    gateway = Gateway.the()
    assert (gateway.host, gateway.port, gateway.messages_each_check) == ("mail.banksia.example", 587, 20)
    assert "Settings saved. They count from now on." in page
    assert "At most 20 messages in any 3 minutes: 400 an hour, 9,600 a day." in page
    assert [(event.action, event.by) for event in GatewayEvent.objects.all()] == [("saved", "administrator")]


def test_the_password_is_kept_encrypted_and_never_sent_back(administrator: Client) -> None:
    """Not on the page after saving, not when something else is wrong, and not in the database in clear."""
    refused = save(administrator, username="library", new_password=PASSWORD, security="tls", port="0")
    saved = save(administrator, username="library", new_password=PASSWORD, security="tls")

    gateway = Gateway.the()
    assert gateway.password() == PASSWORD
    assert PASSWORD not in gateway.password_encrypted
    assert PASSWORD not in refused + saved
    assert gateway.password_encrypted not in saved
    assert "Type the password once more: it is never sent back to this page." in refused
    assert "Stored and never shown. Type here to replace it." in saved


def test_an_empty_password_field_keeps_the_stored_one(administrator: Client) -> None:
    """Somebody changes the pace, months later."""
    save(administrator, username="library", new_password=PASSWORD, security="tls")

    save(administrator, messages_each_check="5")

    assert Gateway.the().password() == PASSWORD


def test_a_stored_password_can_be_removed(administrator: Client) -> None:
    """The new server asks for no login."""
    save(administrator, username="library", new_password=PASSWORD, security="tls")

    save(administrator, username="", forget_password="on")

    assert Gateway.the().password_encrypted == ""


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"port": "0"}, "port", "Write a whole number from 1 to 65,535."),
        ({"port": "smtp"}, "port", "Write a whole number from 1 to 65,535."),
        ({"minutes_between_checks": ""}, "minutes_between_checks", "Write a whole number from 1 to 1,440."),
        ({"messages_each_check": "-3"}, "messages_each_check", "Write a whole number from 1 to 100,000."),
        ({"connections": "11"}, "connections", "Write a whole number from 1 to 10."),
        ({"host": "mail example"}, "host", "A server's name or number has letters, digits, dots and hyphens only."),
        ({"host": "mail.example:25"}, "host", "Only the server's name stands here; its port has a field of its own."),
        ({"host": ""}, "host", "The gateway is on and needs a server. Stop it first, or fill this in."),
        ({"test_to": "helen"}, "test_to", "This is not an email address. One looks like library@school.example."),
        ({"daily_log_at": "morning"}, "daily_log_at", "Write a time of day: 07:00."),
        ({"from_name": "Library\r\nBcc: x@y.example"}, "from_name", "This must be a single line."),
        (
            {"username": "library", "security": "tls"},
            "new_password",
            "A user ID needs its password. Type it, or empty the user ID.",
        ),
        ({"new_password": "secret"}, "username", "A password needs its user ID. Fill it in, or empty the password."),
        (
            {"username": "library", "new_password": "secret"},
            "security",
            "The password would travel unprotected. Choose STARTTLS or TLS, or allow it below, twice.",
        ),
        ({"may_login_in_clear": "on"}, "may_login_in_clear_confirmed", "Both ticks are needed, or none."),
    ],
)
def test_what_cannot_work_is_refused_under_its_field(
    administrator: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    """Nothing is saved, and what was typed stays in the other fields."""
    before = Gateway.the()

    answer = administrator.post(reverse("gateway-save"), typed(from_name="New name") | changes)

    assert answer.context["form"].errors == {field: [sentence]}
    assert Gateway.the().settings_version == before.settings_version
    if "from_name" not in changes:
        assert 'value="New name"' in answer.content.decode()


def test_two_ticks_let_the_password_travel_unprotected(administrator: Client) -> None:
    """A server on the same machine."""
    allowed = {"may_login_in_clear": "on", "may_login_in_clear_confirmed": "on"}

    save(administrator, username="library", new_password=PASSWORD, **allowed)

    assert Gateway.the().may_send_password_in_clear is True


def test_who_saves_over_a_colleagues_change_is_told(administrator: Client) -> None:
    """Both had the page open."""
    mine = typed(messages_each_check="5")
    save(administrator, messages_each_check="20")

    answer = administrator.post(reverse("gateway-save"), mine)

    assert answer.context["form"].non_field_errors() == [
        "Somebody else saved these settings meanwhile. Open the page again and look at them."
    ]
    assert Gateway.the().messages_each_check == 20


def test_the_usual_mistake_with_ports_is_named(administrator: Client) -> None:
    """A server behind port 465 waits for TLS and would never say a word."""
    page = save(administrator, port="465", security="starttls")

    assert "Port 465 usually speaks TLS, and port 587 STARTTLS. Try the connection." in page
    assert Gateway.the().port == 465


def test_saving_goes_on_after_wrong_settings_and_never_after_a_person(administrator: Client) -> None:
    """Who stopped it by hand had a reason."""
    lifecycle.stop(cause=Gateway.StopCause.SETTINGS, sentence="The server refuses the user ID or the password.")
    goes_on = save(administrator, ehlo_name="library.banksia.example")
    was_on = Gateway.the().is_on
    lifecycle.stop(by="helen")

    stays = save(administrator, ehlo_name="")

    assert "Settings saved. The gateway goes on." in goes_on
    assert "Settings saved. They count from now on." in stays
    assert (was_on, Gateway.the().is_on) == (True, False)


def test_saving_does_not_touch_the_state_that_moved_meanwhile(administrator: Client) -> None:
    """The gateway sent a batch while the form was open."""
    form = typed(messages_each_check="20")
    Gateway.objects.update(refused_running=[1, 2], last_contact_at="2026-11-23T06:40:00Z")

    administrator.post(reverse("gateway-save"), form)

    gateway = Gateway.the()
    assert (gateway.refused_running, gateway.last_contact_at is None) == ([1, 2], False)
