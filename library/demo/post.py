"""The gateway of the demonstration: everything goes to the test mailbox on this machine, none of it further."""

from smtp_gateway import lifecycle
from smtp_gateway.models import Gateway

TEST_MAILBOX = ("127.0.0.1", 1025)


def open_test_mailbox() -> None:
    """The settings of a gateway that talks to the test mailbox; who has filled in a mail server keeps it."""
    gateway = Gateway.the()
    if gateway.host:
        return
    gateway.host, gateway.port = TEST_MAILBOX
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
