"""Which step a loan is at: the one place that knows the rule (product.md, N2).

Schedule and day in, windows of due dates out. Reads no clock and no database: the scan, the forecast and *Why?* join
loans to these windows. What was said before is the ledger's business; a window only names what must have been said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

from circulation.calendar import OpenDays
from notices.models import Schedule, Step

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Loans due from ``due_from`` to ``due_to`` (both included) have reached ``step``."""

    step: Step
    due_from: date
    due_to: date
    set_before: date | None = None
    """Reminders: only where the current due date was set before this day, the step's own."""
    after: int | None = None
    """Climbing: the overdue number that must have been said, or a higher one; 0: none. None: whatever was said."""
    said_by: date | None = None
    """Climbing: and it was first said on this day at the latest."""
    is_last: bool = False
    """The highest overdue step of its schedule."""


def windows(schedule: Schedule, *, on: date, open_days: OpenDays) -> list[Window]:
    """The due dates whose loans have reached each step by ``on``; steps of one day share a window.

    ILLiad's examples: due 1 December with steps at 2, 5 and 14 days → 3, 6 and 15 December. Where steps are climbed,
    an overdue window has no end but *stop after*: the ledger says which rung comes next.
    """
    if schedule.no_letters:
        return []
    days = _Days(schedule, open_days)
    return [*_reminders(schedule, on, days), *_overdue(schedule, on, days)]


def of_all(schedules: list[Schedule], *, on: date, open_days: OpenDays) -> list[Window]:
    """The windows of several schedules."""
    return [window for schedule in schedules for window in windows(schedule, on=on, open_days=open_days)]


def looked_at(schedules: list[Schedule], windows: list[Window], *, on: date) -> tuple[date, date]:
    """The first and the last due date of the loans that a run looks at whose schedules have these windows: longest
    *stop after* to longest reminder."""
    reach = [window.due_to for window in windows]
    longest = max((schedule.stop_after for schedule in schedules), default=0)
    return on - timedelta(days=longest), max([on, *reach])


def following(schedule: Schedule, step: Step) -> Step | None:
    """The next overdue step on a later day, if there is one."""
    later = [other for other in _in_order(schedule) if other.number > 0 and other.days > step.days]
    return later[0] if later else None


def next_day(
    schedule: Schedule, step: Step, *, due_on: date, said_on: date, open_days: OpenDays, library_day: int | None
) -> date | None:
    """The day on which the step after ``step`` goes, if nothing changes: an open day and a day for letters."""
    coming = following(schedule, step)
    if coming is None:
        return None
    days = _Days(schedule, open_days)
    if schedule.climb and step.number > 0:
        day = days.reached(said_on, coming.days - step.days)
    else:
        day = days.reached(due_on, coming.days)
    return letter_day(schedule, max(day, said_on + ONE_DAY), open_days=open_days, library_day=library_day)


def letter_day(schedule: Schedule, day: date, *, open_days: OpenDays, library_day: int | None) -> date:
    """``day``, or the next open one that is among the schedule's weekdays, and the group's library day if it asks so.

    Where the two never meet within a year, the first open day stands for *some time later*.
    """
    first = day = open_days.first_open(day)
    for _ in range(366):
        if is_letter_day(schedule, day, library_day=library_day):
            return day
        day = open_days.first_open(day + ONE_DAY)
    return first


def is_letter_day(schedule: Schedule, day: date, *, library_day: int | None) -> bool:
    """Whether letters may go on this weekday, as far as the schedule and the group's library day decide it."""
    if schedule.weekdays and day.weekday() not in schedule.weekdays:
        return False
    return not schedule.on_library_day or library_day in (None, day.weekday())


def disorder(rungs: list[tuple[int, int]]) -> list[str]:
    """What is wrong with these (number, days) of one schedule, as sentences; empty where nothing is.

    Numbers rise with the days, because the ledger never says a lower one after a higher one.
    """
    found = []
    for (number, days), (next_number, next_days) in pairwise(sorted(rungs)):
        if next_days < days:
            found.append(
                f"Step {next_number} ({next_days} days) comes before step {number} ({days} days). "
                "Give the earlier day the lower number."
            )
    return found


def _in_order(schedule: Schedule) -> list[Step]:
    return sorted(schedule.steps.all(), key=lambda step: (step.days, step.number))


def _stages(steps: list[Step]) -> list[tuple[int, list[Step]]]:
    """Steps by their day: those of one day share a window."""
    return [(days, list(shared)) for days, shared in groupby(steps, key=lambda step: step.days)]


def _reminders(schedule: Schedule, on: date, days: "_Days") -> Iterator[Window]:
    """From each reminder's day to the day before the next reminder's, the last to the due date; one due date each,
    because each has its own day before which the due date must have been set."""
    stages = _stages([step for step in _in_order(schedule) if step.is_reminder])
    ends = [days.latest_due(on, later) + ONE_DAY for later, _ in stages[1:]]
    for (offset, steps), due_from in zip(stages, [*ends, on], strict=False):
        for due in _each_day(max(on, due_from), days.latest_due(on, offset)):
            for step in steps:
                yield Window(step=step, due_from=due, due_to=due, set_before=days.reached(due, offset))


def _overdue(schedule: Schedule, on: date, days: "_Days") -> Iterator[Window]:
    stages = _stages([step for step in _in_order(schedule) if not step.is_reminder])
    first_due = on - timedelta(days=schedule.stop_after)
    for place, (offset, steps) in enumerate(stages):
        is_last = place == len(stages) - 1
        due_to = days.latest_due(on, offset)
        due_from, after, said_by = first_due, None, None
        if schedule.climb:
            before, rungs = stages[place - 1] if place else (0, [])
            after = min((rung.number for rung in rungs), default=0)
            said_by = days.latest_due(on, offset - before) if rungs else None
        elif not is_last:
            due_from = max(first_due, days.latest_due(on, stages[place + 1][0]) + ONE_DAY)
        if due_from <= due_to:
            for step in steps:
                yield Window(step=step, due_from=due_from, due_to=due_to, after=after, said_by=said_by, is_last=is_last)


def _each_day(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


class _Days:
    """Counts days from a due date as the schedule says: calendar days, or days on which the library is open."""

    def __init__(self, schedule: Schedule, open_days: OpenDays) -> None:
        self._open = open_days if schedule.count == Schedule.Count.OPEN else None

    def latest_due(self, on: date, offset: int) -> date:
        """The latest due date that is ``offset`` days past by ``on`` (or at most −offset days ahead)."""
        if self._open is None:
            return on - timedelta(days=offset)
        if offset > 0:
            return self._open.nth(on, offset, backwards=True) - ONE_DAY
        return self._open.nth(on + ONE_DAY, 1 - offset) - ONE_DAY

    def reached(self, due: date, offset: int) -> date:
        """The first day on which a loan due on ``due`` is ``offset`` days past it."""
        if self._open is None:
            return due + timedelta(days=offset)
        if offset > 0:
            return self._open.nth(due + ONE_DAY, offset)
        return self._open.nth(due, 1 - offset, backwards=True)
