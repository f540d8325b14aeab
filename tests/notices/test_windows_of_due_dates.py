"""Which due dates have reached which step on a day: the manuals' own examples, and what they leave open."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.calendar import OpenDays
from notices import presets, steps
from notices.models import Schedule
from tests.notices.builders import a_schedule

pytestmark = pytest.mark.django_db

DUE = date(2026, 12, 1)
EVERY_DAY = OpenDays.every_day()
SCHOOL_DAYS = OpenDays(weekdays=frozenset(range(5)))


def numbers(schedule: Schedule, *, due: date, on: date, open_days: OpenDays = EVERY_DAY) -> list[int]:
    """The steps whose window holds a loan due on ``due``."""
    found = steps.windows(schedule, on=on, open_days=open_days)
    return [window.step.number for window in found if window.due_from <= due <= window.due_to]


def first_days(schedule: Schedule, *, due: date, open_days: OpenDays = EVERY_DAY) -> dict[int, date]:
    """For each step the first day of half a year on which its window holds ``due``."""
    found: dict[int, date] = {}
    for days in range(-60, 120):
        on = due + timedelta(days=days)
        for number in numbers(schedule, due=due, on=on, open_days=open_days):
            found.setdefault(number, on)
    return found


def test_illiads_own_dates() -> None:
    """ILLiad, Borrowing Overdues: due 12/1 with keys 2, 5 and 14 → 12/3, 12/6 and 12/15."""
    schedule = presets.load("illiad_borrowing")

    days = first_days(schedule, due=DUE)

    assert days == {1: date(2026, 12, 3), 2: date(2026, 12, 6), 3: date(2026, 12, 15)}


def test_bibliotechs_own_dates() -> None:
    """BiblioTECH, Auto-Overdue Emails: due in three days' time, was due yesterday, was due three days ago."""
    schedule = presets.load("bibliotech")

    days = first_days(schedule, due=DUE)

    assert days == {-1: date(2026, 11, 28), 1: date(2026, 12, 2), 2: date(2026, 12, 4)}


def test_a_step_holds_until_the_next_ones_day() -> None:
    """A Monday's run also finds Saturday's +1."""
    schedule = a_schedule(-3, 1, 3, stop_after=14)

    held = {days: numbers(schedule, due=DUE, on=DUE + timedelta(days=days)) for days in range(-4, 16)}

    expected = {-4: [], -3: [-1], -2: [-1], -1: [-1], 0: [-1], 1: [1], 2: [1], 15: []}
    assert held == expected | {days: [2] for days in range(3, 15)}


def test_two_reminders_follow_each_other() -> None:
    """The earlier one ends where the later one begins, and the later one ends with the due date."""
    schedule = a_schedule(-7, -2)

    held = [numbers(schedule, due=DUE, on=DUE + timedelta(days=days)) for days in range(-8, 2)]

    assert held == [[], [-2], [-2], [-2], [-2], [-2], [-1], [-1], [-1], []]


def test_a_reminder_needs_a_due_date_that_was_set_before_its_day() -> None:
    """A book lent for two days gets no reminder three days before: the window says before which day it was set."""
    schedule = a_schedule(-3)

    [window] = [one for one in steps.windows(schedule, on=DUE, open_days=EVERY_DAY) if one.due_to == DUE]

    assert window.set_before == date(2026, 11, 28)


def test_steps_of_one_day_share_their_window() -> None:
    """Patron and home may have a step each on the same day; both end where the next later one begins."""
    schedule = a_schedule(7, 14)
    schedule.steps.create(number=3, days=28)
    schedule.steps.filter(number=2).update(days=7)

    [first, second, third] = steps.windows(
        Schedule.objects.prefetch_related("steps").get(pk=schedule.pk), on=DUE, open_days=EVERY_DAY
    )

    assert (first.due_from, first.due_to) == (second.due_from, second.due_to)
    assert third.due_to == first.due_from - timedelta(days=1)


def test_open_days_leave_weekends_out() -> None:
    """Due Friday 20 November; one and three open days later are Monday and Wednesday; a reminder goes on Wednesday."""
    schedule = a_schedule(-2, 1, 3, count="open")

    days = first_days(schedule, due=date(2026, 11, 20), open_days=SCHOOL_DAYS)

    assert days == {-1: date(2026, 11, 18), 1: date(2026, 11, 23), 2: date(2026, 11, 25)}


def test_climbing_asks_for_the_rung_before() -> None:
    """Overdue 2 is for loans that heard overdue 1 a week ago or earlier, however late they are."""
    schedule = a_schedule(7, 14, 28, climb=True, stop_after=90)

    first, second, third = steps.windows(schedule, on=DUE, open_days=EVERY_DAY)

    assert (first.after, first.said_by) == (0, None)
    assert (second.after, second.said_by) == (1, DUE - timedelta(days=7))
    assert (third.after, third.said_by) == (2, DUE - timedelta(days=14))
    assert {window.due_from for window in (first, second, third)} == {DUE - timedelta(days=90)}


def test_no_letters_is_a_schedule_too() -> None:
    """It has no windows, whatever steps it holds."""
    schedule = a_schedule(1, no_letters=True)

    assert steps.windows(schedule, on=DUE, open_days=EVERY_DAY) == []


offsets = st.lists(st.integers(-14, 40), min_size=1, max_size=5, unique=True)


@given(offsets=offsets, days_late=st.integers(-60, 100), stop=st.integers(1, 90), weekdays=st.sets(st.integers(0, 6)))
def test_a_loan_is_at_one_step_or_none(offsets: list[int], days_late: int, stop: int, weekdays: set[int]) -> None:
    """Calendar or open days, any steps: never two windows at once, nothing past *stop after*, never before the step."""
    open_days = OpenDays(weekdays=frozenset(weekdays | {2}))
    on = DUE + timedelta(days=days_late)

    for count in Schedule.Count:
        schedule = a_schedule(*offsets, stop_after=stop, count=count)
        found = numbers(schedule, due=DUE, on=on, open_days=open_days)
        schedule.delete()

        assert len(found) <= 1
        assert found == [] or days_late <= stop
        assert found == [] or (found[0] > 0) == (days_late > 0)
