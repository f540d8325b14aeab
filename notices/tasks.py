"""What Celery may ask for. Each task says one verb; the database says what is due."""

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from notices import daily, forecast, kept_shelf_check
from smtp_gateway import heartbeats

HEARTBEAT = "Daily overdue scan"
SECONDS_UNTIL_NOBODY_WAITS = 120


@shared_task(name="notices.scan_if_due")
def scan_if_due() -> None:
    heartbeats.beat(HEARTBEAT)
    daily.look(at=timezone.now())


@shared_task(name="notices.work_out_the_forecast")
def work_out_the_forecast() -> None:
    forecast.make_if_stale(at=timezone.now())


@shared_task(name="notices.write_down_the_shelf_check")
def write_down_the_shelf_check() -> None:
    kept_shelf_check.make_if_stale(at=timezone.now())


def ask_a_worker(task: Task) -> bool:  # type: ignore[type-arg]
    """For a page that waits: whether the broker took it. It asks again: behind a busy worker the request expires."""
    try:
        task.apply_async((), retry=False, expires=SECONDS_UNTIL_NOBODY_WAITS)
    except OperationalError:
        return False
    return True
