"""What the outbox asks of a person on Home: letters that could not be sent, and those that maybe were."""

from datetime import date

from django.http import HttpRequest
from django.urls import reverse

from library.slots import Need
from smtp_gateway.models import OutboundMessage

State = OutboundMessage.State


def needs(request: HttpRequest, on: date) -> list[Need]:
    return [*_could_not_be_sent(), *_maybe_sent()]


def _could_not_be_sent() -> list[Need]:
    rows = OutboundMessage.objects.bad()
    number = rows.count()
    if number == 0:
        return []
    latest = rows.newest_first().without_content()[0]
    if number == 1:
        return [
            Need(
                icon="circle-x",
                tone="bad",
                sentence=f"The message to {latest.to_name or latest.to} could not be sent.",
                reason=latest.reason or "The mail server refused it.",
                action="Look at it",
                url=reverse("message", args=[latest.pk]),
            )
        ]
    return [
        Need(
            icon="circle-x",
            tone="bad",
            sentence=f"{number:,} messages could not be sent.",
            reason=f"The latest, to {latest.to_name or latest.to}: {latest.reason or 'the mail server refused it.'}",
            action=f"See the {number:,}",
            url=reverse("outbox") + f"?tab={State.BAD}",
        )
    ]


def _maybe_sent() -> list[Need]:
    rows = OutboundMessage.objects.needing_a_person().uncertain()
    number = rows.count()
    if number == 0:
        return []
    only = rows.without_content()[0] if number == 1 else None
    return [
        Need(
            icon="help-circle",
            tone="warn",
            sentence=f"The message to {only.to_name or only.to} was maybe sent."
            if only
            else f"{number:,} messages were maybe sent.",
            reason="The line dropped after the text was handed over, and again at the next try. You decide.",
            action="Decide" if only else f"Decide about {number:,}",
            url=reverse("message", args=[only.pk]) if only else reverse("outbox") + f"?tab={State.UNCERTAIN}",
        )
    ]
