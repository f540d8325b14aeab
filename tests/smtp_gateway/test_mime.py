"""The bytes of a message: readable in any script, and nothing in them can start a header of its own."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gateway import mime
from smtp_gateway.errors import OutboxError

WHEN = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
SENDER = mime.Sender(address="library@banksia.example", name="Banksia College Library", reply_to="desk@banksia.example")
HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted",
    "X-Auto-Response-Suppress", "Content-Type",
]  # fmt: skip

SCRIPTS = [
    "Bring this book back",
    "Bitte bringt „Die unendliche Geschichte“ zurück",
    "Пожалуйста, верните книгу",
    "この本を返してください",
    "من فضلك أعد هذا الكتاب إلى المكتبة",
    "בבקשה להחזיר את הספר",
    "कृपया यह किताब लौटा दें",
    "请把这本书还回来" * 20,
    "Xin hãy trả lại cuốn sách này",
    "𝔅𝔬𝔬𝔨 and 📚",
]


def build(**more):
    return mime.build(
        **{
            "sender": SENDER,
            "to": "mia@families.example",
            "to_name": "Mia Chen",
            "subject": "A library book to bring back",
            "text": "Please bring it back.\n",
            "html": "<p>Please bring it back.</p>\n",
            "message_id": "<abc@banksia.example>",
            "date": WHEN,
            **more,
        }
    )


def parse(content):
    return message_from_bytes(content, policy=policy.default)


def _display_name(message):
    """By RFC 2047 6.2: space between two encoded words is not shown. The new parser forgets that in names."""
    raw = dict(message.raw_items())["To"].partition("<")[0]
    return str(make_header(decode_header(raw))).strip()


def test_a_plain_message_is_readable_as_it_is():
    """What is ASCII and short is not encoded: the source can be read by people."""
    content = build().decode("ascii")

    assert content.startswith(
        "From: Banksia College Library <library@banksia.example>\r\n"
        "To: Mia Chen <mia@families.example>\r\n"
        "Reply-To: desk@banksia.example\r\n"
        "Subject: A library book to bring back\r\n"
        "Date: Mon, 23 Nov 2026 06:30:00 +0000\r\n"
        "Message-ID: <abc@banksia.example>\r\n"
        "MIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        "Content-Type: multipart/alternative; boundary="
    )
    assert "\r\nContent-Transfer-Encoding: 7bit\r\n\r\nPlease bring it back.\r\n" in content


@pytest.mark.parametrize("words", SCRIPTS)
def test_every_script_arrives_as_it_was_written(words):
    """Subject, names and both parts."""
    message = parse(build(subject=words, to_name=words, text=words + "\n", html=f"<p>{words}</p>\n"))

    assert message["Subject"] == words
    assert _display_name(message) == words
    assert message.get_body(("plain",)).get_content() == words + "\r\n"
    assert message.get_body(("html",)).get_content() == f"<p>{words}</p>\r\n"
    assert [part.defects for part in message.walk()] == [[], [], []]


@pytest.mark.parametrize("words", [*SCRIPTS, "x" * 3000, "word " * 1000, '"\\' * 100])
def test_no_line_is_long_and_all_is_seven_bit(words):
    """78 octets is what RFC 5322 recommends; every line end is CRLF."""
    content = build(
        subject=words, to_name=words, text=words, html=words, sender=mime.Sender(address="l@b.example", name=words)
    )

    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")


EVIL = "x\r\nBcc: all@families.example\r\n\r\nbody"


@pytest.mark.parametrize("field", ["subject", "to_name"])
@pytest.mark.parametrize(
    "evil",
    [EVIL, "x\nBcc: a@b.example", "x\rBcc: a@b.example", "x\u2028Bcc: a@b.example", "x\x0bBcc: y", "x\x85Bcc: y"],
)
def test_a_name_or_subject_cannot_start_a_header(field, evil):
    """It loses its line breaks and stays what it is: words."""
    message = parse(build(**{field: evil}))

    assert message.keys() == HEADERS
    assert message.get_body(("plain",)).get_content() == "Please bring it back.\r\n"


@pytest.mark.parametrize(
    "evil",
    [
        {"to": "mia@families.example\r\nBcc: all@families.example"},
        {"sender": mime.Sender(address="library@banksia.example\r\nBcc: a@b.example")},
        {"reply_to": "desk@banksia.example\nBcc: a@b.example"},
        {"message_id": "<abc@banksia.example>\r\nBcc: a@b.example"},
        {"message_id": "abc"},
        {"headers": {"X-Run:\r\nBcc": "a@b.example"}},
    ],
)
def test_an_address_or_header_name_with_a_line_break_is_refused(evil):
    """There is no harmless way to read it."""
    with pytest.raises(OutboxError):
        build(**evil)


@given(subject=st.text(max_size=300), name=st.text(max_size=300), text=st.text(max_size=2000))
def test_whatever_the_words_the_headers_are_ours(subject, name, text):
    """Any text at all, surrogates and controls included, makes a message with exactly our headers."""
    content = build(subject=subject, to_name=name, text=text, html=None)

    assert [line.partition(b":")[0].decode() for line in _unfolded(content)] == [*HEADERS, "Content-Transfer-Encoding"]
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78


def _unfolded(content):
    return content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")


def test_further_headers_come_along():
    """With values made safe like a subject's."""
    message = parse(build(headers={"X-Library-Run": "7\r\nBcc: a@b.example"}))

    assert message["X-Library-Run"] == "7 Bcc: a@b.example"


def test_a_name_that_is_not_plain_words_is_quoted():
    """RFC 5322: commas and quotes belong in a quoted string."""
    message = parse(build(to_name='Chen, Mia "Mi"'))

    assert message["To"].addresses[0].display_name == 'Chen, Mia "Mi"'
    assert message["To"].addresses[0].addr_spec == "mia@families.example"


def test_the_same_key_has_the_same_message_id():
    """Always, so that a second copy can be known for what it is; and another key has another."""
    first = mime.message_id("letter:7:1", domain="banksia.example")

    assert first == mime.message_id("letter:7:1", domain="banksia.example")
    assert first != mime.message_id("letter:7:2", domain="banksia.example")
    assert first.endswith("@banksia.example>")


@pytest.mark.django_db
def test_without_a_from_address_nothing_can_be_written():
    """And the refusal says where to fill it in."""
    with pytest.raises(OutboxError) as refusal:
        mime.sender()

    assert str(refusal.value) == "The gateway has no From address yet. Fill it in on the gateway's page."
