"""Runs of days that have not come: the scan's own statements over a ledger that nobody keeps (product.md, N9 to N12).

For the length of one transaction the ledger's tables are hidden behind temporary ones of the same names, filled with
what the scan reads of them; where few loans are asked about, so are the tables of loans and people. So the statements
that judge, say and plan letters are those of the real run to the last character, each day finds what the days before
it said, and composing reads the planned letters like any others. It writes nothing that outlives it, waits for nobody
and keeps nobody waiting. However many days are looked at together, they cost one question.

What it supposes: nothing is lent, returned or changed, what is held is let go today, and every letter that is planned
can be written.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.extensions import AsIs

from circulation.calendar import OpenDays
from notices import ready, rehearsal_sql, scan, steps
from notices.assignments import assignments
from notices.models import Run, RunSettings, Schedule

ONE_DAY = timedelta(days=1)
AHEAD = 366
"""How far a next run is looked for before it is taken for never."""

# What the scan's statements ask for stands in the row of the day that is looked at.
OF_THE_DAY = {
    "on": AsIs("the.on_day"),
    "first": AsIs("the.first_due"),
    "last": AsIs("the.last_due"),
    "weekday": AsIs("the.weekday"),
    "by_hand": AsIs("the.by_hand"),
    "run": AsIs("the.run_id"),
}
# Tables of a few rows are not worth a plan for each day; of all loans, each day's are planned by their real size.
ONE_PLAN = "SET LOCAL plan_cache_mode = force_generic_plan"
A_PLAN_FOR_EACH_DAY = "SET LOCAL statement_timeout = 0; SET LOCAL plan_cache_mode = force_custom_plan"


class Rehearsal:
    """Looks at one day after the other; what a day says is in the ledger of the next ones."""

    def __init__(self, cursor: CursorWrapper, schedules: list[Schedule], *, only: Collection[int] | None) -> None:
        self.cursor = cursor
        self.schedules = schedules
        self.open_days = OpenDays.load()
        self.has_looked = False
        self._only = only
        self._deciding = self._assign()

    def look(self, *days: date, by_clock: bool = True, noting: str = "", **values: object) -> bool:
        """What runs of these days would decide, one after the other: the last one's loans and outcomes in ``became``,
        people in ``told_to``, letters in ``planned``. Returns whether that one would say anything.

        ``noting``: what is done after each day (``rehearsal_sql.days``), with these values. Raises CalendarError.
        """
        of_days = {day: steps.of_all(self.schedules, on=day, open_days=self.open_days) for day in days}
        self._write_windows(of_days)
        statement = rehearsal_sql.days(
            many=self._only is None,
            days_between=any(schedule.days_between for schedule in self.schedules),
            noting=noting,
        )
        rows = ", ".join(self._row(day, windows, by_clock=by_clock) for day, windows in of_days.items())
        given = {**OF_THE_DAY, **values, "only": as_array(self._only), "days": AsIs(rows)}
        self.cursor.execute(statement, given)
        self.has_looked = True
        self.cursor.execute("SELECT EXISTS (SELECT FROM told_to)")
        return bool(self.cursor.fetchone()[0])

    def days(self, *, after: date) -> Iterator[tuple[date, str | None]]:
        """From the next run's day on, as if the daily run were switched on today: each with why it is quiet."""
        settings = RunSettings.the()
        ran = Run.objects.of_day(after).by_the_clock().exists()
        day = max(after if settings.enabled and not ran else after + ONE_DAY, settings.first_day or after)
        for _ in range(AHEAD):
            yield day, ready.why_quiet(settings, on=day, open_days=self.open_days)
            day += ONE_DAY

    def runs(self, *, after: date) -> Iterator[date]:
        """The days on which it writes."""
        return (day for day, quiet in self.days(after=after) if quiet is None)

    def _assign(self) -> set[int]:
        """Write which schedule each loan falls under; returns those that any of them falls under."""
        pairs = None
        if self._only is not None:
            self.cursor.execute(rehearsal_sql.PAIRS)
            pairs = self.cursor.fetchall()
        found = list(assignments(self.schedules, among=pairs))
        scan.write_assignments(self.cursor, found)
        if pairs is None:
            self.cursor.execute("ANALYZE falls_under")
        return {one.schedule.pk for one in found}

    def _write_windows(self, of_days: dict[date, list[steps.Window]]) -> None:
        rows = (
            (day, *scan.window_row(window))
            for day, windows in of_days.items()
            for window in windows
            if window.step.schedule_id in self._deciding
        )
        scan.copy_rows(self.cursor, "coming_window", ("on_day", *scan.WINDOW), rows)

    def _row(self, day: date, windows: list[steps.Window], *, by_clock: bool) -> str:
        first, last = steps.looked_at(self.schedules, windows, on=day)
        # Each day's run is another one, and none that is kept.
        return f"('{day}'::date, '{first}'::date, '{last}'::date, {day.weekday()}, {not by_clock}, {-day.toordinal()})"


@contextmanager
def rehearsal(*, on: date, only: Collection[int] | None = None) -> Iterator[Rehearsal]:
    """Imagined runs from the day ``on``, of all loans or of these ids. Raises CalendarError, as a run would.

    Inside, models of these tables read the imagined rows: what else a caller wants of them it reads before or after.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        schedules = list(Schedule.objects.in_force())
        between = max((schedule.days_between for schedule in schedules), default=0)
        values = {"on": on, "since": on - timedelta(days=between), "only": as_array(only)}
        cursor.execute(A_PLAN_FOR_EACH_DAY if only is None else ONE_PLAN)
        cursor.execute(rehearsal_sql.ALL_LOANS if only is None else rehearsal_sql.FEW_LOANS, values)
        cursor.execute(scan.ALL_AT_ONCE)
        yield Rehearsal(cursor, schedules, only=only)
        transaction.set_rollback(True)


def related(loan_ids: Collection[int]) -> list[int]:
    """These loans and every other that can share a letter with one of them, by a home or a partner library."""
    with connection.cursor() as cursor:
        cursor.execute(rehearsal_sql.RELATED, {"loans": as_array(loan_ids)})
        return sorted({*loan_ids, *(pk for (pk,) in cursor.fetchall())})


def as_array(ids: Collection[int] | None) -> str | None:
    """As PostgreSQL reads it from text, which is a quarter of the work for thousands."""
    return None if ids is None else f"{{{','.join(map(str, ids))}}}"
