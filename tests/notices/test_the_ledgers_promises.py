"""Whatever happens to a loan over six weeks, the ledger keeps its promises (product.md, N2 and N3)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.calendar import OpenDays
from circulation.models import Loan
from notices import presets, ready, scan, steps, undo
from notices.models import Notice, Run, RunSettings, Schedule
from tests.builders import a_closed_day, a_group, a_guardian, a_loan, a_patron
from tests.notices.builders import a_notice, a_schedule, morning_of

pytestmark = pytest.mark.django_db

START = date(2026, 11, 2)
DAYS = 45

schedules = st.fixed_dictionaries(
    {
        "days": st.lists(st.integers(-6, 30), min_size=1, max_size=4, unique=True),
        "climb": st.booleans(),
        "count": st.sampled_from(Schedule.Count.values),
        "stop_after": st.integers(5, 60),
        "repeat_days": st.one_of(st.none(), st.integers(2, 9)),
        "days_between": st.sampled_from([0, 0, 3]),
        "weekdays": st.sampled_from([[], [], [0, 3]]),
        "on_library_day": st.sampled_from([False, False, True]),
    }
)
ready_made = st.sampled_from(["bibliotech", "primary_school", "secondary_school"])
events = st.lists(
    st.tuples(
        st.integers(0, DAYS - 1),
        st.sampled_from(
            ["return", "undo", "renew", "status", "move", "edit", "reload", "close", "by hand", "beside", "back"]
        ),
    ),
    max_size=8,
)


@settings(max_examples=15)
@given(
    first=schedules,
    preset=ready_made,
    late=st.integers(-14, 14),
    happens=events,
    missed=st.sets(st.integers(0, DAYS - 1), max_size=20),
)
def test_six_weeks_of_a_loan(first: dict, preset: str, late: int, happens: list, missed: set[int]) -> None:
    """The daily run, missed on some days, on weekdays and the class's day alone, closed days; renewals, returns and
    undone returns, billed, another group with a ready-made schedule that is loaded again, another schedule, runs by
    hand, letters beside the ledger, the last step taken back by hand."""
    with one_example():
        home, other = a_group(library_day=1), a_group()
        one = a_schedule(*first.pop("days"), groups=[home], **first)
        presets.load(preset, groups=[other])
        Schedule.objects.update(goes_by_itself=True)
        mia = a_patron(group=home, guardians=[a_guardian()])
        loan = a_loan(due=START - timedelta(days=late), lent=START - timedelta(days=late + 14), patron=mia)

        for day in range(DAYS):
            on = START + timedelta(days=day)
            for event in [what for when, what in happens if when == day]:
                change(loan, event, on=on, groups=[home, other], schedule=one, preset=preset)
            if day not in missed:
                the_clock_strikes(on)
            check_what_was_said(loan, on=on)

        check(loan)


def the_clock_strikes(on: date) -> None:
    quiet = ready.why_quiet(RunSettings.the(), on=on, open_days=OpenDays.load())
    scan._by_the_clock(on=on, at=morning_of(on), quiet=quiet)


def change(loan: Loan, event: str, *, on: date, groups: list, schedule: Schedule, preset: str) -> None:
    loan.refresh_from_db()
    if event == "return" and loan.is_open:
        loan.returned_on = on
    elif event == "undo":
        loan.returned_on = None
    elif event == "renew":
        loan.due_on, loan.due_set_on = on + timedelta(days=7), on
    elif event == "move" and loan.patron:
        loan.patron.group = next(group for group in groups if group != loan.patron.group)
        loan.patron.save()
    elif event == "edit":
        for step in schedule.steps.filter(number__gt=0).order_by("-number"):
            step.days += 6
            step.save()
    elif event == "status":
        billed, on_loan = Loan.Status.BILLED, Loan.Status.ON_LOAN
        loan.status = billed if loan.status == on_loan else on_loan
    elif event == "reload":
        presets.load(preset)
    elif event == "close":
        a_closed_day(day=on, until=on + timedelta(days=on.day % 7))
    elif event == "by hand":
        scan.run(on=on)
    elif event == "beside":
        Notice.objects.create(loan=loan, due_on=loan.due_on, number=0, said_on=on)
    elif event == "back":
        undo.undo([one.pk for one in undo.last_steps([loan.pk])], reason="By mistake.", by=None, on=on)
    loan.save()


def check_what_was_said(loan: Loan, *, on: date) -> None:
    """What today's runs said was to be said today: the book is out, its step has begun and the schedule has not ended;
    where steps are climbed, the last is nobody's first."""
    said = Notice.objects.told().filter(loan=loan, said_on=on).exclude(run=None).select_related("run", "step")
    for notice in said:
        loan = Loan.objects.select_related("patron__group").get(pk=loan.pk)
        schedule = Schedule.objects.get(groups=loan.patron.group_id)  # type: ignore[union-attr]
        assert (loan.returned_on, loan.status, loan.due_on) == (None, Loan.Status.ON_LOAN, notice.due_on)
        assert (on - notice.due_on).days <= schedule.stop_after
        assert notice.step is not None
        assert notice.step.schedule == schedule
        assert (on - notice.due_on).days >= (notice.step.days if schedule.count == Schedule.Count.CALENDAR else -60)
        if notice.run.by_clock:  # type: ignore[union-attr]
            assert OpenDays.load().is_open(on)
            assert steps.is_letter_day(schedule, on, library_day=loan.patron.group.library_day)  # type: ignore[union-attr]
        rungs = [step.number for step in schedule.steps.all() if step.number > 0]
        if schedule.climb and len({step.days for step in schedule.steps.all() if step.number > 0}) > 1:
            before = Notice.objects.told().of_loan(loan).filter(number__gt=0).exclude(pk=notice.pk)
            assert notice.number != max(rungs, default=0) or before.exists()


def check(loan: Loan) -> None:
    told = list(
        Notice.objects.told().filter(loan=loan).select_related("step").order_by("said_on", "number", "occurrence")
    )
    assert max(Counter((one.due_on, one.number, one.occurrence) for one in told).values(), default=1) == 1
    for due in {one.due_on for one in told}:
        mine = [one for one in told if one.due_on == due]
        overdue = [one.number for one in mine if one.number > 0]
        assert overdue == sorted(overdue)
        assert all((one.number > 0) == (one.said_on > due) for one in mine)
        for number in set(overdue):
            said = [one for one in mine if one.number == number]
            assert all(
                later.step is not None and (later.said_on - earlier.said_on).days >= later.step.repeat_days
                for earlier, later in pairwise(said)
            )
    for run in Run.objects.all():
        assert sum(count for _, count in run.outcomes()) == run.looked_at


@contextmanager
def one_example() -> Iterator[None]:
    """Undo what an example wrote, and free its locks."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@given(days=st.lists(st.integers(1, 20), min_size=2, max_size=4, unique=True), late=st.integers(0, 80))
@settings(max_examples=8)
def test_where_steps_are_climbed_the_first_letter_is_the_first(days: list[int], late: int) -> None:
    """However late a loan is when the library starts, it is told 1, then 2, then 3, with the days between them."""
    with one_example():
        a_schedule(*days, climb=True, stop_after=400)
        gaps = [later - earlier for earlier, later in pairwise(sorted(days))]
        loan = a_loan(due=START - timedelta(days=late))

        for day in range(max(days) + 1 + max(days)):
            scan.run(on=START + timedelta(days=day))

        told = list(Notice.objects.told().filter(loan=loan).order_by("said_on"))
        assert [one.number for one in told] == list(range(1, len(days) + 1))
        assert [(b.said_on - a.said_on).days for a, b in pairwise(told)] == gaps


def test_the_database_refuses_a_second_telling(today: date) -> None:
    """Even where a program errs: one row per loan, due date, step and occurrence."""
    loan = a_loan(due=today)
    a_notice(loan=loan, number=1, said=today)

    with pytest.raises(IntegrityError, match="notice_once_per_loan_due_date_and_step"), transaction.atomic():
        a_notice(loan=loan, number=1, said=today)

    assert Notice.objects.of_loan(loan).count() == 1


def test_the_database_refuses_a_run_whose_sums_differ(today: date) -> None:
    """A loan that was looked at and counted nowhere."""
    run = scan.run(on=today)
    run.looked_at = 1

    with pytest.raises(IntegrityError, match="run_counts_add_up"), transaction.atomic():
        run.save()

    assert Run.objects.get().looked_at == 0
