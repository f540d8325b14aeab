"""What Celery may ask for. Each task says one verb; the database says what is due."""

from celery import shared_task
from django.utils import timezone

from notices import daily, forecast, kept_shelf_check
from smtp_gateway import heartbeats

HEARTBEAT = "Daily overdue scan"


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
