"""Start, stop and try on the gateway's page: what a person is told, in whose words, and what stays secret."""

import base64
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from library.access import Role
from smtp_gateway import identity, lifecycle
from smtp_gateway.models import Gateway, OutboundMessage
from tests.pages.gateway import PASSWORD, press
from tests.smtp_gateway.outgoing import a_gateway, messages, states
from tests.smtp_gateway.scripted import ScriptedServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(users={"library": PASSWORD}, extensions=["AUTH PLAIN LOGIN"]) as scripted:
        yield scripted


@pytest.fixture
def administrator(client: Client, people: dict[Role, User], server: ScriptedServer) -> Client:
    """With a gateway that logs in at this server, and is stopped."""
    gateway = a_gateway(
        port=server.port,
        username="library",
        may_login_in_clear=True,
        may_login_in_clear_confirmed=True,
        state="stopped",
        stop_cause="person",
    )
    gateway.set_password(PASSWORD)
    gateway.save()
    client.force_login(people[Role.ADMINISTRATOR])
    return client


def test_start_tries_the_settings_and_says_that_it_is_on(administrator: Client) -> None:
    """The ordinary case."""
    page = press(administrator, "start")

    assert "The server accepted the settings, and the gateway is on." in page
    assert "Stop the gateway" in page
    assert Gateway.the().is_on


def test_start_stays_stopped_and_shows_the_servers_words(administrator: Client, server: ScriptedServer) -> None:
    """The password was changed at the server."""
    server.users["library"] = "another"
    messages(2)

    page = press(administrator, "start")

    assert "The gateway stays stopped. The server refuses the user ID or the password." in page
    assert "Start the gateway" in page
    assert "2\u00a0messages wait untouched and leave with the first check after a start." in page
    assert (Gateway.the().state, set(states().values())) == ("stopped", {"waiting"})


def test_stop_is_said_on_every_page(administrator: Client) -> None:
    """And nobody is called ill for it."""
    press(administrator, "start")

    page = press(administrator, "stop")

    sentence = lifecycle.status().sentence
    assert "The gateway is stopped. What is being sent now ends as it ends; everything else waits." in page
    assert [sentence in administrator.get(address).content.decode() for address in ("/", "/outbox/", "/patrons/")] == [
        True,
        True,
        True,
    ]


def test_a_try_shows_the_conversation_line_by_line(administrator: Client, server: ScriptedServer) -> None:
    """Who said what, down to the goodbye; no message is named and none is sent."""
    messages(1)

    page = press(administrator, "try")

    said = re.findall(r"<code>(.*?)</code>", page)
    assert "The server let us in and takes mail from library@banksia.example. No message was sent." in page
    assert said[0] == f"connecting to 127.0.0.1, port {server.port}"
    assert [line for line in said if line.split()[0] in {"EHLO", "AUTH", "MAIL", "RSET", "QUIT"}] == [
        "EHLO library.banksia.example",
        "AUTH PLAIN ••••••",
        "MAIL FROM:<library@banksia.example>",
        "RSET",
        "QUIT",
    ]
    assert (server.received, states()) == ([], {"reader0": "waiting"})


def test_no_secret_stands_in_the_conversation_even_if_the_server_repeats_it(
    administrator: Client, server: ScriptedServer
) -> None:
    """Some servers quote what they refuse. Neither the page nor the log keeps it."""
    server.answers["auth"] = lambda said: f"535 5.7.8 {PASSWORD} is wrong, and so is {said}"
    plain = base64.b64encode(f"\0library\0{PASSWORD}".encode()).decode()

    page = press(administrator, "try")
    log = administrator.get(reverse("gateway-log")).content.decode()

    assert "The server refuses the user ID or the password." in page
    assert [secret in page + log for secret in (PASSWORD, plain, plain.rstrip("="))] == [False, False, False]


def test_a_try_of_a_server_that_is_not_there_says_so(administrator: Client, server: ScriptedServer) -> None:
    """Nothing listens at that port."""
    Gateway.objects.update(port=1)

    page = press(administrator, "try")

    assert "The server cannot be reached." in page


def test_a_copy_is_let_go_with_one_click(administrator: Client) -> None:
    """The old machine is gone for good, and this one is to send what waited."""
    messages(3)
    Gateway.objects.update(identity="of another machine")
    lifecycle.boot()
    before = unescape(administrator.get(reverse("gateway")).content.decode())
    held = states()

    page = press(administrator, "adopt")

    assert identity.SENTENCE in before
    assert "3\u00a0messages are held</strong>, because the original may have sent them." in before
    assert "Start the gateway" not in before
    assert set(held.values()) == {"held"}
    assert "This installation sends the mail from now on. 3 messages wait for you to start the gateway." in page
    assert list(OutboundMessage.objects.waiting().values_list("dedup_key", flat=True).order_by("id")) == list(held)
