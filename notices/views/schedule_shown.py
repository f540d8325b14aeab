"""What stands beside the form of a schedule: the line of days, real dates, warnings, ILLiad's keys.

Made from what is typed, saved or not; the dates are those of ``real_dates``. Says what will happen and decides nothing.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import pairwise

from circulation.calendar import CalendarError, OpenDays
from circulation.models import Group, Loan
from circulation.words import a_day, several
from notices import real_dates, schedules
from notices.assignments import assignments
from notices.models import Audience, RunSettings, Schedule, Step, Template
from notices.models.schedule import step_name
from notices.schedule_words import covers, days_late, listed, weekdays
from notices.views import schedule_line

#: ILLiad's names for the days of each step (reference: Borrowing | Overdues), by preset and step number.
ILLIAD_KEYS = {
    "illiad_borrowing": {
        -1: "BorrowingReminderDaysBeforeDueDate",
        1: "BorrowingOverdueGraceDays",
        2: "BorrowingOverDueNoticeOneDays",
        3: "BorrowingOverDueNoticeTwoDays",
    },
    "illiad_lending": {
        1: "LendingOverdueGraceDays",
        2: "LendingOverDueNoticeOneDays",
        3: "LendingOverDueNoticeTwoDays",
    },
}
READ_BY = {
    Step.Who.PATRON: (Audience.PATRON,),
    Step.Who.GUARDIANS: (Audience.GUARDIAN, Audience.PATRON),
    Step.Who.BOTH: (Audience.PATRON, Audience.GUARDIAN),
    Step.Who.CONTACT: (Audience.CONTACT,),
    Step.Who.PARTNER: (Audience.PARTNER,),
}


@dataclass(frozen=True, kw_only=True)
class DateRow:
    """One step in the table of real dates. ``on`` None: it is not said."""

    name: str
    on: date | None
    why: str
    again: date | None = None
    wordings: Sequence[tuple[str, int]] = ()
    """Its readers, each with the template of their letter."""


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    key: str
    value: str
    step: str


class Shown:
    """A schedule with the steps that it would have, for a loan due on ``due_on``."""

    def __init__(self, schedule: Schedule, steps: list[Step], *, due_on: date, groups: list[Group]) -> None:
        self.stored = schedule
        self.schedule = real_dates.with_steps(copy.copy(schedule), steps)
        self.steps = sorted(steps, key=lambda step: (step.days, step.number))
        self.due_on = due_on
        self._groups = groups

    @cached_property
    def line(self) -> schedule_line.Line | None:
        return schedule_line.of(self.schedule, self.steps)

    @cached_property
    def library_day_of(self) -> Group | None:
        """Whose library day the dates are for."""
        if not self.schedule.on_library_day:
            return None
        candidates = self._groups or list(Group.objects.exclude(library_day=None).order_by("name")[:1])
        return next((group for group in candidates if group.library_day is not None), None)

    @cached_property
    def calendar(self) -> real_dates.Calendar:
        group = self.library_day_of
        return real_dates.Calendar(
            settings=RunSettings.the(), open_days=OpenDays.load(), library_day=group.library_day if group else None
        )

    @cached_property
    def dates(self) -> list[DateRow]:
        if self.schedule.no_letters or not self.steps:
            return []
        try:
            found = real_dates.of_a_loan(self.schedule, due_on=self.due_on, calendar=self.calendar)
        except CalendarError:
            return []
        return [replace(self._date_row(dates), wordings=self._wordings(dates.step)) for dates in found]

    @cached_property
    def silent_from(self) -> date:
        return date.fromordinal(self.due_on.toordinal() + self.schedule.stop_after + 1)

    @cached_property
    def warnings(self) -> list[str]:
        if self.schedule.no_letters:
            return self._about_others()
        if not self.steps:
            return [
                "It has no step yet, so it says nothing. Add a step, or tick “No letters at all”.",
                *self._about_others(),
            ]
        return [
            *self._after_the_stop(),
            *self._skipped(),
            *self._without_wording(),
            *self._about_others(),
        ]

    @cached_property
    def about_numbers(self) -> list[str]:
        """Numbers that steps had which are gone: who heard those does not hear the new ones."""
        if not self.stored.service:
            return []
        gone = schedules.gone_numbers(self.stored)
        return [
            f"{several(gone[step.number], 'loan')} that {'is' if gone[step.number] == 1 else 'are'} still out heard "
            f"{step_name(step.number)} before, from a step that is gone. They do not hear it again."
            for step in self.steps
            if step.pk is None and gone[step.number]
        ]

    @cached_property
    def keys(self) -> list[KeyRow]:
        by_number = {step.number: step for step in self.steps}
        return [
            KeyRow(
                key=key,
                value=str(abs(by_number[number].days)) if number in by_number else "0 (off)" if number < 0 else "none",
                step=step_name(number),
            )
            for number, key in ILLIAD_KEYS.get(self.schedule.preset, {}).items()
        ]

    def _date_row(self, dates: real_dates.Dates) -> DateRow:
        name, own = step_name(dates.step.number), days_late(dates.step.days)
        if dates.reached is None:
            stopped = dates.step.days > self.schedule.stop_after
            return DateRow(
                name=name,
                on=None,
                why=f"{own.capitalize()}: {'letters have stopped' if stopped else 'another step was said'} by then.",
            )
        reason = self._why_not_then(dates.reached)
        if dates.said is None:
            return DateRow(name=name, on=None, why=reason or "Another step comes first.")
        if dates.said == dates.reached:
            return DateRow(name=name, on=dates.said, why=own, again=dates.again)
        late = f"{a_day(dates.reached, on=self.due_on)}: {reason}" if reason else self._after_the_one_before(dates)
        return DateRow(name=name, on=dates.said, why=late, again=dates.again)

    def _why_not_then(self, day: date) -> str | None:
        return self.calendar.why_not(self.schedule, day)

    def _after_the_one_before(self, dates: real_dates.Dates) -> str:
        if self.schedule.climb and dates.step.number > 1:
            return "Counted from the day of the step before."
        return "Two letters to one person lie further apart."

    def _after_the_stop(self) -> list[str]:
        stop = self.schedule.stop_after
        return [
            f"{step_name(step.number)} is never said: it comes {days_late(step.days)}, "
            f"and letters stop after {stop} days."
            for step in self.steps
            if step.days > stop
        ]

    def _skipped(self) -> list[str]:
        try:
            over = real_dates.passed_over(self.schedule, on=self.due_on, calendar=self.calendar)
        except CalendarError as reason:
            return [str(reason)]
        open_days = self.calendar.open_days.weekdays
        return [
            f"{step_name(number)} is passed over for every loan: on the days on which it holds no letters go."
            if set(days) >= open_days
            else f"{step_name(number)} is passed over for loans due on {weekdays(days)}: "
            "on the days on which it holds no letters go."
            for number, days in over.items()
        ]

    @property
    def distances(self) -> str:
        """Where steps are climbed: how far apart they lie."""
        if not self.schedule.climb or self.schedule.no_letters:
            return ""
        overdue = [step for step in self.steps if step.number > 0]
        parts = [
            f"{step_name(later.number)} goes {several(later.days - step.days, 'day')} after {step_name(step.number)}"
            for step, later in pairwise(overdue)
            if later.days > step.days
        ]
        return f"{listed(parts)}, counted from the day on which that one was said." if parts else ""

    @cached_property
    def _templates(self) -> dict[tuple[int | None, str], int]:
        """The templates that have words, by step and reader."""
        written = Template.objects.filter(kind=Template.Kind.STEP, service=self.schedule.service).exclude(current=None)
        return {(number, audience): pk for number, audience, pk in written.values_list("number", "audience", "pk")}

    def _wordings(self, step: Step) -> list[tuple[str, int]]:
        found = [
            (audience, self._templates.get((step.number, audience.value))) for audience in READ_BY[Step.Who(step.who)]
        ]
        return [(audience.label, pk) for audience, pk in found if pk is not None]

    def _without_wording(self) -> list[str]:
        missing = [
            (step, audience)
            for step in self.steps
            for audience in READ_BY[Step.Who(step.who)]
            if (step.number, audience.value) not in self._templates
        ]
        return [
            f"There is no wording yet for {step_name(step.number)} to this reader: {audience.label.lower()}. "
            "Its letters could not be written."
            for step, audience in missing
        ]

    def _about_others(self) -> list[str]:
        """Another schedule decides for all of these loans."""
        if not self.stored.pk or not self.stored.active:
            return []
        in_force = list(Schedule.objects.in_force())
        for_these = [one for one in assignments(in_force) if one.service == self.stored.service]
        if not for_these or any(one.schedule.pk == self.stored.pk for one in for_these):
            return []
        winners = {one.schedule.name for one in for_these}
        return [f"It decides for no loan: {listed(sorted(winners))} is more particular or older and goes before it."]


def decides_for(schedule: Schedule, in_force: list[Schedule]) -> str:
    """For whom it really decides, as a sentence."""
    if not schedule.active:
        return "Switched off: it decides for nobody."
    if schedule.service != Loan.Service.CIRCULATION:
        first = next((one for one in in_force if one.service == schedule.service), None)
        return "For every loan of this service." if first == schedule else f"{first} is older and decides instead."
    mine: set[int] = set()
    others: set[int] = set()
    for one in assignments(in_force):
        if one.service == Loan.Service.CIRCULATION:
            (mine if one.schedule == schedule else others).add(one.group)
    if not mine:
        return "For nobody: other schedules are more particular or older."
    elsewhere = others - mine
    if not schedule.groups.all() and elsewhere:
        names = list(Group.objects.filter(pk__in=elsewhere).order_by("name").values_list("name", flat=True))
        shown = listed(names) if len(names) <= 3 else several(len(names), "group")
        return f"For everyone but {shown}, which {'has its' if len(names) == 1 else 'have their'} own."
    return f"For: {covers(schedule)}."
