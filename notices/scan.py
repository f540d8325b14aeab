"""Find the loans that have reached a step today and put them in the ledger, once.

Set-based: Python never walks through loans, and memory does not grow with their number. It records which loans
reached which step (notices) and who will hear of it (letters still to be written); it writes no words and sends
nothing. Everything of one run is one transaction: whole, or not at all.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from circulation.calendar import CalendarError, OpenDays
from notices import held, ready, recipients, steps
from notices.assignments import Assignment, assignments
from notices.models import Outcome, Run, RunSettings, Schedule
from notices.scan_sql import (
    ADDED_MUCH,
    BY_CHANNEL,
    CLEAR,
    JUDGE,
    NOBODY,
    PLAN,
    SAY,
    STILL_SO,
    TABLES,
    TOO_SOON,
)
from smtp_gateway import identity

ONE_RUN_AT_A_TIME = 7_001
"""Key of the advisory lock: two runs at once would both be right, and one of them would do the work for nothing."""


PATIENCE = "SET LOCAL statement_timeout = 0"
# The planner knows nothing of its own intermediate results, takes them for one row each, and loops squared. They fit
# into this much memory at a million loans; without it each of them is written to disk and read again. What the planner
# thinks a long statement costs is not worth compiling it.
ALL_AT_ONCE = "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '96MB'; SET LOCAL jit = off"

WINDOW = (
    "schedule_id",
    "step_id",
    "number",
    "due_from",
    "due_to",
    "set_before",
    "after",
    "said_by",
    "is_last",
    "repeat_days",
    "repeat_times",
    "who",
    "how",
)
"""Columns of the table ``due_window``."""


class RunError(Exception):
    """A run whose counts do not add up to the loans that it looked at. Nothing of it is kept but this sentence."""


def run_if_due(*, at: datetime) -> Run | None:
    """The daily run, if ``at`` is past its time and today has none yet. Any number of clocks may ask.

    A copy of the database stays quiet (product.md, G9), and so does a day whose file of loans has not come yet.
    """
    local = timezone.localtime(at)
    if not ready.is_due(RunSettings.the(), local=local) or Run.objects.of_day(local.date()).by_the_clock().exists():
        return None
    if ready.waits_for_a_file(at=at) or identity.is_a_copy():
        return None
    reason = ready.why_quiet(RunSettings.the(), on=local.date(), open_days=OpenDays.load())
    return _by_the_clock(on=local.date(), at=at, quiet=reason)


def run(*, on: date, by: User | None = None, only: Collection[int] | None = None) -> Run:
    """A run by hand: auto-send, closed days and weekdays do not matter, *no letters* always does (product.md, N9).

    ``only``: the ids of the loans that a person chose; without it, every loan. Raises CalendarError, RunError.
    """
    with transaction.atomic():
        record = Run.objects.create(day=on, by=by, started_at=timezone.now())
        _look(record, only=only)
    return record


def _by_the_clock(*, on: date, at: datetime, quiet: str | None) -> Run | None:
    """The day's row and what it permits are one transaction; who comes second finds the row and leaves."""
    try:
        with transaction.atomic():
            record = _claim_the_day(on=on, at=at)
            if record is None:
                return None
            if quiet:
                record.state, record.reason, record.finished_at = Run.State.QUIET, quiet, timezone.now()
                record.save()
            else:
                _look(record)
                held.hold_if_unusual(record)
            return record
    except (RunError, CalendarError) as wrong:
        return Run.objects.create(
            day=on, by_clock=True, started_at=at, finished_at=timezone.now(), state=Run.State.FAILED, reason=str(wrong)
        )


def _claim_the_day(*, on: date, at: datetime) -> Run | None:
    try:
        with transaction.atomic():
            return Run.objects.create(day=on, by_clock=True, started_at=at)
    except IntegrityError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One look at the loans: on which day, by the clock or by a person, at all of them or only at these ids."""

    on: date
    by_clock: bool
    only: Collection[int] | None = None


def _look(record: Run, *, only: Collection[int] | None = None) -> None:
    """Judge every loan, write notices and planned letters, and count; raises RunError when the sums do not agree."""
    question = Question(on=record.day, by_clock=record.by_clock, only=only)
    schedules = list(Schedule.objects.in_force())
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        if only is None:
            cursor.execute(ALL_AT_ONCE)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_RUN_AT_A_TIME])
        open_days = OpenDays.load()
        windows = write_rules(cursor, schedules, on=record.day, open_days=open_days)
        counts = _judge(cursor, _values(question, schedules, windows))
        looked_at = counts.pop("looked_at")
        if _anything_at_a_step(cursor):
            recipients.find(cursor, on=record.day)
            counts += _sort_out(cursor, question, days_between=any(schedule.days_between for schedule in schedules))
            say(cursor, run_id=record.pk, on=record.day)
        cursor.execute(CLEAR)
        cursor.execute("SET LOCAL enable_nestloop = on")
    if counts.total() != looked_at:
        raise RunError(f"{looked_at} loans were looked at, but what became of them adds up to {counts.total()}.")
    record.looked_at = looked_at
    for outcome in Outcome:
        setattr(record, outcome.value, counts[outcome.value])
    record.letters = record.letters_of.count()
    record.finished_at = timezone.now()
    record.save()


def write_rules(
    cursor: CursorWrapper, schedules: list[Schedule], *, on: date, open_days: OpenDays
) -> list[steps.Window]:
    """Temporary tables ``falls_under`` (which schedule a loan has) and ``due_window`` (which step it has reached).

    Returns the windows. Raises CalendarError.
    """
    cursor.execute(TABLES)
    write_assignments(cursor, assignments(schedules))
    windows = steps.of_all(schedules, on=on, open_days=open_days)
    copy_rows(cursor, "due_window", WINDOW, map(window_row, windows))
    cursor.execute("ANALYZE falls_under, due_window")
    return windows


def write_assignments(cursor: CursorWrapper, found: Iterable[Assignment]) -> None:
    """Fill ``falls_under``."""
    columns = ("service", "group_id", "collection_id", "schedule_id")
    rows = ((one.service, one.group, one.collection, one.schedule.pk) for one in found)
    copy_rows(cursor, "falls_under", columns, rows)


def window_row(window: steps.Window) -> tuple[Any, ...]:
    """The columns of WINDOW."""
    step = window.step
    return (
        step.schedule_id,
        step.pk,
        step.number,
        window.due_from,
        window.due_to,
        window.set_before,
        window.after,
        window.said_by,
        window.is_last,
        step.repeat_days,
        step.repeat_times,
        step.who,
        step.how,
    )


def _values(question: Question, schedules: list[Schedule], windows: list[steps.Window]) -> dict[str, Any]:
    first, last = steps.looked_at(schedules, windows, on=question.on)
    return {
        "on": question.on,
        "first": first,
        "last": last,
        "weekday": question.on.weekday(),
        "by_hand": not question.by_clock,
        "only": None if question.only is None else list(question.only),
    }


def _judge(cursor: CursorWrapper, values: dict[str, Any]) -> Counter[str]:
    """Fill ``loans_at_step`` with what may be said; count everything that is not, by outcome."""
    cursor.execute(JUDGE, values)
    counts = Counter(dict(cursor.fetchall()))
    cursor.execute("ANALYZE loans_at_step")
    cursor.execute(STILL_SO, values)
    counts[Outcome.STATUS] += cursor.rowcount
    return counts


def _anything_at_a_step(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM loans_at_step)")
    return bool(cursor.fetchone()[0])


def _sort_out(cursor: CursorWrapper, question: Question, *, days_between: bool) -> Counter[str]:
    """Drop loans that nobody can or may be told about, and those whose people were written to too recently."""
    counts: Counter[str] = Counter()
    statements = [NOBODY, *([TOO_SOON] if days_between else []), BY_CHANNEL]
    for statement in statements:
        cursor.execute(statement, {"on": question.on})
        counts.update(dict(cursor.fetchall()))
    return counts


def say(cursor: CursorWrapper, *, run_id: int, on: date) -> None:
    """Put what is left in ``loans_at_step`` into the ledger, and plan its letters."""
    cursor.execute(SAY, {"on": on, "run": run_id})
    plan_letters(cursor, run_id=run_id, on=on)


def plan_letters(cursor: CursorWrapper, *, run_id: int, on: date) -> None:
    """Letters to be written from ``said`` and ``told_to``: one per recipient, service, audience and channel."""
    cursor.execute(PLAN, {"run": run_id, "on": on})
    cursor.execute(ADDED_MUCH)
    if cursor.fetchone()[0]:
        cursor.execute("ANALYZE notices_notice, notices_letter, notices_line")


def copy_rows(
    cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Sequence[int | date | str | None]]
) -> None:
    """Many small rows at once. Their text is words of the program: it holds neither tabs nor backslashes."""
    lines = ("\t".join(["\\N" if cell is None else str(cell) for cell in row]) for row in rows)
    cursor.cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", StringIO("\n".join(lines)))
