"""The test message (G5): put into the outbox like any other, ahead of the others, and seen to go.

It goes through everything that a letter goes through, the throttle included. To try the connection without a message
there is ``lifecycle.try_connection``.
"""

import secrets
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone

from library.models import Library
from smtp_gateway import mime, outbox
from smtp_gateway.errors import OutboxError
from smtp_gateway.models import Gateway, GatewayEvent, OutboundMessage

SECURITY = {"none": "no protection", "starttls": "STARTTLS", "tls": "TLS"}


def send(*, by: str, at: datetime) -> OutboundMessage:
    """Queue a test to the Test To address. Raises OutboxError while that or the From address is missing."""
    gateway, library = Gateway.the(), Library.the()
    if not gateway.test_to:
        raise OutboxError("There is no Test To address yet. Fill it in and save.")
    sender = mime.sender()
    number = f"T-{secrets.token_hex(3).upper()}"
    local = timezone.localtime(at)
    facts = {
        "by": by,
        "at": local,
        "zone": str(local.tzinfo).rpartition("/")[2].replace("_", " "),
        "gateway": gateway,
        "library": library,
        "security": SECURITY[gateway.security],
        "number": number,
    }
    key = f"test:{number}:{at:%Y%m%d%H%M%S}"
    subject = f"Test: {library.name} can send email"
    content = mime.build(
        sender=sender,
        to=gateway.test_to,
        to_name="",
        subject=subject,
        text=render_to_string("smtp_gateway/mail/test.txt", facts),
        html=render_to_string("smtp_gateway/mail/test.html", facts),
        message_id=mime.message_id(key, domain=sender.domain),
        date=local,
    )
    GatewayEvent.objects.create(action=GatewayEvent.Action.TESTED, sentence=f"Test {number} asked for.", by=by)
    return outbox.queue(
        outbox.Finished(content=content, to=gateway.test_to, subject=subject, kind=outbox.Kind.TEST, dedup_key=key)
    )
