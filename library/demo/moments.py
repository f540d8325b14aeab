"""Due dates for the moments of a loan, found by asking the schedule; nothing here knows how many days a step has."""

from datetime import date, timedelta

from circulation.calendar import OpenDays
from library.demo.households import Moment
from notices import steps
from notices.models import Schedule

ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
LONGEST_MEMORY = timedelta(days=60)
"""How long ago the loans fell due that have heard their last step."""


class Moments:
    """The days on which a loan under one schedule may be due, so that it stands at a given moment on ``on``.

    A step is *reached* in the week in which its turn comes: what came before that week was told (``ledger``). Days are
    open ones wherever there is one among them.
    """

    def __init__(self, schedule: Schedule, *, on: date, open_days: OpenDays) -> None:
        self.schedule = schedule
        self._on = on
        self._open = open_days
        windows = steps.windows(schedule, on=on, open_days=open_days)
        self._reminders = [window.due_from for window in windows if window.step.is_reminder]
        self._overdue = sorted((one for one in windows if not one.step.is_reminder), key=lambda one: one.step.number)

    def days(self, moment: Moment, *, loan_days: int = 14) -> list[date]:
        """Never empty for the moments that a schedule has. ``loan_days``: *later* is within one loan length."""
        match moment:
            case Moment.REMINDER:
                return self._open_ones(self._reminders)
            case Moment.OVERDUE_1 | Moment.OVERDUE_2 | Moment.OVERDUE_3:
                first, last = self._hold(int(moment[-1]))
                return self._between(max(first, last - ONE_WEEK + ONE_DAY), last)
            case Moment.TOLD:
                return [day for number in self._numbers() for day in self._after_the_first_week(number)]
            case Moment.LATER:
                return self._between(max([self._on, *self._reminders]) + ONE_DAY, self._on + timedelta(days=loan_days))
            case Moment.JUST_LATE:
                return self._between(self._hold(1)[1] + ONE_DAY, self._on - ONE_DAY)
            case Moment.SILENT:
                silent = self._on - timedelta(days=self.schedule.stop_after)
                return self._between(silent - LONGEST_MEMORY, silent - ONE_WEEK)

    def _numbers(self) -> list[int]:
        return [window.step.number for window in self._overdue]

    def _hold(self, number: int) -> tuple[date, date]:
        """The due dates at which a step stands until the next one's turn."""
        place = self._numbers().index(number)
        window, later = self._overdue[place], self._overdue[place + 1 :]
        return (later[0].due_to + ONE_DAY if later else window.due_from), window.due_to

    def _after_the_first_week(self, number: int) -> list[date]:
        first, last = self._hold(number)
        return self._between(max(first, self._on - LONGEST_MEMORY), last - ONE_WEEK, or_closed=False)

    def _between(self, first: date, last: date, *, or_closed: bool = True) -> list[date]:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return self._open_ones(days, or_closed=or_closed)

    def _open_ones(self, days: list[date], *, or_closed: bool = True) -> list[date]:
        open_ones = [day for day in days if self._open.is_open(day)]
        return open_ones or (days if or_closed else [])
