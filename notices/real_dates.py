"""A schedule with real dates: on which days a loan that is due on one day hears each step, if nothing changes.

The days come from ``steps.windows``, the quiet ones from ``ready``; what is added here is only a ledger of one loan,
kept in memory and asked as the scan asks the real one. Reads no database and no clock.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from circulation.calendar import OpenDays
from notices import ready, steps
from notices.models import RunSettings, Schedule, Step

ONE_DAY = timedelta(days=1)
LOOKED_AHEAD = timedelta(days=500)
HOLIDAYS = 70
"""Days before a reminder's own: counted in open days it can lie before closed ones."""
LENT_BEFORE = timedelta(days=365)
"""The loan is taken to be an old one: its reminders are not left out because its due date is too new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """One step. ``reached``: the first day on which it could go, None where there is none; ``said``: the day on which
    it goes, None where it is passed over; ``again``: its first repeat."""

    step: Step
    reached: date | None
    said: date | None
    again: date | None = None


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """What decides whether letters go on a day, beside the schedule."""

    settings: RunSettings
    open_days: OpenDays
    library_day: int | None = None

    def why_not(self, schedule: Schedule, day: date) -> str | None:
        """The reason as a sentence; None when letters of this schedule may go."""
        quiet = ready.why_quiet(self.settings, on=day, open_days=self.open_days)
        if quiet is not None:
            return quiet
        if schedule.weekdays and day.weekday() not in schedule.weekdays:
            return f"Letters of this schedule do not go on {ready.WEEKDAYS[day.weekday()]}."
        if not steps.is_letter_day(schedule, day, library_day=self.library_day):
            return "It is not the group’s library day."
        return None

    def without_holidays(self) -> "Calendar":
        """The same weeks for ever, with no closed days but the weekly ones."""
        weekly = OpenDays(weekdays=self.open_days.weekdays)
        return Calendar(settings=self.settings, open_days=weekly, library_day=self.library_day)


def with_steps(schedule: Schedule, unsaved: Sequence[Step]) -> Schedule:
    """The schedule as it would be with these steps: ``steps`` asks it for them as if they had been prefetched."""
    if schedule.pk is None:
        schedule.pk = 0  # a relation of a row without a key cannot be asked
    schedule._prefetched_objects_cache = {"steps": list(unsaved)}  # type: ignore[attr-defined]
    return schedule


def of_a_loan(schedule: Schedule, *, due_on: date, calendar: Calendar) -> list[Dates]:
    """Every step with its days, in the order of the steps. Raises CalendarError where the library never opens."""
    return _of_a_loan(schedule, due_on=due_on, calendar=calendar, windows=_windows(schedule, calendar))


def _windows(schedule: Schedule, calendar: Calendar) -> Callable[[date], list[steps.Window]]:
    """Those of a day are the same for every loan: for the due dates of a week they are found once."""
    return cache(lambda day: steps.windows(schedule, on=day, open_days=calendar.open_days))


def _of_a_loan(
    schedule: Schedule, *, due_on: date, calendar: Calendar, windows: Callable[[date], list[steps.Window]]
) -> list[Dates]:
    ledger = _Ledger(schedule)
    for day in _days(schedule, due_on):
        reached = [
            window
            for window in windows(day)
            if window.due_from <= due_on <= window.due_to
            and (window.set_before is None or due_on - LENT_BEFORE < window.set_before)
        ]
        ledger.reach(reached, on=day)
        if reached and calendar.why_not(schedule, day) is None:
            ledger.say(reached, on=day)
        if ledger.is_complete:
            break
    return ledger.dates()


def passed_over(schedule: Schedule, *, on: date, calendar: Calendar) -> dict[int, list[int]]:
    """Step number → weekdays of due dates for which the weekly rhythm passes the step over; steps never reached are
    left out. Due dates fall on open weekdays, as everywhere."""
    rhythm = calendar.without_holidays()
    windows = _windows(schedule, rhythm)
    found: dict[int, list[int]] = {}
    for ahead in range(7):
        due_on = on + timedelta(days=ahead)
        if not rhythm.open_days.is_open(due_on):
            continue
        for dates in _of_a_loan(schedule, due_on=due_on, calendar=rhythm, windows=windows):
            if dates.reached is not None and dates.said is None:
                found.setdefault(dates.step.number, []).append(due_on.weekday())
    return {number: sorted(days) for number, days in found.items()}


def _days(schedule: Schedule, due_on: date) -> Iterator[date]:
    """From well before the first reminder to *stop after*."""
    reminders = [-step.days for step in schedule.steps.all() if step.is_reminder]
    day = due_on - timedelta(days=2 * max(reminders) + HOLIDAYS) if reminders else due_on
    last = due_on + min(timedelta(days=schedule.stop_after), LOOKED_AHEAD)
    while day <= last:
        yield day
        day += ONE_DAY


class _Ledger:
    """What one loan has heard about one due date, and what the scan's rules (``scan_sql.JUDGE``) let it hear next."""

    def __init__(self, schedule: Schedule) -> None:
        self._steps = sorted(schedule.steps.all(), key=lambda step: (step.days, step.number))
        self._days_between = timedelta(days=schedule.days_between)
        self._reached: dict[int, date] = {}
        self._said: dict[int, list[date]] = {}

    def reach(self, windows: list[steps.Window], *, on: date) -> None:
        for window in windows:
            if self._may_be_said(window):
                self._reached.setdefault(window.step.number, on)

    def say(self, windows: list[steps.Window], *, on: date) -> None:
        """What is new goes alone; what is said again goes only where nothing is new."""
        last = max((days[-1] for days in self._said.values()), default=None)
        if last is not None and last > on - self._days_between:
            return
        new = [window for window in windows if self._may_be_said(window)]
        for window in new or [window for window in windows if self._may_be_repeated(window, on=on)]:
            self._said.setdefault(window.step.number, []).append(on)

    @property
    def is_complete(self) -> bool:
        """Everything was said, and once more where it repeats."""
        return all(len(self._said.get(step.number, ())) >= (2 if step.repeat_days else 1) for step in self._steps)

    def dates(self) -> list[Dates]:
        return [
            Dates(
                step=step,
                reached=self._reached.get(step.number),
                said=next(iter(self._said.get(step.number, ())), None),
                again=next(iter(self._said.get(step.number, ())[1:]), None),
            )
            for step in self._steps
        ]

    @property
    def _top(self) -> int | None:
        return max((number for number in self._said if number > 0), default=None)

    def _may_be_said(self, window: steps.Window) -> bool:
        top, number = self._top, window.step.number
        if number in self._said or (top is not None and number < top):
            return False
        if window.after is None:
            return True
        if (top or 0) < window.after:
            return False
        return window.said_by is None or (top is not None and self._said[top][0] <= window.said_by)

    def _may_be_repeated(self, window: steps.Window, *, on: date) -> bool:
        step, said = window.step, self._said.get(window.step.number)
        if not said or step.repeat_days is None or step.number < (self._top or step.number):
            return False
        enough = step.repeat_times is not None and len(said) > step.repeat_times
        return not enough and said[-1] + timedelta(days=step.repeat_days) <= on
