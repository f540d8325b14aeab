"""What was said in past weeks: ledger rows as if the daily run had been made until a week ago.

Asks ``steps`` what each past day would have said. Their runs and letters, where somebody wants them, are ``history``.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from circulation.models import FOREVER, Loan
from library.demo.moments import ONE_DAY, Timetable
from notices import steps
from notices.models import Notice, Schedule

QUIET_SINCE = timedelta(days=7)
"""So that a week's letters wait on the day the school is made: somebody stands at every step."""


def remember(loans: Iterable[Loan], timetable: Timetable) -> int:
    """Write down what these loans heard until a week before the timetable's day. Returns how many notices."""
    past = _Past(timetable)
    rows = [notice for loan in loans for notice in past.said(loan)]
    rows.sort(key=lambda notice: notice.said_on)
    return len(Notice.objects.bulk_create(rows))


class _Past:
    """Each past day's windows, computed once for each schedule."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable
        self._until = timetable.on - QUIET_SINCE
        self._windows: dict[tuple[int, date], list[steps.Window]] = {}

    def said(self, loan: Loan) -> Iterator[Notice]:
        """One notice for each step, and each repeat, that ``loan`` heard after it fell due."""
        if loan.patron is not None and (loan.patron.no_letters_until == FOREVER or loan.patron.auto_send == "no"):
            return
        last: Notice | None = None
        for day in self._open_days_after(loan.due_on, until=min(self._until, loan.returned_on or self._until)):
            for window in self._on(self._timetable.of(loan).schedule, day):
                if not window.due_from <= loan.due_on <= window.due_to:
                    continue
                occurrence = _next_occurrence(last, window, day)
                if occurrence is not None:
                    last = _notice(loan, window, day, occurrence)
                    yield last

    def _open_days_after(self, day: date, *, until: date) -> Iterator[date]:
        while (day := day + ONE_DAY) <= until:
            if self._timetable.open_days.is_open(day):
                yield day

    def _on(self, schedule: Schedule, day: date) -> list[steps.Window]:
        key = (schedule.pk, day)
        if key not in self._windows:
            windows = steps.windows(schedule, on=day, open_days=self._timetable.open_days)
            self._windows[key] = [window for window in windows if not window.step.is_reminder]
        return self._windows[key]


def _next_occurrence(last: Notice | None, window: steps.Window, day: date) -> int | None:
    """The occurrence of the window's step that is said on ``day``; None: it is not said."""
    step = window.step
    top = last.number if last else 0
    if last and step.number == top:
        is_again = step.repeat_days is not None and day >= last.said_on + timedelta(days=step.repeat_days)
        return last.occurrence + 1 if is_again else None
    if step.number < top or (window.after is not None and window.after != top):
        return None
    if last and window.said_by is not None and last.said_on > window.said_by:
        return None
    return 0


def _notice(loan: Loan, window: steps.Window, day: date, occurrence: int) -> Notice:
    step = window.step
    return Notice(loan=loan, due_on=loan.due_on, number=step.number, occurrence=occurrence, step=step, said_on=day)
