"""``manage.py queue_mail`` for other programs."""

import io
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from smtp_gateway import programs
from smtp_gateway.models import OutboundMessage

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 9, 14, tzinfo=timezone.get_default_timezone())
MAIL = b"""From: backup@banksia.example
To: Ana <ana@banksia.example>, it@banksia.example
Cc: "Hall, M." <hall@banksia.example>
Bcc: quiet@banksia.example,
 second@banksia.example
Subject: Backup done
Date: Mon, 23 Nov 2026 02:00:00 +1100
Message-ID: <1@backup>

All is well.
.
"""


def test_everybody_named_gets_one(gateway_row):
    """To, Cc and Bcc, a row each; nobody reads the Bcc."""
    programs.queue(MAIL, at=AT)

    rows = OutboundMessage.objects.order_by("id")
    assert [row.to for row in rows] == [
        "ana@banksia.example",
        "it@banksia.example",
        "hall@banksia.example",
        "quiet@banksia.example",
        "second@banksia.example",
    ]
    contents = {bytes(row.content) for row in rows}
    assert contents == {
        MAIL.replace(b"Bcc: quiet@banksia.example,\n second@banksia.example\n", b"").replace(b"\n", b"\r\n")
    }
    assert {row.subject for row in rows} == {"Backup done"}


def test_recipients_given_are_the_recipients(gateway_row):
    """The headers are only read where none are given."""
    programs.queue(MAIL, recipients=["mia@families.example"], at=AT)

    assert list(OutboundMessage.objects.values_list("to", "kind")) == [("mia@families.example", "program")]


def test_what_is_missing_is_added(gateway_row):
    """Date and Message-ID, after the program's own headers."""
    programs.queue(b"To: ana@banksia.example\r\n\r\nhello\r\n", at=AT)

    head = bytes(OutboundMessage.objects.get().content).partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"To: ana@banksia.example"
    assert head[1] == b"Date: Mon, 23 Nov 2026 09:14:00 +1100"
    assert head[2].startswith(b"Message-ID: <")


def test_the_same_message_twice_is_queued_once(gateway_row):
    """A program that is not sure asks again."""
    first = programs.queue(MAIL, at=AT)

    assert programs.queue(MAIL, at=AT) == first


def test_the_command_tells_how_many(gateway_row, monkeypatch):
    """And refuses with a sentence where nobody is named."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(MAIL)))
    call_command("queue_mail", stdout=out)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"Subject: x\n\nhello\n")))

    with pytest.raises(CommandError) as refusal:
        call_command("queue_mail")

    assert out.getvalue() == "5 messages queued.\n"
    assert str(refusal.value) == "Nobody is named: give recipients, or a To, Cc or Bcc header."
