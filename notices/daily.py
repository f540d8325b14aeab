"""One look at the clock: the daily run if it is due, then whatever letters are still to be written."""

from datetime import datetime

from django.utils import timezone

from notices import compose, scan
from smtp_gateway.errors import OutboxError

SECONDS_FOR_WRITING = 240
"""Well under the hard time limit of a task; what is left is written at the next look."""


def look(*, at: datetime) -> None:
    """Safe to be called by any number of clocks. A gateway without an address only delays the writing."""
    scan.run_if_due(at=at)
    try:
        compose.write_planned(on=timezone.localtime(at).date(), seconds=SECONDS_FOR_WRITING)
    except OutboxError:
        return  # ``lifecycle`` says so on every page, and the letters wait as planned.
