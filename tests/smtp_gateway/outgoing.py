"""Messages and a gateway for these tests: words, no randomness."""

from datetime import UTC, datetime
from typing import Any

import pytest

from smtp_gateway import lifecycle, mime, outbox
from smtp_gateway.conversation import Timeouts
from smtp_gateway.models import Gateway, OutboundMessage
from smtp_gateway.pace import Pace

#: For modules whose tests must hold with and without PIPELINING.
both_ways = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "step by step"])

#: A minute is a second.
FAST = Pace(minute=1.0)
#: Long enough for a busy machine, short enough for a test; HURRIED is for servers that hang.
SHORT = Timeouts(connect=5, command=5, data=5, block=5, dot=5, quit=1)
HURRIED = Timeouts(connect=0.4, command=0.4, data=0.4, block=0.4, dot=0.4, quit=0.2)
SENDER = mime.Sender(address="library@banksia.example", name="Banksia College Library")


def a_gateway(*, port: int, **settings: Any) -> Gateway:
    """A gateway that is on and speaks to a server of the test's."""
    lifecycle.make_standing_rows()
    Gateway.objects.filter(pk=1).update(
        **{
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "from_address": SENDER.address,
            "ehlo_name": "library.banksia.example",
            "state": "on",
            "stop_cause": "",
            **settings,
        }
    )
    return Gateway.the()


def finished(key: str, *, to: str = "", text: str = "Please bring it back.\n", **more: Any) -> outbox.Finished:
    recipient = to or f"{key}@families.example"
    content = mime.build(
        sender=SENDER,
        to=recipient,
        to_name="",
        subject="A library book to bring back",
        text=text,
        html=None,
        message_id=mime.message_id(key, domain="banksia.example"),
        date=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
    )
    return outbox.Finished(
        **{
            "content": content,
            "to": recipient,
            "subject": "A library book to bring back",
            "kind": outbox.Kind.NOTICE,
            "dedup_key": key,
            **more,
        }
    )


def a_message(key: str = "mia", **more: Any) -> OutboundMessage:
    return outbox.queue(finished(key, **more))


def messages(count: int) -> list[int]:
    """So many messages waiting, to different people."""
    return outbox.queue_many([finished(f"reader{number}") for number in range(count)])


def states() -> dict[str, str]:
    """Every message's state by its key."""
    return dict(OutboundMessage.objects.order_by("id").values_list("dedup_key", "state"))
