"""The rows that every installation has: beat's four ticks, and what each app registers in ``slots.standing_rows``.

Run as often as one likes. There are no data migrations: what stands in the database from the start is made here.
"""

from dataclasses import dataclass

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from library import slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """How often beat says "look at the clock". What is due, the database says."""

    name: str
    task: str
    seconds: int
    queue: str
    description: str


TICKS = [
    Tick(
        name="Send the next batch",
        task="smtp_gateway.check",
        seconds=5,
        queue="gateway",
        description="The gateway sends as many waiting messages as its settings allow, if a batch is due.",
    ),
    Tick(
        name="Daily overdue scan",
        task="notices.scan_if_due",
        seconds=30,
        queue="celery",
        description="The daily run starts if its time has come today; letters that are not written yet are written.",
    ),
    Tick(
        name="Daily log",
        task="smtp_gateway.daily_log_if_due",
        seconds=30,
        queue="celery",
        description="Yesterday's log goes out if its time has come today.",
    ),
    Tick(
        name="Forget old borrowers",
        task="circulation.forget",
        seconds=3600,
        queue="celery",
        description="Loans that came back long ago lose their borrowers, as the library's settings say.",
    ),
]


@transaction.atomic
def set_up() -> None:
    for tick in TICKS:
        _make(tick)
    for make_rows in slots.standing_rows:
        make_rows()


def _make(tick: Tick) -> None:
    every, _ = IntervalSchedule.objects.get_or_create(every=tick.seconds, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.update_or_create(
        name=tick.name,
        defaults={
            "task": tick.task,
            "interval": every,
            "queue": tick.queue,
            # A tick that waited behind others says nothing new.
            "expire_seconds": tick.seconds * 2,
            "description": tick.description,
            "enabled": True,
        },
    )
