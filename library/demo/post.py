"""The gateway of the demonstration: every letter goes to a test mailbox, none of them further."""

from dataclasses import dataclass

from smtp_gateway import lifecycle
from smtp_gateway.models import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where the test mailbox listens for SMTP; the defaults are those of ``manage.py up``."""

    host: str = "127.0.0.1"
    port: int = 1025


def send_to(mailbox: Mailbox) -> None:
    """The settings of a gateway that talks to the test mailbox and comes back by itself."""
    gateway = Gateway.the()
    gateway.host, gateway.port = mailbox.host, mailbox.port
    gateway.security = Gateway.Security.NONE
    gateway.from_address = "library@wattlegrove.example"
    gateway.from_name = "Wattle Grove College Library"
    gateway.reply_to = "library@wattlegrove.example"
    gateway.test_to = "helen.marsh@wattlegrove.example"
    gateway.start_mode = Gateway.StartMode.AUTO
    gateway.save()


def start() -> None:
    """Switch it on as a boot with auto-start does: nobody connects now, the next check will."""
    lifecycle.boot()
