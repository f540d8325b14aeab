"""What Celery may ask for. Each task says one verb; the database says what is due."""

from celery import shared_task
from django.utils import timezone

from notices import daily


@shared_task(name="notices.scan_if_due")
def scan_if_due() -> None:
    daily.look(at=timezone.now())
