"""What Celery may ask for. Each task says one verb; the database says what is due."""

from celery import shared_task
from django.utils import timezone

from circulation import retention
from circulation.imports import by_hand, pruning


@shared_task(name="circulation.forget")
def forget() -> None:
    """Borrowers of loans that came back long ago, and what old files said."""
    retention.forget(on=timezone.localdate())
    pruning.prune(at=timezone.now())


@shared_task(name="circulation.apply_file")
def apply_file(pk: int) -> None:
    """A file that a person asked for on the page; its argument is a number, never a name."""
    by_hand.apply_asked(pk, on=timezone.localdate(), at=timezone.now())
