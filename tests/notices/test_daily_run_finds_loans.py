"""The scan: which loans are told today, once, and what becomes of all the others."""

from datetime import date, timedelta

import pytest

from circulation.models import Loan
from notices import presets, scan
from notices.models import Letter, Notice, Outcome, Run
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.notices.builders import a_notice, a_schedule, morning_of

pytestmark = pytest.mark.django_db


def outcomes(run: Run) -> dict[str, int]:
    """What became of the loans, without the zeros."""
    return {outcome.value: count for outcome, count in run.outcomes() if count}


def steps_told(loan: Loan) -> list[int]:
    return list(Notice.objects.told().of_loan(loan).order_by("pk").values_list("number", flat=True))


def days_later(today: date, days: int) -> date:
    return today + timedelta(days=days)


def test_a_loan_that_reached_a_step_is_told(today: date) -> None:
    """Due yesterday, overdue 1 after one day: one notice, one letter to the patron."""
    a_schedule(1, 3)
    loan = a_loan(due=days_later(today, -1))

    run = scan.run(on=today)

    assert steps_told(loan) == [1]
    assert outcomes(run) == {Outcome.EMAIL: 1}
    [letter] = Letter.objects.all()
    assert (letter.patron, letter.to, letter.number) == (loan.patron, loan.patron.email, 1)


def test_a_loan_that_came_back_is_left_in_peace(today: date) -> None:
    """The scan runs after breakfast; Mia returned the atlas last night."""
    a_schedule(1)
    loan = a_loan(due=days_later(today, -3), returned=days_later(today, -1))

    run = scan.run(on=today)

    assert run.letters == 0
    assert list(Notice.objects.filter(loan=loan)) == []


def test_run_twice_the_same_notices(today: date) -> None:
    """The second run finds everything told."""
    a_schedule(1)
    loan = a_loan(due=days_later(today, -1))
    scan.run(on=today)

    second = scan.run(on=today)

    assert steps_told(loan) == [1]
    assert outcomes(second) == {Outcome.ALREADY_TOLD: 1}


def test_after_a_fortnights_outage_one_letter_with_todays_step(today: date) -> None:
    """Nobody hears the steps that passed while the machine was off."""
    a_schedule(1, 7, 14)
    loan = a_loan(due=days_later(today, -15))

    run = scan.run(on=today)

    assert steps_told(loan) == [3]
    assert run.letters == 1


def test_where_steps_are_climbed_nobodys_first_letter_is_the_last(today: date) -> None:
    """The first letter is overdue 1; the next comes when as many days have passed as lie between them."""
    a_schedule(7, 14, 28, climb=True)
    loan = a_loan(due=days_later(today, -40))

    told = {}
    for day in range(0, 30):
        scan.run(on=days_later(today, day))
        told[day] = len(steps_told(loan))

    assert [day for day in told if told[day] != told.get(day - 1, 0)] == [0, 7, 21]
    assert steps_told(loan) == [1, 2, 3]


def test_a_changed_schedule_repeats_nothing(today: date) -> None:
    """Overdue 2 moves from day 7 to day 10: who has heard it does not hear it again, nor a lower step."""
    schedule = a_schedule(3, 7, 14)
    loan = a_loan(due=days_later(today, -8))
    scan.run(on=today)
    schedule.steps.filter(number=2).update(days=10)

    scan.run(on=days_later(today, 1))

    assert steps_told(loan) == [2]


def test_a_reloaded_preset_repeats_nothing(today: date) -> None:
    """Steps keep their numbers when a preset is put back."""
    presets.load("bibliotech")
    loan = a_loan(due=days_later(today, -1))
    scan.run(on=today)

    presets.load("bibliotech")
    scan.run(on=days_later(today, 1))

    assert steps_told(loan) == [1]


def test_another_group_repeats_nothing(today: date) -> None:
    """Mia moves to a class with a schedule of its own; its overdue 1 is known to her."""
    seven, eight = a_group(), a_group()
    a_schedule(1, 7, groups=[seven])
    a_schedule(2, 9, groups=[eight])
    mia = a_patron(group=seven)
    loan = a_loan(due=days_later(today, -1), patron=mia)
    scan.run(on=today)
    mia.group = eight
    mia.save()

    for day in range(1, 9):
        scan.run(on=days_later(today, day))

    assert list(Notice.objects.of_loan(loan).order_by("pk").values_list("number", "said_on")) == [
        (1, today),
        (2, days_later(today, 8)),
    ]


def test_a_repeat_counts_from_the_day_it_was_said(today: date) -> None:
    """Every seven days after it was last said, never on neighbouring days, even when runs were missed."""
    a_schedule(14, repeat_days=7, stop_after=90)
    loan = a_loan(due=days_later(today, -14))

    for day in (0, 1, 6, 7, 8, 16, 17, 22, 23):
        scan.run(on=days_later(today, day))

    said = Notice.objects.of_loan(loan).order_by("occurrence").values_list("occurrence", "said_on")
    assert list(said) == [(0, today), (1, days_later(today, 7)), (2, days_later(today, 16)), (3, days_later(today, 23))]


def test_a_repeat_ends(today: date) -> None:
    """At most twice more."""
    a_schedule(1, repeat_days=2, repeat_times=2)
    loan = a_loan(due=days_later(today, -1))

    for day in range(12):
        scan.run(on=days_later(today, day))

    assert steps_told(loan) == [1, 1, 1]


def test_a_renewal_starts_the_steps_anew(today: date) -> None:
    """The ledger is about a due date; with a new one overdue 1 can be said again."""
    a_schedule(1)
    loan = a_loan(due=days_later(today, -1))
    scan.run(on=today)
    loan.due_on = days_later(today, 7)
    loan.save()

    scan.run(on=days_later(today, 8))

    assert list(Notice.objects.filter(loan=loan).order_by("due_on").values_list("due_on", "number")) == [
        (days_later(today, -1), 1),
        (days_later(today, 7), 1),
    ]


def test_a_two_day_loan_gets_no_reminder_three_days_before(today: date) -> None:
    """The due date was set after the reminder's own day."""
    a_schedule(-3)
    short = a_loan(due=days_later(today, 2), lent=today)
    long = a_loan(due=days_later(today, 2), lent=days_later(today, -12))

    scan.run(on=today)

    assert (steps_told(short), steps_told(long)) == ([], [-1])


def test_after_an_overdue_step_no_lower_one_is_said(today: date) -> None:
    """Overdue 2 was said by hand early; overdue 1 comes too late for this due date."""
    a_schedule(7, 14)
    loan = a_loan(due=days_later(today, -8))
    a_notice(loan=loan, number=2, said=days_later(today, -2))

    run = scan.run(on=today)

    assert steps_told(loan) == [2]
    assert outcomes(run) == {Outcome.ALREADY_TOLD: 1}


def test_what_was_undone_can_be_said_again(today: date) -> None:
    """A librarian took overdue 1 back."""
    a_schedule(1, 7)
    loan = a_loan(due=days_later(today, -2))
    notice = a_notice(loan=loan, number=1, said=days_later(today, -1))
    notice.undone_at, notice.why = morning_of(today), "Wrong child."
    notice.save()

    scan.run(on=today)

    assert steps_told(loan) == [1]


def test_every_loan_has_one_outcome_and_they_add_up(today: date) -> None:
    """A loan of every kind; what a run by the clock leaves out is counted under its first reason."""
    a_schedule(-3, 1, 7, stop_after=30)
    silent = a_group(auto_send=False)
    a_loan(due=days_later(today, -2))
    a_loan(due=days_later(today, -2), patron=a_patron(email=""))
    a_loan(due=days_later(today, -2), patron=a_patron(group=silent))
    a_loan(due=days_later(today, -2), patron=a_patron(no_letters_until=days_later(today, 1)))
    a_loan(due=days_later(today, -2), status=Loan.Status.BILLED)
    a_loan(due=days_later(today, -31))
    a_loan(due=days_later(today, 3), lent=today)
    a_notice(loan=a_loan(due=days_later(today, -3)), number=1, said=days_later(today, -1))
    a_loan(due=days_later(today, -2), partner=a_partner())
    a_schedule(100, stop_after=365, groups=[a_group()])

    run = scan._by_the_clock(on=today, at=morning_of(today), quiet=None)

    assert run is not None
    assert outcomes(run) == {
        Outcome.EMAIL: 1,
        Outcome.PAPER: 1,
        Outcome.NO_AUTO_SEND: 1,
        Outcome.NO_LETTERS: 1,
        Outcome.STATUS: 1,
        Outcome.PAST_STOP: 1,
        Outcome.NOT_YET: 1,
        Outcome.ALREADY_TOLD: 1,
        Outcome.NO_SCHEDULE: 1,
    }
    assert run.looked_at == 9


def test_by_hand_auto_send_does_not_matter_but_no_letters_does(today: date) -> None:
    """A librarian asks for the run herself; a child with *no letters* stays left out."""
    a_schedule(1)
    silent = a_group(auto_send=False)
    told = a_loan(due=days_later(today, -1), patron=a_patron(group=silent))
    spared = a_loan(due=days_later(today, -1), patron=a_patron(no_letters_until=date.max))

    scan.run(on=today)

    assert (steps_told(told), steps_told(spared)) == ([1], [])


def test_the_most_particular_schedule_wins(today: date) -> None:
    """Year seven has its own schedule; everyone else falls under the general one."""
    seven = a_group()
    a_schedule(1)
    a_schedule(5, groups=[seven])
    general = a_loan(due=days_later(today, -1))
    own = a_loan(due=days_later(today, -1), patron=a_patron(group=seven))

    scan.run(on=today)

    assert (steps_told(general), steps_told(own)) == ([1], [])


def test_days_lie_between_two_letters_to_one_person(today: date) -> None:
    """Mia was written to yesterday; her other book waits until three days have passed, and is not forgotten."""
    a_schedule(1, days_between=3, stop_after=30)
    mia = a_patron()
    first = a_loan(due=days_later(today, -2), patron=mia)
    scan.run(on=days_later(today, -1))
    second = a_loan(due=days_later(today, -1), patron=mia)

    told = []
    for day in range(4):
        scan.run(on=days_later(today, day))
        told.append(steps_told(second))

    assert steps_told(first) == [1]
    assert told == [[], [], [1], [1]]


def test_a_home_that_is_switched_off_hears_nothing(today: date) -> None:
    """The only guardianship says no: nobody is told, and the reason is not a missing address."""
    a_schedule(7, who="guardians")
    tom = a_patron()
    a_guardianship(patron=tom, guardian=a_guardian(), library_letters=False)
    a_loan(due=days_later(today, -7), patron=tom)

    run = scan.run(on=today)

    assert outcomes(run) == {Outcome.NO_LETTERS: 1}
    assert Letter.objects.count() == 0
