"""Build a message's bytes: headers and a text and an HTML part with the same words.

By hand, because a run writes thousands: some 70 microseconds against 400 and more for the classes of Django and the
standard library. What it writes is a small, strict part of RFC 5322, 2045 and 2047, all of it 7-bit, no line longer
than 78 octets (998 is the limit). It refuses what could start a header of its own, and knows nothing of books.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache

from library import secrets
from library.models import Library
from smtp_gateway import addresses
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import Gateway

#: RFC 5322 2.1.1: lines should have no more than 78 octets without CRLF, and must have no more than 998.
LINE = 78
#: RFC 2047 2: a line that holds an encoded word has at most 76 characters; its frame takes 12 of them.
ENCODED_LINE = 76
FRAME = 12

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_BODY_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9\-]{0,39}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,253}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who the library's mail is from, and who reads the answers."""

    address: str
    name: str = ""
    reply_to: str = ""

    @property
    def domain(self) -> str:
        return addresses.for_envelope(self.address).rpartition("@")[2]


def sender() -> Sender:
    """From the gateway's row; Reply-To from it or else from the library. Raises OutboxError while there is no From."""
    gateway = Gateway.the()
    if not gateway.from_address:
        raise OutboxError("The gateway has no From address yet. Fill it in on the gateway's page.")
    return Sender(
        address=addresses.checked(gateway.from_address),
        name=gateway.from_name or Library.the().name,
        reply_to=gateway.reply_to or Library.the().reply_to,
    )


def message_id(dedup_key: str, *, domain: str = "") -> str:
    """The same key is the same Message-ID, always, so that a second copy can be known for what it is.

    Give ``domain`` (``Sender.domain``) where many are made; without it the gateway's row is read.
    """
    digest = hmac.digest(_key(), f"message-id:{dedup_key}".encode(), "sha256").hex()
    return f"<{digest[:32]}@{domain or sender().domain}>"


@cache
def _key() -> bytes:
    """Read once: it may lie in a file."""
    return secrets.secret_key().encode()


def build(
    *,
    sender: Sender,
    to: str,
    to_name: str,
    subject: str,
    text: str,
    html: str | None,
    message_id: str,
    date: datetime,
    reply_to: str = "",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A whole message, its lines ending in CRLF. ``date`` is aware. Raises OutboxError for what no header may hold.

    Names and subjects lose their control characters; addresses, the Message-ID and header names with any are refused.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise OutboxError("The Message-ID is not one.")
    answers = reply_to or sender.reply_to
    lines = [
        f"From: {_mailbox(sender.name, sender.address)}",
        f"To: {_mailbox(to_name, to)}",
        *([f"Reply-To: {_mailbox('', answers)}"] if answers else []),
        _header("Subject", subject),
        f"Date: {format_datetime(date)}",
        f"Message-ID: {message_id}",
        "MIME-Version: 1.0",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        *(_header(_name(name), value) for name, value in (headers or {}).items()),
    ]
    if html is None:
        return "\r\n".join([*lines, _part("plain", text), ""]).encode()
    boundary = "=_" + hashlib.blake2b(message_id.encode(), digest_size=12).hexdigest()
    return "\r\n".join(
        [
            *lines,
            f'Content-Type: multipart/alternative; boundary="{boundary}"',
            "",
            f"--{boundary}",
            _part("plain", text),
            f"--{boundary}",
            _part("html", html),
            f"--{boundary}--",
            "",
        ]
    ).encode()


def one_line(text: str) -> str:
    """Words for a header: control characters and line breaks become single spaces."""
    return _CONTROLS.sub(" ", text).strip()


def _name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise OutboxError("A header's name has letters, digits and hyphens only.")
    return name


def _header(name: str, value: str) -> str:
    """A header of free words, folded at spaces, or as encoded words where it is not plain ASCII (RFC 2047)."""
    clean = one_line(value)
    if clean.isascii() and "=?" not in clean and all(len(word) < LINE - 2 for word in clean.split()):
        return _folded(f"{name}:", clean.split())
    return f"{name}: {_encoded_words(clean, after=len(name) + 2)}"


def _folded(start: str, words: list[str]) -> str:
    lines = [start]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _mailbox(name: str, address: str) -> str:
    """``Name <address>``; the domain as punycode. A local part in another script stays UTF-8 (RFC 6532)."""
    bare = addresses.for_envelope(addresses.checked(address))
    clean = " ".join(one_line(name).split())
    if not clean:
        return bare
    if not clean.isascii() or "=?" in clean or len(clean) > LINE - 20:
        return f"{_encoded_words(clean, after=len('Reply-To: '))}\r\n <{bare}>"
    if not _ATOMS.fullmatch(clean):
        clean = '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
    fold = "\r\n" if len(clean) + len(bare) > LINE - 12 else ""
    return f"{clean}{fold} <{bare}>"


def _encoded_words(text: str, *, after: int) -> str:
    """RFC 2047 'B' words, each holding whole characters, one a line; the first one stands ``after`` so many others."""
    pieces: list[bytes] = [b""]
    space = (ENCODED_LINE - after - FRAME) // 4 * 3
    for character in text:
        octets = character.encode()
        if len(pieces[-1]) + len(octets) > space:
            pieces.append(b"")
            space = (ENCODED_LINE - 1 - FRAME) // 4 * 3
        pieces[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode('ascii')}?=" for piece in pieces)


def _part(subtype: str, text: str) -> str:
    """One text part with its own headers: as it is, quoted-printable or base64, whichever reads best in the source."""
    clean = _BODY_CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    clean = clean if clean.endswith("\n") else clean + "\n"
    if clean.isascii() and max(map(len, clean.split("\n"))) <= LINE:
        return _with_headers(subtype, "7bit", clean.replace("\n", "\r\n"))
    octets = clean.replace("\n", "\r\n").encode()
    if 3 * len(clean) < 2 * len(octets):  # more than half of it is in another script
        body = base64.encodebytes(octets).decode("ascii").replace("\n", "\r\n")
        return _with_headers(subtype, "base64", body)
    return _with_headers(subtype, "quoted-printable", binascii.b2a_qp(octets).decode("ascii"))


def _with_headers(subtype: str, encoding: str, body: str) -> str:
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}'
