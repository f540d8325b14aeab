"""A simulated year: 20,000 patrons, their school's calendar, and 365 daily runs with a moving date.

``python -m benchmarks.year`` fills a database of its own and lives through the year (``year_lived``): the program's own
tasks and verbs, with only the clock moved; letters go to a sink at the pace of the gateway's settings, 200 an hour.
Every table that PostgreSQL's autovacuum would have visited by then is vacuumed in the night. ``--quick``: three weeks
of two campuses.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import results, sink
from library.embedded import Address, Postgres, free_port, running

if TYPE_CHECKING:
    from benchmarks.moved_clock import MovedClock

FIRST = date(2027, 3, 1)
DAYS, DAYS_OF_QUICK = 365, 21
WEEKS_BEFORE = 4
"""So long books are lent before the daily run is switched on."""


@contextmanager
def installation(folder: Path) -> Iterator["MovedClock"]:
    """A database of its own whose clock can be moved."""
    address = Address(port=free_port(), password=secrets.token_urlsafe(16))
    with running(Postgres(folder=folder / "postgresql", address=address)):
        os.environ["DATABASE_URL"] = address.database_url
        os.environ["LIBRARY_VAR"] = str(folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")
        from benchmarks.moved_clock import MovedClock

        clock = MovedClock(address.database_url)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("set_up", verbosity=0)
        yield clock
        from django.db import connection

        connection.close()


def live(*, clock: "MovedClock", received: sink.Sink, quick: bool) -> list[str]:
    """The year, and what there is to tell of it."""
    from benchmarks import year_at_school, year_told
    from benchmarks.year_lived import Year
    from notices.models import RunSettings
    from tests.smtp_gateway.outgoing import a_gateway

    began = time.monotonic()
    clock.move(datetime.combine(FIRST - timedelta(weeks=WEEKS_BEFORE, days=1), datetime.min.time(), tzinfo=UTC))
    a_gateway(port=received.port, minutes_between_checks=60, messages_each_check=200)
    RunSettings.objects.filter(pk=1).update(enabled=True, first_day=FIRST)
    size = year_at_school.School(campuses=2, staff=40, items=4_000) if quick else year_at_school.School()
    year = Year(first=FIRST, clock=clock, open_days=year_at_school.open_school(size, on=FIRST))
    year.before(weeks=WEEKS_BEFORE)
    sys.stdout.write(f"A school was made, and lent for {WEEKS_BEFORE} weeks: {time.monotonic() - began:.0f} s\n")
    year.live(days=DAYS_OF_QUICK if quick else DAYS)
    told = year_told.lines(year, arrived=received.count)
    if quick:
        return told
    year_told.draw(year, Path(__file__).with_name("year.svg"))
    return [*told, "", "![Seconds of processor time for one day, through the year](year.svg)", "", year_told.STORY]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="library-year-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, server and sink run as others
        with installation(folder) as clock, sink.running(folder / "sink") as received:
            told = live(clock=clock, received=received, quick=quick)
    sys.stdout.write("\n".join(told) + "\n")
    results.write("A simulated year", told, quick=quick)


if __name__ == "__main__":
    main()
