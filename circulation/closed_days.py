"""Closed days as an administrator keeps them: added, changed and taken away, one day or a range.

Nothing is moved with them. Due dates that fall into new closed days stay as they are, and are counted so that somebody
can decide; runs, schedules and the desk read the calendar each time they need it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from circulation.calendar import OpenDays
from circulation.models import ClosedDays, Loan
from library.models import Library

ONE_DAY = timedelta(days=1)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One cell of the year. ``name`` is why it is closed, *weekend* for a weekly one, empty where it is open."""

    date: date
    name: str
    weekly: bool

    @property
    def is_closed(self) -> bool:
        return bool(self.name)


@dataclass(frozen=True, kw_only=True)
class Month:
    """Weeks from Monday to Sunday; None outside the month. ``closed``: the closed days that touch it."""

    first: date
    weeks: list[list[Day | None]]
    closed: list[ClosedDays]


def year(number: int, *, open_days: OpenDays, closed: Iterable[ClosedDays]) -> list[Month]:
    """The twelve months with their closed days."""
    every = list(closed)
    return [_month(date(number, month, 1), open_days, every) for month in range(1, 13)]


def due_into(first: date, last: date) -> int:
    """How many things that are on loan are due on these days: as many as the list of loans shows for them."""
    return Loan.objects.on_loan().filter(due_on__range=(first, last)).count()


def open_on(weekdays: Iterable[int]) -> None:
    """The weekdays on which the library is open."""
    library = Library.the()
    library.open_weekdays = sorted(set(weekdays))
    library.save(update_fields=["open_weekdays"])


def _month(first: date, open_days: OpenDays, closed: list[ClosedDays]) -> Month:
    after = (first + timedelta(days=31)).replace(day=1)
    cells: list[Day | None] = [None] * first.weekday()
    cells += [_day(first + timedelta(days=ahead), open_days) for ahead in range((after - first).days)]
    cells += [None] * (-len(cells) % 7)
    return Month(
        first=first,
        weeks=[cells[start : start + 7] for start in range(0, len(cells), 7)],
        closed=[one for one in closed if one.first < after and one.last >= first],
    )


def _day(day: date, open_days: OpenDays) -> Day:
    weekly = day.weekday() not in open_days.weekdays
    name = open_days.why_closed(day) or ("closed every week" if weekly else "")
    return Day(date=day, name=name, weekly=weekly and open_days.why_closed(day) is None)
