"""What beat asks for: look at the clock. The database says what is due, and the verbs do it."""

from celery import shared_task
from django.utils import timezone

from smtp_gateway import daily_log, delivery, heartbeats, pruning


@shared_task(name="smtp_gateway.check")
def check() -> None:
    """Send the next batch."""
    heartbeats.beat(heartbeats.SEND)
    if delivery.check().unfinished:
        check.delay()


@shared_task(name="smtp_gateway.daily_log_if_due")
def daily_log_if_due() -> None:
    """Write and queue the daily log; once a day, with it, old text is removed."""
    heartbeats.beat(heartbeats.DAILY_LOG)
    at = timezone.now()
    if daily_log.send_if_due(at=at):
        pruning.prune(at=at)
