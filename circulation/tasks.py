"""What Celery may ask for. Each task says one verb; the database says what is due."""

from celery import shared_task
from django.utils import timezone

from circulation import retention


@shared_task(name="circulation.forget")
def forget() -> None:
    """Borrowers of loans that came back long ago."""
    retention.forget(on=timezone.localdate())
