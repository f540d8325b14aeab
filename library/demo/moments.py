"""Due dates for the moments of a loan, found by asking the schedules; nothing here knows how many days a step has."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

from circulation.calendar import OpenDays
from circulation.models import Loan
from notices import steps
from notices.models import Schedule

ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
LONGEST_MEMORY = timedelta(days=60)
"""How long ago the loans fell due that have heard their last step."""


class Moment(StrEnum):
    """Where a loan stands on the day that the school is made."""

    REMINDER = auto()
    OVERDUE_1 = auto()
    OVERDUE_2 = auto()
    OVERDUE_3 = auto()
    TOLD = auto()
    """Has heard the step that it is at."""
    LATER = auto()
    """Due after the reminder's days."""
    JUST_LATE = auto()
    """Late, and its first step is still to come."""
    SILENT = auto()
    """Past *stop after*."""


NUMBERS = {Moment.OVERDUE_1: 1, Moment.OVERDUE_2: 2, Moment.OVERDUE_3: 3}


class Moments:
    """The days on which a loan under one schedule may be due, so that it stands at a given moment on ``on``.

    An overdue step is *reached* in the week in which its turn comes: what came before that week was told (``ledger``).
    Days are open ones wherever there is one among them.
    """

    def __init__(self, schedule: Schedule, *, on: date, open_days: OpenDays) -> None:
        self.schedule = schedule
        self._on = on
        self._open = open_days
        windows = steps.windows(schedule, on=on, open_days=open_days)
        self._reminders = [window.due_from for window in windows if window.step.is_reminder]
        self._overdue = {window.step.number: window for window in windows if not window.step.is_reminder}

    def days(self, moment: Moment, *, loan_days: int) -> list[date]:
        """Never empty for a moment that the schedule has. *Later* lies within one loan length (``loan_days``)."""
        if moment in NUMBERS:
            first, last = self._hold(NUMBERS[moment])
            return self._between(max(first, last - ONE_WEEK + ONE_DAY), last)
        match moment:
            case Moment.REMINDER:
                return self._open_ones(self._reminders)
            case Moment.TOLD:
                return [day for number in self._overdue for day in self._after_the_first_week(number)]
            case Moment.LATER:
                last_reminder = max([self._on, *self._reminders])
                return self._between(last_reminder + ONE_DAY, self._on + timedelta(days=loan_days))
            case Moment.JUST_LATE:
                return self._between(self._hold(1)[1] + ONE_DAY, self._on - ONE_DAY)
        silent = self._on - timedelta(days=self.schedule.stop_after)
        return self._between(silent - LONGEST_MEMORY, silent - ONE_WEEK)

    def _hold(self, number: int) -> tuple[date, date]:
        """The first and the last due date at which a step stands until the next one's turn."""
        window, later = self._overdue[number], self._overdue.get(number + 1)
        return (later.due_to + ONE_DAY if later else window.due_from), window.due_to

    def _after_the_first_week(self, number: int) -> list[date]:
        """May be empty: where the next step follows within a week, nobody waits for it."""
        first, last = self._hold(number)
        days = _each_day(max(first, self._on - LONGEST_MEMORY), last - ONE_WEEK)
        return [day for day in days if self._open.is_open(day)]

    def _between(self, first: date, last: date) -> list[date]:
        return self._open_ones(_each_day(first, last))

    def _open_ones(self, days: list[date]) -> list[date]:
        return [day for day in days if self._open.is_open(day)] or days


def _each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The day, the calendar, and the moments of each schedule in use."""

    on: date
    open_days: OpenDays
    pupils: Moments
    staff: Moments
    borrowing: Moments
    lending: Moments

    def of(self, loan: Loan) -> Moments:
        """Those of the schedule that ``loan`` falls under."""
        if loan.service == Loan.Service.ILL_BORROWING:
            return self.borrowing
        if loan.patron is None:
            return self.lending
        return self.staff if loan.patron.group.is_staff else self.pupils
