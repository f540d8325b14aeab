"""A simulated year, lived through: each day as beat and the people of a library have it, and what it cost.

At 3:00 what is old is forgotten; at 6:30 the daily run is made and its letters are written; the gateway looks every
hour; on open days somebody lets held runs go at 9:00, the desk is busy at 10:00, and at 11:00 the paper is printed.
The program is imported after it was set up, and called by its tasks and verbs alone.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

from django.db import connection
from django.utils import timezone

from benchmarks import year_at_school, year_checks
from benchmarks.moved_clock import MovedClock
from benchmarks.processes import cpu_seconds
from circulation.calendar import OpenDays
from circulation.models import Loan
from circulation.tasks import forget
from notices import held, paper, scan
from notices.models import Letter, Run
from notices.tasks import scan_if_due
from smtp_gateway import delivery
from smtp_gateway.models import OutboundMessage
from smtp_gateway.tasks import daily_log_if_due

SIZED = (1, 90, 180, 365)
"""Days at whose end the tables are measured."""
TABLES = {
    "loans": "circulation_loan",
    "notices": "notices_notice",
    "letters": "notices_letter",
    "lines of letters": "notices_line",
    "messages": "smtp_gateway_outboundmessage",
    "attempts": "smtp_gateway_deliveryattempt",
    "the gateway's log": "smtp_gateway_gatewayevent",
    "who did what": "auditlog_logentry",
}
PARTS = ("run", "writing", "sending", "desk", "printing", "forgetting")

# What autovacuum does by its default settings; it is too patient for days that last a second.
DUE_FOR_VACUUM = """
SELECT format('%I', pg_class.relname)
FROM pg_stat_user_tables JOIN pg_class ON pg_class.oid = relid
WHERE schemaname = 'public' AND (n_dead_tup > 50 + .2 * greatest(reltuples, 0)
   OR n_ins_since_vacuum > 1000 + .2 * greatest(reltuples, 0)
   OR n_mod_since_analyze > 50 + .1 * greatest(reltuples, 0))
"""


@dataclass(kw_only=True)
class Spent:
    """Seconds by the clock, and of the processors: Python's and its database session's."""

    clock: float = 0.0
    processor: float = 0.0


@dataclass(kw_only=True)
class Today:
    """One day of the year, in figures."""

    on: date
    spent: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    run: Run | None = None
    written: int = 0
    sent: int = 0
    printed: int = 0
    forgotten: int = 0
    people: year_at_school.Day = field(default_factory=year_at_school.Day)

    @property
    def looked_at(self) -> int:
        return self.run.looked_at if self.run else 0

    @property
    def letters(self) -> int:
        return self.run.letters if self.run else 0


class Year:
    """Day after day from ``first``."""

    def __init__(self, *, first: date, clock: MovedClock, open_days: OpenDays) -> None:
        self._first = first
        self._clock = clock
        self._open_days = open_days
        self._server: int = connection.connection.info.backend_pid
        self.days: list[Today] = []
        self.asked_again = 0
        self.sizes: dict[int, dict[str, tuple[int, float]]] = {}

    def before(self, *, weeks: int) -> None:
        """Books are lent and come back; nobody is written to."""
        for ahead in range(-7 * weeks, 0):
            today = Today(on=self._first + timedelta(days=ahead))
            if self._open_days.is_open(today.on):
                self._people(today)
            self._vacuum()

    def live(self, *, days: int) -> None:
        for number in range(1, days + 1):
            today = Today(on=self._first + timedelta(days=number - 1))
            self._night(today)
            self._morning(today)
            self._until_midnight(today)
            self.days.append(today)
            if number in {*SIZED, days}:
                self.sizes[number] = sizes()
            if today.on.day == 1 or number == days:
                self._report(today)

    def _night(self, today: Today) -> None:
        self._vacuum()
        self._at(today.on, time_of_day(3))
        known = Loan.objects.exclude(returned_on=None).filter(patron__isnull=False)
        before = known.count()
        with self._measured(today, "forgetting"):
            forget()
        today.forgotten = before - known.count()

    def _morning(self, today: Today) -> None:
        """Two clocks ask for the daily run, and one gets it; then what it planned is written."""
        self._at(today.on, time_of_day(6, 30, 1))
        with self._measured(today, "run"):
            today.run = scan.run_if_due(at=timezone.now())
        self.asked_again += scan.run_if_due(at=timezone.now()) is not None
        self._write(today)
        self._at(today.on, time_of_day(7, 0, 1))
        daily_log_if_due()

    def _until_midnight(self, today: Today) -> None:
        is_open = self._open_days.is_open(today.on)
        deeds = {9: self._let_go, 10: self._people, 11: self._print} if is_open else {}
        for hour in range(7, 24):
            if deed := deeds.get(hour):
                self._at(today.on, time_of_day(hour))
                deed(today)
            # A little later every hour: what left an hour ago has left the window of the throttle.
            self._at(today.on, time_of_day(hour, hour))
            self._send(today)
        year_checks.remember(on=today.on, begins=_moment(today.on, time_of_day(0)))

    def _write(self, today: Today) -> None:
        today.written += Letter.objects.to_write().count()
        with self._measured(today, "writing"):
            scan_if_due()

    def _send(self, today: Today) -> None:
        if not OutboundMessage.objects.waiting().exists():
            return
        with self._measured(today, "sending"):
            unfinished = True
            while unfinished:
                done = delivery.check()
                today.sent += done.sent
                unfinished = done.unfinished

    def _let_go(self, today: Today) -> None:
        """Somebody looks at a held run, and lets it go."""
        for run in Run.objects.held_for_a_person():
            held.let_go(run, by=None, on=today.on)
            self._write(today)

    def _people(self, today: Today) -> None:
        at = _moment(today.on, time_of_day(10))
        self._clock.move(at)
        with self._measured(today, "desk"):
            today.people = year_at_school.a_day(on=today.on, at=at, open_days=self._open_days)

    def _print(self, today: Today) -> None:
        """What the desk changed an hour ago was written again by beat; then all paper is printed at once."""
        self._write(today)
        with self._measured(today, "printing"):
            paper.prepare(None, on=today.on, at=timezone.now(), by=None)
            piles = paper.to_print(None, on=today.on)
            shown = {sheet.letter.pk: sheet.letter.revision for pile in piles for sheet in pile.sheets}
            today.printed = paper.mark(shown, at=timezone.now(), by=None).printed

    def _vacuum(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(DUE_FOR_VACUUM)
            for (table,) in cursor.fetchall():
                cursor.execute(f"VACUUM ANALYZE {table}")

    def _at(self, on: date, when: time_of_day) -> None:
        self._clock.move(_moment(on, when))

    @contextmanager
    def _measured(self, today: Today, what: str) -> Iterator[None]:
        began, processor, server = time.perf_counter(), time.process_time(), cpu_seconds(self._server)
        yield
        spent = today.spent[what]
        spent.clock += time.perf_counter() - began
        spent.processor += time.process_time() - processor + cpu_seconds(self._server) - server

    def _report(self, today: Today) -> None:
        month = self.days[-31:]
        spent = {what: sum(day.spent[what].processor for day in month) for what in PARTS}
        seconds = ", ".join(f"{what} {one:.1f}" for what, one in spent.items())
        sys.stdout.write(
            f"{today.on:%-d %b}: {sum(day.people.lent for day in month):,} lent, "
            f"{sum(day.letters for day in month):,} letters, {sum(day.sent for day in month):,} sent; "
            f"processor seconds of {len(month)} days: {seconds}\n"
        )
        sys.stdout.flush()


def _moment(on: date, when: time_of_day) -> datetime:
    return timezone.make_aware(datetime.combine(on, when))


def sizes() -> dict[str, tuple[int, float]]:
    """Rows, and megabytes with indexes and long values, of each table."""
    found = {}
    with connection.cursor() as cursor:
        for name, table in TABLES.items():
            cursor.execute(f"SELECT count(*), pg_total_relation_size('{table}') / 1e6 FROM {table}")
            rows, megabytes = cursor.fetchall()[0]
            found[name] = (rows, float(megabytes))
    return found
