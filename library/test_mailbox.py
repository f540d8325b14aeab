"""A mailbox for trying: takes every letter by SMTP, delivers none, and shows them on a small page.

Part of ``make run`` and never of a real installation; ``docker compose`` uses MailHog for the same. It keeps the last
2,000 messages in memory and knows nothing of the library: no models, no settings.
"""

import argparse
import html
import json
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 2_000
LARGEST = 40 * 1024 * 1024

PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'"
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#dcdfe3, #3a4049); --quiet: light-dark(#5c6670, #a3adb8); }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.4rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .25rem 0 1rem; color: var(--quiet) }
ol { list-style: none; margin: 1.5rem 0; padding: 0; border-top: 1px solid var(--line) }
li { border-bottom: 1px solid var(--line) }
li a { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: .6rem .25rem; color: inherit;
  text-decoration: none }
li a:hover, li a:focus-visible { background: light-dark(#f3f5f7, #23282f) }
li strong { grid-column: 1 / -1; font-weight: 600 } li span { color: var(--quiet); overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0 }
dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .4rem;
  padding: 1rem; font-size: .875rem }
iframe { width: 100%; height: 44rem; border: 1px solid var(--line); border-radius: .4rem; background: #fff }
"""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One message as it came over the wire."""

    number: int
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def subject(self) -> str:
        return self.header("Subject") or "(no subject)"

    def header(self, name: str) -> str:
        return str(self.message.get(name, ""))

    def body(self, kind: str) -> str:
        """The text or HTML part (``plain``, ``html``), or nothing."""
        part = self.message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@dataclass
class Mailbox:
    """The newest messages, each with a number that it keeps. Two threads share it: SMTP appends, the page reads."""

    kept: deque[Mail] = field(default_factory=lambda: deque(maxlen=KEPT))
    numbers: Iterable[int] = field(default_factory=lambda: count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        with self.lock:
            number = next(iter(self.numbers))
            self.kept.append(
                Mail(
                    number=number,
                    received=datetime.now().astimezone(),
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    content=envelope.original_content or b"",
                )
            )
        return f"250 2.0.0 Kept as {number}"

    def newest_first(self) -> list[Mail]:
        with self.lock:
            return list(reversed(self.kept))

    def find(self, number: int) -> Mail | None:
        return next((mail for mail in self.newest_first() if mail.number == number), None)


class Pages(BaseHTTPRequestHandler):
    """``/``, ``/<number>``, ``/<number>/html``, ``/<number>.eml`` and, for programs, ``/messages.json``."""

    mailbox: Mailbox

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            return self._page("Test mailbox", _list(self.mailbox.newest_first()))
        if path == "/style.css":
            return self._send(STYLE.encode(), "text/css")
        if path == "/messages.json":
            messages = [_as_json(mail) for mail in self.mailbox.newest_first()]
            return self._send(json.dumps(messages).encode(), "application/json")
        name, _, rest = path.strip("/").removesuffix(".eml").partition("/")
        mail = self.mailbox.find(int(name)) if name.isdecimal() else None
        if mail is None or rest not in {"", "html"}:
            return self._page("Not here", "<h1>Not here</h1><p><a href='/'>All letters</a></p>", HTTPStatus.NOT_FOUND)
        if path.endswith(".eml"):
            return self._send(mail.content, "message/rfc822")
        if rest == "html":
            return self._send(mail.body("html").encode(), "text/html; charset=utf-8", policy=LETTER_POLICY)
        return self._page(mail.subject, _one(mail))

    def _page(self, title: str, body: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css">'
            f"<body>\n{body}\n</body></html>"
        )
        self._send(page.encode(), "text/html; charset=utf-8", status=status)

    def _send(
        self, content: bytes, kind: str, *, policy: str = PAGE_POLICY, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *parts: Any) -> None:
        """Nothing: a quiet log is a promise of ``make run``."""


def _list(mails: list[Mail]) -> str:
    letters = "1 letter" if len(mails) == 1 else f"{len(mails):,} letters"
    rows = "\n".join(
        f"<li><a href='/{mail.number}'><strong>{html.escape(mail.subject)}</strong> "
        f"<span>From {html.escape(mail.header('From'))}, to {html.escape(mail.header('To'))}</span> "
        f"<span>{mail.received:%H:%M:%S}</span></a></li>"
        for mail in mails
    )
    note = "Newest first. Nothing here leaves this machine; a restart empties it."
    return f"<h1>Test mailbox: {letters}</h1>\n<p>{note}</p>\n<ol>\n{rows}\n</ol>"


def _one(mail: Mail) -> str:
    rows = {
        "From": mail.header("From"),
        "To": mail.header("To"),
        "Reply-To": mail.header("Reply-To"),
        "Date": mail.header("Date"),
        "Received": f"{mail.received:%a %d %b %Y, %H:%M:%S}",
        "Envelope": f"{mail.sender} → {', '.join(mail.recipients)}",
    }
    terms = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in rows.items() if value)
    frame = f"<h2>HTML</h2><iframe title='HTML part' sandbox src='/{mail.number}/html'></iframe>"
    source = html.escape(mail.content.decode("utf-8", errors="replace"))
    return (
        f"<p><a href='/'>All letters</a></p><h1>{html.escape(mail.subject)}</h1><dl>{terms}</dl>"
        f"<h2>Text</h2><pre>{html.escape(mail.body('plain'))}</pre>{frame if mail.body('html') else ''}"
        f"<h2>Source</h2><p><a href='/{mail.number}.eml'>As a file</a></p><pre>{source}</pre>"
    )


def _as_json(mail: Mail) -> dict[str, Any]:
    return {
        "number": mail.number,
        "received": mail.received.isoformat(),
        "envelope_from": mail.sender,
        "envelope_to": list(mail.recipients),
        "from": mail.header("From"),
        "to": mail.header("To"),
        "subject": mail.subject,
        "message_id": mail.header("Message-ID"),
        "text": mail.body("plain"),
    }


def serve(*, smtp_port: int, page_port: int) -> None:
    """Run until SIGTERM or SIGINT. Raises OSError for a port that is in use."""
    mailbox = Mailbox()
    pages = type("ThesePages", (Pages,), {"mailbox": mailbox})
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp_port, data_size_limit=LARGEST)
    server = ThreadingHTTPServer(("127.0.0.1", page_port), pages)
    server.daemon_threads = True
    controller.start()
    try:
        server.serve_forever()
    finally:
        server.server_close()
        controller.stop()


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m library.test_mailbox", description=__doc__)
    parser.add_argument("--smtp", type=int, default=1025, help="port for SMTP (1025)")
    parser.add_argument("--page", type=int, default=8025, help="port for the page (8025)")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(smtp_port=options.smtp, page_port=options.page)


if __name__ == "__main__":
    main(sys.argv[1:])
