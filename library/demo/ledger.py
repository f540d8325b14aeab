"""What was said in past weeks: ledger rows as if the daily run had been made until a week ago.

Asks ``steps`` what each past day would have said. No run and no letter belongs to these rows, because there was none.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from circulation.calendar import OpenDays
from circulation.models import FOREVER, Loan
from notices import steps
from notices.models import Notice, Schedule

QUIET_SINCE = timedelta(days=7)
"""So that a week's letters wait on the day the school is made: somebody stands at every step."""


def remember(loans: Iterable[tuple[Loan, Schedule]], *, on: date, open_days: OpenDays) -> int:
    """Write down what these loans heard until a week before ``on``. Returns how many rows."""
    loans = list(loans)
    past = _Past({schedule.pk: schedule for _, schedule in loans}.values(), open_days=open_days)
    rows = [notice for loan, schedule in loans for notice in past.said(loan, schedule, until=on - QUIET_SINCE)]
    rows.sort(key=lambda notice: notice.said_on)
    return len(Notice.objects.bulk_create(rows))


class _Past:
    """The windows of each schedule on each past day, computed once."""

    def __init__(self, schedules: Iterable[Schedule], *, open_days: OpenDays) -> None:
        self._schedules = {schedule.pk: schedule for schedule in schedules}
        self._open = open_days
        self._windows: dict[tuple[int, date], list[steps.Window]] = {}

    def said(self, loan: Loan, schedule: Schedule, *, until: date) -> Iterator[Notice]:
        """One notice for each step, and each repeat, that ``loan`` heard after it fell due."""
        if loan.patron is not None and (loan.patron.no_letters_until == FOREVER or loan.patron.auto_send == "no"):
            return
        last: Notice | None = None
        day = loan.due_on
        while (day := day + timedelta(days=1)) <= min(until, loan.returned_on or until):
            if not self._open.is_open(day):
                continue
            for window in self._on(schedule, day):
                if window.due_from <= loan.due_on <= window.due_to and (spoken := _next(last, window, day)) is not None:
                    last = Notice(
                        loan=loan,
                        due_on=loan.due_on,
                        number=window.step.number,
                        occurrence=spoken,
                        step=window.step,
                        said_on=day,
                    )
                    yield last

    def _on(self, schedule: Schedule, day: date) -> list[steps.Window]:
        key = (schedule.pk, day)
        if key not in self._windows:
            windows = steps.windows(self._schedules[schedule.pk], on=day, open_days=self._open)
            self._windows[key] = [window for window in windows if not window.step.is_reminder]
        return self._windows[key]


def _next(last: Notice | None, window: steps.Window, day: date) -> int | None:
    """The occurrence of the window's step that is said on ``day``; None: not today."""
    top = last.number if last else 0
    step = window.step
    if last and step.number == top:
        is_again = step.repeat_days is not None and day >= last.said_on + timedelta(days=step.repeat_days)
        return last.occurrence + 1 if is_again else None
    if step.number < top or (window.after is not None and window.after != top):
        return None
    if last and window.said_by is not None and last.said_on > window.said_by:
        return None
    return 0
