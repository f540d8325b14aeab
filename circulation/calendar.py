"""Open and closed days, as plain dates.

Knows the library's week and its closed days; reads them once (``OpenDays.load``) and then no database and no clock.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

from circulation.models import ClosedDays
from library.models import Library

ONE_DAY = timedelta(days=1)


class CalendarError(Exception):
    """No open day within two years: the calendar is closed for good, and a date cannot be found."""


@dataclass(frozen=True)
class OpenDays:
    """The days on which the library is open. ``closed`` holds (first, last, name), sorted by first day."""

    weekdays: frozenset[int]
    closed: tuple[tuple[date, date, str], ...] = ()

    @classmethod
    def load(cls) -> "OpenDays":
        ranges = ClosedDays.objects.order_by("first").values_list("first", "last", "name")
        return cls(weekdays=frozenset(Library.the().open_weekdays), closed=tuple(ranges))

    @classmethod
    def every_day(cls) -> "OpenDays":
        return cls(weekdays=frozenset(range(7)))

    def is_open(self, day: date) -> bool:
        return day.weekday() in self.weekdays and self.why_closed(day) is None

    def why_closed(self, day: date) -> str | None:
        """The name of the closed days that hold ``day``; None also for a plain weekend."""
        until = bisect_right(self.closed, day, key=lambda one: one[0])
        return next((name for first, last, name in self.closed[:until] if first <= day <= last), None)

    def first_open(self, day: date, *, backwards: bool = False) -> date:
        """``day`` itself, or the next open one. Raises CalendarError when there is none within two years."""
        step = -ONE_DAY if backwards else ONE_DAY
        for _ in range(731):
            if self.is_open(day):
                return day
            day += step
        raise CalendarError("The calendar has no open day for two years. Open a weekday, or shorten the closed days.")

    def nth(self, day: date, count: int, *, backwards: bool = False) -> date:
        """The ``count``-th open day from ``day`` on, ``day`` included (1: the first)."""
        step = -ONE_DAY if backwards else ONE_DAY
        day = self.first_open(day, backwards=backwards)
        for _ in range(count - 1):
            day = self.first_open(day + step, backwards=backwards)
        return day

    def term_ends(self, day: date, *, holidays: int = 5, within: int = 200) -> date | None:
        """The last open day, from ``day`` on, before so many closed days in a row; None where no holidays are near."""
        last, closed = None, 0
        for ahead in (day + ONE_DAY * count for count in range(within)):
            closed = 0 if self.is_open(ahead) else closed + 1
            last = last if closed else ahead
            if closed == holidays and last:
                return last
        return None

    def settling_in(self, day: date, *, after: int = 5, quiet: int = 3) -> bool:
        """Whether ``day`` is one of the first ``quiet`` open days after ``after`` or more closed days in a row."""
        opened = 0
        if not self.is_open(day):
            return False
        while opened < quiet:
            while self.is_open(day):
                opened += 1
                day -= ONE_DAY
                if opened > quiet:
                    return False
            closed = 0
            while closed < after and not self.is_open(day):
                closed += 1
                day -= ONE_DAY
            if closed == after:
                return 0 < opened <= quiet
        return False
