"""Six hundred loans less the interlibrary ones, placed so that somebody stands at every step today.

The cast has the books that it is known for; the rest is chance within the tables below. Borrowers take their turns, so
that nobody has more than the group's most; nobody has two copies of one title, and no due date falls on a closed day.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from django.utils import timezone

from circulation.models import Loan, Patron
from library.demo.moments import ONE_DAY, Moment, Moments, Timetable
from library.demo.people import Folk
from library.demo.things import Shelves

Status = Loan.Status

#: How many loans stand where, beside those of the cast. Pupils' loans that are due later fill up to the total.
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
SHELF_CHECKS = 3
RETURNED = 24
CIRCULATION_LOANS = 556


@dataclass(slots=True, kw_only=True)
class Lending:
    """The desk's past weeks, written down at once."""

    folk: Folk
    shelves: Shelves
    timetable: Timetable
    rng: Random
    _loans: list[Loan] = field(default_factory=list)
    _titles: dict[Patron, set[str]] = field(default_factory=lambda: defaultdict(set))

    def lend_everything(self) -> list[Loan]:
        self._lend_to_the_cast()
        pupils = cycle(self._in_any_order(self.folk.pupils))
        teachers = cycle(self._in_any_order(self.folk.staff))
        for status, number in QUIET.items():
            for place, pupil in enumerate(_some(pupils, number)):
                due = self._due(pupil, self.timetable.pupils, Moment.TOLD)
                # One of those that people say are back was looked for often enough: a person decides.
                checks = SHELF_CHECKS if status == Status.SAYS_BACK and place else 0
                self._lend(pupil, due=due, status=status, shelf_checks_left=checks)
        for moment, number in PUPILS.items():
            for pupil in _some(pupils, number):
                self._lend(pupil, due=self._due(pupil, self.timetable.pupils, moment))
        for moment, number in STAFF.items():
            for teacher in _some(teachers, number):
                self._lend(teacher, due=self._due(teacher, self.timetable.staff, moment))
        for pupil in _some(pupils, RETURNED):
            self._lend_and_take_back(pupil)
        for pupil in _some(pupils, CIRCULATION_LOANS - len(self._loans)):
            self._lend(pupil, due=self._due(pupil, self.timetable.pupils, Moment.LATER))
        return Loan.objects.bulk_create(self._loans)

    def _lend_to_the_cast(self) -> None:
        for patron, book in self.folk.books:
            due = self._due(patron, self.timetable.pupils, book.moment)
            returned = self._open_day_before(days=1) if book.came_back else None
            self._lend(patron, due=due, title=book.title, returned=returned)

    def _lend_and_take_back(self, patron: Patron) -> None:
        """A book that came home in the last three weeks, some days before or after it was due."""
        returned = self._open_day_before(days=self.rng.randint(1, 20))
        due = self.timetable.open_days.first_open(returned + timedelta(days=self.rng.randint(-6, 9)))
        self._lend(patron, due=due, returned=returned)

    def _lend(
        self,
        patron: Patron,
        *,
        due: date,
        title: str = "",
        status: Loan.Status = Status.ON_LOAN,
        shelf_checks_left: int = 0,
        returned: date | None = None,
    ) -> None:
        """``title`` is what the cast borrows, never renewed; empty: whatever lies on top of the shelves."""
        item = self.shelves.take(title=title, but_not=self._titles[patron], for_staff=patron.group.is_staff)
        self._titles[patron].add(item.title)
        length = timedelta(days=patron.group.loan_days)
        renewals = 0 if title else self.rng.choices((0, 1, 2), weights=(80, 15, 5))[0]
        set_on = self.timetable.open_days.first_open(due - length, backwards=True)
        self._loans.append(
            Loan(
                item=item,
                patron=patron,
                lent_on=self.timetable.open_days.first_open(set_on - renewals * length, backwards=True),
                due_on=due,
                due_set_on=set_on,
                renewals=renewals,
                status=status,
                status_reason=REASONS.get(status, ""),
                shelf_checks_left=shelf_checks_left,
                returned_on=returned,
                returned_at=self._in_the_afternoon(returned) if returned else None,
            )
        )

    def _due(self, patron: Patron, moments: Moments, moment: Moment) -> date:
        return self.rng.choice(moments.days(moment, loan_days=patron.group.loan_days))

    def _open_day_before(self, *, days: int) -> date:
        return self.timetable.open_days.first_open(self.timetable.on - days * ONE_DAY, backwards=True)

    def _in_the_afternoon(self, day: date) -> datetime:
        return timezone.make_aware(datetime.combine(day, time(15, self.rng.randint(0, 59))))

    def _in_any_order(self, patrons: list[Patron]) -> list[Patron]:
        return self.rng.sample(patrons, len(patrons))


def _some(patrons: "cycle[Patron]", number: int) -> list[Patron]:
    return [next(patrons) for _ in range(number)]
