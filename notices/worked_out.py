"""What a worker works out for a page and keeps: any number of people may ask, one is answered, for ten minutes.

What it is and where it is kept is the business of its module, which has ``kept`` and ``make``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils import timezone

FRESH = timedelta(minutes=10)


class WorkedOut(Protocol):
    """Anything that was true at ``made_at``."""

    @property
    def made_at(self) -> datetime: ...


def is_fresh(found: WorkedOut | None, *, at: datetime) -> bool:
    return found is not None and at - found.made_at < FRESH


def make_if_stale(*, key: int, kept: Callable[..., WorkedOut | None], make: Callable[..., Any], at: datetime) -> None:
    """For a worker: ``make`` it, unless another does so now or it is fresh. ``key``: of the advisory lock."""
    on = timezone.localtime(at).date()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SELECT pg_try_advisory_xact_lock(%s)", [key])
        if cursor.fetchone()[0] and not is_fresh(kept(on=on), at=at):
            make(on=on, at=at)
