"""Six hundred loans, placed so that somebody stands at every step today.

The cast has the books that it is known for; the rest is chance within the table below. Nobody has more than the
group's most, nobody two copies of one title, and no due date of ours falls on a closed day.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from django.utils import timezone

from circulation.calendar import OpenDays
from circulation.models import Loan, Patron
from library.demo.households import Moment
from library.demo.moments import Moments
from library.demo.people import Folk
from library.demo.things import Shelves

Status = Loan.Status

#: How many loans of pupils, and of staff, stand where, beside those of the cast. *Later* fills up to the total.
PUPILS = {
    Moment.REMINDER: 36,
    Moment.OVERDUE_1: 26,
    Moment.OVERDUE_2: 14,
    Moment.OVERDUE_3: 8,
    Moment.TOLD: 48,
    Moment.JUST_LATE: 34,
    Moment.SILENT: 9,
}
STAFF = {
    Moment.REMINDER: 5,
    Moment.OVERDUE_1: 4,
    Moment.OVERDUE_2: 3,
    Moment.TOLD: 3,
    Moment.SILENT: 3,
    Moment.LATER: 36,
}
QUIET = {Status.SAYS_BACK: 6, Status.BILLED: 4, Status.LOST: 3, Status.NO_LETTERS: 2}
REASONS = {
    Status.SAYS_BACK: "Put it through the returns slot, the patron says.",
    Status.BILLED: "Bill sent by the office.",
    Status.LOST: "Left on the train.",
    Status.NO_LETTERS: "Lent for the whole year to the learning support room.",
}
RETURNED = 24
CIRCULATION_LOANS = 556


@dataclass(slots=True, kw_only=True)
class Lending:
    """The desk's past weeks, written down at once."""

    folk: Folk
    shelves: Shelves
    pupils: Moments
    staff: Moments
    open_days: OpenDays
    on: date
    rng: Random
    loans: list[Loan] = field(default_factory=list)
    _has: dict[Patron, set[str]] = field(default_factory=lambda: defaultdict(set))
    _late: Counter[Patron] = field(default_factory=Counter)

    def lend_everything(self) -> list[Loan]:
        for patron, book in self.folk.books:
            returned = self._last_open_day() if book.came_back else None
            self._lend(patron, self.pupils, book.moment, title=book.title, returned=returned)
        borrowers = cycle(self._in_any_order(self.folk.pupils))
        teachers = cycle(self._in_any_order(self.folk.staff))
        for status, number in QUIET.items():
            for _ in range(number):
                self._lend(next(borrowers), self.pupils, Moment.TOLD, status=status)
        for moment, number in PUPILS.items():
            for _ in range(number):
                self._lend(next(borrowers), self.pupils, moment)
        for moment, number in STAFF.items():
            for _ in range(number):
                self._lend(next(teachers), self.staff, moment)
        for _ in range(RETURNED):
            self._lend(next(borrowers), self.pupils, Moment.LATER, returned=self._some_day_before())
        while len(self.loans) < CIRCULATION_LOANS:
            self._lend(next(borrowers), self.pupils, Moment.LATER)
        return Loan.objects.bulk_create(self.loans)

    def _lend(
        self,
        patron: Patron,
        moments: Moments,
        moment: Moment,
        *,
        title: str = "",
        status: Loan.Status = Status.ON_LOAN,
        returned: date | None = None,
    ) -> None:
        item = self.shelves.take(title=title, but_not=self._has[patron], staff=patron.group.is_staff)
        self._has[patron].add(item.title)
        due = self._due(patron, moments, moment, returned=None if title else returned)
        length = timedelta(days=patron.group.loan_days)
        renewals = 0 if title or moment is Moment.LATER else self.rng.choices((0, 1, 2), weights=(80, 15, 5))[0]
        set_on = self.open_days.first_open(due - length, backwards=True)
        self.loans.append(
            Loan(
                item=item,
                patron=patron,
                lent_on=self.open_days.first_open(set_on - renewals * length, backwards=True),
                due_on=due,
                due_set_on=set_on,
                renewals=renewals,
                status=status,
                status_reason=REASONS.get(status, ""),
                shelf_checks_left=3 if status == Status.SAYS_BACK else 0,
                returned_on=returned,
                returned_at=self._in_the_afternoon(returned) if returned else None,
            )
        )

    def _due(self, patron: Patron, moments: Moments, moment: Moment, *, returned: date | None) -> date:
        """A due date for this moment; for a book that came back, one around the day of its return."""
        if returned is not None:
            return self.open_days.first_open(returned + timedelta(days=self.rng.randint(-6, 9)))
        return self.rng.choice(moments.days(moment, loan_days=patron.group.loan_days))

    def _last_open_day(self) -> date:
        return self.open_days.first_open(self.on - timedelta(days=1), backwards=True)

    def _some_day_before(self) -> date:
        return self.open_days.first_open(self.on - timedelta(days=self.rng.randint(1, 20)), backwards=True)

    def _in_the_afternoon(self, day: date) -> datetime:
        return timezone.make_aware(datetime.combine(day, time(15, self.rng.randint(0, 59))))

    def _in_any_order(self, patrons: list[Patron]) -> list[Patron]:
        return self.rng.sample(patrons, len(patrons))
