"""A test message on its way, step by step, in words (BiblioTECH's "Testing the SMTP Gateway").

Tells what the attempts and the gateway's state say already; sends nothing and decides nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from smtp_gateway.lifecycle import Status
from smtp_gateway.models import DeliveryAttempt, OutboundMessage
from smtp_gateway.views.looks import Look, of_message

State = OutboundMessage.State
Outcome = DeliveryAttempt.Outcome

ATTEMPTS_SHOWN = 3
ARRIVED = Look(tone="ok", icon="circle-check", word="Arrived at the server")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the list; ``said`` are the server's words, ``at`` is empty for what has not happened yet."""

    tone: str
    icon: str
    sentence: str
    to: str = ""
    said: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a test message is. ``is_moving``: the page asks again."""

    message: OutboundMessage
    steps: list[Step]
    look: Look
    is_moving: bool


def latest(*, status: Status, next_check_at: datetime | None) -> Progress | None:
    """The newest test message; None where none was ever sent."""
    tests = OutboundMessage.objects.of_kind(OutboundMessage.Kind.TEST)
    message = tests.newest_first().without_content().first()
    return None if message is None else progress(message, status=status, next_check_at=next_check_at)


def progress(message: OutboundMessage, *, status: Status, next_check_at: datetime | None) -> Progress:
    """What became of it so far, oldest first, and what it waits for."""
    attempts = [*reversed(message.tries.newest_first()[:ATTEMPTS_SHOWN]), *filter(None, [message.under_way])]
    steps = [Step(tone="ok", icon="check", sentence="Put into the outbox for", to=message.to, at=message.created_at)]
    for attempt in attempts:
        steps += _attempted(attempt)
    if message.will_be_tried_again:
        steps.append(_waits(message, status, next_check_at))
    return Progress(
        message=message,
        steps=steps,
        look=ARRIVED if message.state == State.SENT else of_message(message),
        is_moving=message.will_be_tried_again or message.state == State.SENDING,
    )


def _attempted(attempt: DeliveryAttempt) -> list[Step]:
    """An attempt begins when the connection stands, so that much is known of every one."""
    connected = Step(tone="ok", icon="check", sentence="Connected to the server", at=attempt.started_at)
    said = " ".join(part for part in (str(attempt.code or ""), attempt.enhanced, attempt.words) if part)
    at = attempt.finished_at
    if attempt.outcome == Outcome.BEGUN:
        return [connected, Step(tone="wait", icon="send", sentence="Being handed over now")]
    if attempt.outcome == Outcome.SENT:
        named = Step(tone="ok", icon="check", sentence="Sender and recipient accepted", at=at)
        return [connected, named, Step(tone="ok", icon="check", sentence="Sent", said=said, at=at)]
    tone, icon = {
        Outcome.LATER: ("wait", "clock"),
        Outcome.BAD: ("bad", "circle-x"),
        Outcome.UNCERTAIN: ("warn", "help-circle"),
    }.get(Outcome(attempt.outcome), ("warn", "alert-triangle"))
    return [connected, Step(tone=tone, icon=icon, sentence=attempt.sentence, said=said, at=at)]


def _waits(message: OutboundMessage, status: Status, next_check_at: datetime | None) -> Step:
    if status.state == "stopped":
        return Step(tone="bad", icon="player-stop", sentence=f"{status.sentence} {status.remedy}", said=status.words)
    if status.state == "paused":
        return Step(tone="warn", icon="clock", sentence=f"{status.sentence} {status.remedy}", said=status.words)
    now = timezone.now()
    when = max(filter(None, [message.not_before, next_check_at]), default=now)
    if when <= now:
        return Step(tone="wait", icon="clock", sentence="Goes with the next check, in a few seconds")
    return Step(tone="wait", icon="clock", sentence=f"Waits for the check at about {timezone.localtime(when):%H:%M}")
