"""One look at the clock: the daily run if it is due, then whatever letters are still to be written; old drafts go."""

from contextlib import suppress
from datetime import date, datetime

from django.utils import timezone

from notices import compose, held, letters, scan, take_back
from smtp_gateway.errors import OutboxError

SECONDS_FOR_WRITING = 240
"""Well under the hard time limit of a task; what is left is written at the next look."""


def look(*, at: datetime) -> None:
    """Safe to be called by any number of clocks. A run that cannot be made does not keep written letters back."""
    today = timezone.localtime(at).date()
    try:
        scan.run_if_due(at=at)
    finally:
        take_back.put_off(on=today)
        write(on=today)
    letters.sweep(before=today)


def write(*, on: date) -> None:
    """A gateway without an address only delays the writing: its page says so, and the letters wait as planned."""
    with suppress(OutboxError):
        held.speak_from(on)
        compose.write_planned(on=on, seconds=SECONDS_FOR_WRITING)
