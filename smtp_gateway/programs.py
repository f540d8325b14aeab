"""Messages of other programs (G7): a raw RFC 5322 message in, one finished message a recipient out.

Recipients are those given, or else To, Cc and Bcc; Bcc is removed, a missing Date or Message-ID is added, line ends
become CRLF. What the message says is left as it is.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses

from smtp_gateway import mime, outbox
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import OutboundMessage

_LINE_END = re.compile(rb"\r\n|\r|\n")
_HEADER = rb"(?im)^%s:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*"


def queue(raw: bytes, *, recipients: Sequence[str] = (), at: datetime) -> list[int]:
    """Queue the message once for each recipient; the ids. Raises OutboxError when nobody is named or it is no message.

    The same message for the same recipient twice is one row.
    """
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    named = list(dict.fromkeys(recipients or _named_in(parsed)))
    if not named:
        raise OutboxError("Nobody is named: give recipients, or a To, Cc or Bcc header.")
    key = hashlib.sha256(raw).hexdigest()[:40]
    content = _completed(_LINE_END.sub(b"\r\n", raw), key=key, at=at)
    return outbox.queue_many(
        [
            outbox.Finished(
                content=content,
                to=to,
                subject=str(parsed.get("Subject", "")),
                kind=OutboundMessage.Kind.PROGRAM,
                dedup_key=f"program:{key}:{hashlib.sha256(to.encode()).hexdigest()[:20]}",
            )
            for to in named
        ]
    )


def _named_in(parsed: EmailMessage) -> list[str]:
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in parsed.get_all(name, [])]
    return [address for _, address in getaddresses(headers) if address]


def _completed(content: bytes, *, key: str, at: datetime) -> bytes:
    head, empty, body = content.partition(b"\r\n\r\n")
    head = re.sub(_HEADER % b"bcc", b"", head + b"\r\n")
    if not re.search(_HEADER % b"date", head):
        head += f"Date: {format_datetime(at)}\r\n".encode()
    if not re.search(_HEADER % b"message-id", head):
        head += f"Message-ID: {mime.message_id(f'program:{key}')}\r\n".encode()
    return head + (empty[2:] or b"\r\n") + body
