"""The mailbox for trying: a letter goes in by SMTP and can be read on a page."""

import json
import smtplib
import subprocess
import sys
from contextlib import suppress
from email.message import EmailMessage
from urllib.request import urlopen

import pytest

from library.embedded import free_port
from tests.library.processes import PROJECT, eventually


@pytest.fixture(scope="module")
def mailbox():
    """One that runs, with a letter in it; the address of its page."""
    smtp, page = free_port(), free_port()
    command = [sys.executable, "-m", "library.test_mailbox", "--smtp", str(smtp), "--page", str(page)]
    process = subprocess.Popen(command, cwd=PROJECT)
    assert eventually(lambda: post(smtp))
    yield f"http://127.0.0.1:{page}"
    process.terminate()
    assert process.wait(10) == 0


def post(port):
    letter = EmailMessage()
    letter["From"], letter["To"] = "Banksia Library <library@example.org>", "Zoë Chen <zoe@example.org>"
    letter["Subject"] = "Books to return: <3>"
    letter.set_content("Dear Zoë & family")
    letter.add_alternative("<p style='color: red'>Dear Zoë</p><script>alert(1)</script>", subtype="html")
    with suppress(ConnectionRefusedError), smtplib.SMTP("127.0.0.1", port) as connection:
        connection.send_message(letter, from_addr="bounces@example.org", to_addrs=["zoe@example.org"])
        return True
    return False


def read(address):
    with urlopen(address) as response:
        return response.headers, response.read().decode()


def test_the_list_names_sender_recipient_and_subject(mailbox):
    """In words, with what a subject contains shown as it is."""
    _, page = read(f"{mailbox}/")

    assert "<h1>Test mailbox: 1 letter</h1>" in page
    assert "<strong>Books to return: &lt;3&gt;</strong>" in page
    assert "From Banksia Library &lt;library@example.org&gt;, to Zoë Chen &lt;zoe@example.org&gt;" in page


def test_a_letter_shows_its_words_and_its_envelope(mailbox):
    """The text part is escaped; the HTML part is an address of its own."""
    _, page = read(f"{mailbox}/1")

    assert "<pre>Dear Zoë &amp; family\n</pre>" in page
    assert "<dd>bounces@example.org → zoe@example.org</dd>" in page
    assert "<iframe title='HTML part' sandbox src='/1/html'></iframe>" in page


def test_the_html_part_can_do_nothing(mailbox):
    """Its styles work, as in a mail program; scripts, forms and pictures from elsewhere do not."""
    headers, page = read(f"{mailbox}/1/html")

    assert page == "<p style='color: red'>Dear Zoë</p><script>alert(1)</script>\n"
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
    )


def test_programs_read_the_same_as_json(mailbox):
    """So that a test can wait for a letter."""
    _, text = read(f"{mailbox}/messages.json")
    (message,) = json.loads(text)

    assert (message["number"], message["subject"]) == (1, "Books to return: <3>")
    assert (message["envelope_from"], message["envelope_to"]) == ("bounces@example.org", ["zoe@example.org"])
    assert message["text"] == "Dear Zoë & family\n"
