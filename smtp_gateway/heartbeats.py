"""A tick was heard: the watchdog listens for the ones that fall silent."""

from datetime import datetime, timedelta

from django.db.models.functions import Now

from smtp_gateway.models import Heartbeat

SEND = "Send the next batch"
DAILY_LOG = "Daily log"

#: Ticks come every 5 to 30 seconds; a worker may be busy for a minute, and a restart takes another.
SILENCE_ALLOWED = timedelta(minutes=3)


def beat(name: str) -> None:
    """This tick ran just now."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )


def silent(*, at: datetime) -> list[Heartbeat]:
    """The ticks that were heard once and are not heard any more."""
    return list(Heartbeat.objects.filter(beat_at__lt=at - SILENCE_ALLOWED))
