"""BiblioTECH's "Testing the SMTP Gateway", step by step, in a real browser against a running installation.

Where the manual opens Windows Explorer on the queue folder we open the outbox: ``.tmp`` is *Waiting*, gone is *Sent*,
``.bad`` is *Could not be sent*. The mail server is a real one on a socket that wants a login. The second journey types
a wrong password.
"""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.system import System
from tests.smtp_gateway.scripted import ScriptedServer

# One procedure in three parts, in this order, on one system: `make test-slow` keeps a file with one worker.
pytestmark = pytest.mark.slow

PASSWORD, WRONG = "Wattle-Grove-7!", "wattle-grove-7"
TEST_TO = "helen@banksia.example"
#: Milliseconds. A tick comes every five seconds, and a refused login is tried again after a minute.
A_CHECK, TWO_CHECKS = 30_000, 120_000
LETTER = """\
From: Banksia College Library <library@banksia.example>
To: reader{number}@families.example
Subject: Letter {number}

Please bring it back.
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(users={"library": PASSWORD}, extensions=["AUTH PLAIN LOGIN", "PIPELINING"]) as scripted:
        yield scripted


def test_basic_communications(page: Page, system: System, server: ScriptedServer) -> None:
    """Settings, Save, Start, Test: the message appears, goes, and what the server cannot take is bad and says why."""
    doors = threading.Event()
    server.answers["banner"] = lambda _: doors.wait(60) and None  # nobody is let in yet
    page.goto("/gateway/")
    expect(page.locator("#banner")).to_contain_text("The gateway has not been started yet.")

    _type_settings(page, server, password=PASSWORD)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").first).to_have_text("Settings saved. They count from now on.")
    expect(page.locator("body")).not_to_contain_text(PASSWORD)
    doors.set()
    page.get_by_role("button", name="Try the connection").click()
    expect(page.locator("#trial")).to_contain_text("The server let us in and takes mail from library@banksia.example.")
    expect(page.locator("#trial")).to_contain_text("AUTH PLAIN ••••••")
    page.get_by_role("button", name="Start the gateway").click()
    expect(page.locator("#pulse")).to_have_text("Gateway on")
    doors.clear()

    # 1 and 2: open the folder, click on Test: a .tmp file appears
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#test")).to_contain_text(f"Put into the outbox for {TEST_TO}")
    folder = page.context.new_page()
    folder.goto("/outbox/?tab=waiting")
    expect(folder.locator(".tab[aria-current]")).to_have_text("1 waiting")
    # 3: at the next check it goes, and the file disappears
    doors.set()
    expect(page.locator("#test .state-pill")).to_have_text("Arrived at the server", timeout=A_CHECK)
    expect(page.locator("#test")).to_contain_text("250 2.0.0 taken")
    folder.goto("/outbox/?tab=waiting")
    expect(folder.locator(".tab[aria-current]")).to_have_text("0 waiting")
    assert [(mail.sender, mail.to) for mail in server.received] == [("library@banksia.example", TEST_TO)]

    # 3, the other ending: what could not be passed on becomes .bad
    server.answers["rcpt"] = "550 5.1.1 User unknown"
    page.get_by_role("button", name="Send another test").click()
    expect(page.locator("#test .state-pill")).to_have_text("Could not be sent", timeout=A_CHECK)
    expect(page.locator("#test")).to_contain_text("550 5.1.1 User unknown")
    folder.goto("/outbox/?tab=bad")
    expect(folder.locator(".tab[aria-current]")).to_have_text("1 could not be sent")

    # and once it is put right, it is tried again
    del server.answers["rcpt"]
    folder.get_by_role("link", name="Test: ").click()
    folder.get_by_role("button", name="Try again").click()
    page.goto("/gateway/")
    expect(page.locator("#test .state-pill")).to_have_text("Arrived at the server", timeout=A_CHECK)
    assert len(server.received) == len(set(server.message_ids)) == 2


def test_a_wrong_password_stops_it_and_the_right_one_lets_it_go_on(
    page: Page, system: System, server: ScriptedServer
) -> None:
    """Stopped within two checks, no message touched, every page says so; put right and saved: each message once."""
    before = list(server.message_ids)
    page.goto("/gateway/")
    page.fill("#id_new_password", WRONG)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").first).to_have_text("Settings saved. They count from now on.")
    logins = sum(command.startswith("AUTH") for command in server.commands)
    for number in range(3):
        system.command("queue_mail", given=LETTER.format(number=number).encode())

    page.get_by_role("button", name="Send another test").click()
    expect(page.locator("#banner")).to_contain_text("The mail server refused the login once.", timeout=A_CHECK)
    expect(page.locator("#banner")).to_contain_text(
        "The server refuses the user ID or the password.", timeout=TWO_CHECKS
    )
    expect(page.locator("#pulse")).to_have_text("Gateway stopped")
    assert sum(command.startswith("AUTH") for command in server.commands) - logins == 2

    for address in ("/", "/outbox/", "/patrons/", "/daily-log/", "/gateway/log/"):
        page.goto(address)
        expect(page.locator("#banner")).to_contain_text("The gateway stopped itself at")
    page.goto("/outbox/?tab=waiting")
    expect(page.locator(".tab[aria-current]")).to_have_text("4 waiting")
    expect(page.locator("tbody td[data-label=Tries]")).to_have_text(["0"] * 4)

    page.goto("/gateway/")
    page.fill("#id_new_password", PASSWORD)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").first).to_have_text("Settings saved. The gateway goes on.")
    expect(page.locator("#test .state-pill")).to_have_text("Arrived at the server", timeout=A_CHECK)
    page.goto("/outbox/?tab=sent")
    expect(page.locator(".tab[aria-current]")).to_have_text("6 sent")
    assert sorted(mail.to for mail in server.received[len(before) :]) == [
        TEST_TO,
        *(f"reader{number}@families.example" for number in range(3)),
    ]
    assert len(set(server.message_ids)) == len(server.message_ids)


def test_a_restart_leaves_it_stopped_until_auto_start_is_chosen(page: Page, system: System) -> None:
    """The manual: "Initially, the service is set at Manual start-up. Once configured, … change to Auto-start"."""
    _restart(system)
    page.goto("/gateway/")
    expect(page.locator("#banner")).to_contain_text("because it starts by hand")

    page.select_option("#id_start_mode", "auto")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("button", name="Start the gateway").click()
    expect(page.locator("#pulse")).to_have_text("Gateway on")
    _restart(system)
    page.goto("/gateway/")

    expect(page.locator("#pulse")).to_have_text("Gateway on")


def _type_settings(page: Page, server: ScriptedServer, *, password: str) -> None:
    page.fill("#id_host", "127.0.0.1")
    page.fill("#id_port", str(server.port))
    page.select_option("#id_security", "none")
    page.fill("#id_username", "library")
    page.fill("#id_new_password", password)
    page.get_by_text("Rarely needed").click()
    page.get_by_label("Allow the password to travel unprotected").check()
    page.get_by_label("Yes, unprotected: I am sure").check()
    page.fill("#id_from_name", "Banksia College Library")
    page.fill("#id_from_address", "library@banksia.example")
    page.fill("#id_test_to", TEST_TO)


def _restart(system: System) -> None:
    system.stop()
    system.start()
