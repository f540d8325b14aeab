"""Our outbox: one process is one worker of the queue *gateway*, one connection."""

import os
import sys
import time
from datetime import UTC, datetime

import django

from benchmarks.contenders import HTML, SENDER, SUBJECT, TEXT, messages, recipient, wait_for_the_start

AT_ONCE = 1000


def fill() -> None:
    from django.core.management import call_command

    from smtp_gateway import mime, outbox

    call_command("migrate", verbosity=0)
    sender, date = mime.Sender(address=SENDER, name="Banksia College Library"), datetime.now(UTC)
    for first in range(0, messages(), AT_ONCE):
        outbox.queue_many(
            [
                outbox.Finished(
                    content=mime.build(
                        sender=sender,
                        to=recipient(number),
                        to_name="",
                        subject=SUBJECT,
                        text=TEXT,
                        html=HTML,
                        message_id=mime.message_id(str(number), domain="banksia.example"),
                        date=date,
                    ),
                    to=recipient(number),
                    subject=SUBJECT,
                    kind=outbox.Kind.NOTICE,
                    dedup_key=str(number),
                )
                for number in range(first, min(first + AT_ONCE, messages()))
            ]
        )


def open_wide() -> None:
    """A throttle that never holds up; what a person would set on the page."""
    from smtp_gateway import lifecycle
    from smtp_gateway.models import Gateway

    lifecycle.make_standing_rows()
    Gateway.objects.filter(pk=1).update(
        host="127.0.0.1",
        port=int(os.environ["SINK_PORT"]),
        security="none",
        from_address=SENDER,
        connections=int(os.environ["CONNECTIONS"]),
        messages_each_check=1_000_000,
        state="on",
        stop_cause="",
    )


def send() -> None:
    """Check after check until nothing is on its way. MINUTE: seconds of a minute, for what is tried again later."""
    from smtp_gateway import delivery
    from smtp_gateway.models import OutboundMessage
    from smtp_gateway.pace import Pace

    open_wide()
    pace = Pace(minute=float(os.environ.get("MINUTE", "60")))
    wait_for_the_start()
    while OutboundMessage.objects.on_the_way().exists():
        if not delivery.check(pace=pace).attempts:
            time.sleep(0.02)


if __name__ == "__main__":
    django.setup()
    {"fill": fill, "send": send}[sys.argv[1]]()
