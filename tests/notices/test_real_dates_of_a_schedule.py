"""The real dates beside a schedule's form are those that the daily run keeps."""

from datetime import date, timedelta

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from circulation.calendar import OpenDays
from circulation.models import ClosedDays, Loan
from notices import real_dates, scan
from notices.models import Letter, Notice, Run, RunSettings, Schedule, Step
from notices.real_dates import Calendar
from tests.builders import a_closed_day, a_group, a_loan, a_patron
from tests.notices.builders import a_schedule, morning_of

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = date(2026, 11, 23)


def dates(schedule: Schedule, *, due: date, open_days: OpenDays | None = None) -> list[tuple[int, date | None]]:
    """Step number and the day on which it is said."""
    run = RunSettings(enabled=True, weekdays=list(range(7)), on_closed_days=True)
    calendar = Calendar(settings=run, open_days=open_days or OpenDays.every_day())
    found = real_dates.of_a_loan(schedule, due_on=due, calendar=calendar)
    return [(one.step.number, one.said) for one in found]


def test_illiads_examples() -> None:
    """Due 1 December; 2, 5, 14: the 3rd, the 6th and the 15th."""
    schedule = a_schedule(2, 5, 14)

    assert dates(schedule, due=date(2026, 12, 1)) == [
        (1, date(2026, 12, 3)),
        (2, date(2026, 12, 6)),
        (3, date(2026, 12, 15)),
    ]


def test_a_step_that_the_weekdays_pass_over() -> None:
    """Letters go on Mondays; overdue 1 holds from Tuesday to Thursday, and overdue 2 from Friday on."""
    schedule = a_schedule(1, 4, weekdays=[0])

    assert dates(schedule, due=MONDAY) == [(1, None), (2, MONDAY + timedelta(days=7))]


def test_weekly_gaps_are_found_for_each_weekday_of_due_dates() -> None:
    """With letters on Mondays, only what is due from Friday to Sunday hears overdue 1."""
    schedule = a_schedule(1, 4, weekdays=[0])
    run = RunSettings(enabled=True, weekdays=list(range(7)))
    calendar = Calendar(settings=run, open_days=OpenDays.every_day())

    assert real_dates.passed_over(schedule, on=MONDAY, calendar=calendar) == {1: [0, 1, 2, 3]}


def test_what_comes_after_the_stop_is_never_reached() -> None:
    """A step at 43 days, and silence after 14."""
    schedule = a_schedule(7, 43, stop_after=14)
    run = RunSettings(enabled=True, weekdays=list(range(7)), on_closed_days=True)
    calendar = Calendar(settings=run, open_days=OpenDays.every_day())

    found = real_dates.of_a_loan(schedule, due_on=MONDAY, calendar=calendar)

    assert [(one.step.number, one.reached is None) for one in found] == [(1, False), (2, True)]


def test_unsaved_steps_are_asked_as_saved_ones() -> None:
    """While somebody types, nothing is in the database."""
    schedule = real_dates.with_steps(Schedule(stop_after=30), [Step(number=1, days=2), Step(number=2, days=5)])

    assert dates(schedule, due=MONDAY) == [(1, MONDAY + timedelta(days=2)), (2, MONDAY + timedelta(days=5))]


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@example(
    days=[4, -4],
    weekdays={0, 5},
    climb=True,
    count="open",
    days_between=4,
    repeat=5,
    due=4,
    holidays=(-4, 8),
)
@given(
    days=st.lists(st.integers(-5, 20), min_size=1, max_size=4, unique=True),
    weekdays=st.sets(st.integers(0, 6)),
    climb=st.booleans(),
    count=st.sampled_from(Schedule.Count.values),
    days_between=st.integers(0, 4),
    repeat=st.one_of(st.none(), st.integers(2, 6)),
    due=st.integers(0, 6),
    holidays=st.one_of(st.none(), st.tuples(st.integers(-4, 12), st.integers(0, 8))),
)
def test_the_daily_run_keeps_these_dates(
    days: list[int],
    weekdays: set[int],
    climb: bool,
    count: str,
    days_between: int,
    repeat: int | None,
    due: int,
    holidays: tuple[int, int] | None,
) -> None:
    """Run after run over eight weeks says to one loan what the page said, on those days.

    They begin well before the due date: five open days before it can be three weeks, with a holiday between.
    """
    _clear()
    due_on = MONDAY + timedelta(days=due)
    schedule = a_schedule(
        *days,
        weekdays=sorted(weekdays),
        climb=climb,
        count=count,
        days_between=days_between,
        repeat_days=repeat,
        stop_after=25,
        goes_by_itself=True,
    )
    if holidays:
        first = due_on + timedelta(days=holidays[0])
        a_closed_day(day=first, until=first + timedelta(days=holidays[1]))
    run = RunSettings.the()
    run.enabled, run.weekdays = True, list(range(7))
    run.save()
    loan = a_loan(due=due_on, patron=a_patron(group=a_group()), lent=due_on - timedelta(days=300))
    shown = real_dates.of_a_loan(schedule, due_on=due_on, calendar=Calendar(settings=run, open_days=OpenDays.load()))

    for ahead in range(-24, 34):
        scan.run_if_due(at=morning_of(due_on + timedelta(days=ahead)))

    said = Notice.objects.filter(loan=loan, occurrence=0).values_list("number", "said_on")
    assert {one.step.number: one.said for one in shown if one.said} == dict(said)


def _clear() -> None:
    """Each example begins with an empty library."""
    for model in (Letter, Notice, Run, Loan, Schedule, ClosedDays):
        model.objects.all().delete()  # type: ignore[attr-defined]
