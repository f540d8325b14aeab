"""A test message on its way: each step appears on the gateway's page, with the server's words."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from library.access import Role
from smtp_gateway import delivery, lifecycle
from smtp_gateway.models import Gateway
from tests.smtp_gateway.outgoing import FAST, SHORT, a_gateway
from tests.smtp_gateway.scripted import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def administrator(client: Client, people: dict[Role, User], server: ScriptedServer) -> Client:
    a_gateway(port=server.port, test_to="helen@banksia.example")
    client.force_login(people[Role.ADMINISTRATOR])
    client.post(reverse("gateway-test"))
    return client


def test_a_test_waits_and_the_page_asks_again(administrator: Client) -> None:
    """Every two seconds, until it has ended."""
    page = administrator.get(reverse("gateway"))

    assert _steps(page) == [
        "Put into the outbox for helen@banksia.example",
        "Goes with the next check, in a few seconds",
    ]
    assert 'hx-trigger="every 2s"' in page.content.decode()


def test_a_sent_test_shows_its_steps_and_the_servers_words(administrator: Client, server: ScriptedServer) -> None:
    """Then the page is quiet."""
    server.answers["dot"] = "250 2.0.0 Ok: queued as 4Zb7Kq2vT9"
    delivery.check(pace=FAST, timeouts=SHORT)

    page = administrator.get(reverse("gateway"))

    assert _steps(page) == [
        "Put into the outbox for helen@banksia.example",
        "Connected to the server",
        "Sender and recipient accepted",
        "Sent",
    ]
    assert page.context["test"].steps[-1].said == "250 2.0.0 Ok: queued as 4Zb7Kq2vT9"
    assert page.context["test"].look.word == "Arrived at the server"
    assert "hx-trigger" not in page.content.decode()


def test_a_refused_test_shows_why(administrator: Client, server: ScriptedServer) -> None:
    """BiblioTECH's .bad file, with its reason."""
    server.answers["rcpt"] = "550 5.1.1 User unknown"
    delivery.check(pace=FAST, timeouts=SHORT)

    page = administrator.get(reverse("gateway"))

    assert _steps(page)[1:] == ["Connected to the server", "There is no such mailbox."]
    assert page.context["test"].steps[-1].said == "550 5.1.1 User unknown"
    assert page.context["test"].look.word == "Could not be sent"


def test_a_test_that_is_put_off_says_when_it_goes_again(administrator: Client, server: ScriptedServer) -> None:
    """A greylisting server."""
    server.answers["rcpt"] = "451 4.7.1 Greylisted, please try again"
    delivery.check(timeouts=SHORT)

    steps = _steps(administrator.get(reverse("gateway")))

    assert steps[2] == "The server wants to see us twice (greylisting)."
    assert steps[3].startswith("Waits for the check at about ")


def test_a_test_before_a_stopped_gateway_says_what_to_do(administrator: Client) -> None:
    """It waits, and the step says for whom."""
    lifecycle.stop(cause=Gateway.StopCause.SETTINGS, sentence="The server refuses the user ID or the password.")

    page = administrator.get(reverse("gateway"))

    status = lifecycle.status()
    assert _steps(page)[1] == f"{status.sentence} {status.remedy}"
    assert 'hx-trigger="every 2s"' in page.content.decode()


def test_a_test_without_an_address_is_refused_in_words(administrator: Client) -> None:
    """The button is off then; somebody pressed it on an old page."""
    Gateway.objects.update(test_to="")

    page = administrator.post(reverse("gateway-test"), follow=True)

    assert "There is no Test To address yet. Fill it in and save." in page.content.decode()


def _steps(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [f"{step.sentence} {step.to}".strip() for step in page.context["test"].steps]
