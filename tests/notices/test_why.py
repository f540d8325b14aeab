"""Why? answers for any loan: what was said, what comes and when, and if nothing, the reason (product.md, N12)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from circulation.models import Loan
from notices import scan, why, why_words
from notices.models import Notice, Schedule, Step
from tests.builders import a_group, a_guardian, a_guardianship, a_loan, a_partner, a_patron
from tests.notices.builders import a_notice, a_schedule, by_the_clock, on_day

pytestmark = pytest.mark.django_db


def in_a_sentence(loan: Loan, on: date) -> str:
    return why_words.why(why.ask([loan.pk], on=on)[loan.pk], on=on)


def test_the_step_before_and_the_step_that_comes(today: date) -> None:
    """ui.md's own example; nothing is written by asking."""
    a_schedule(1, 7, 14)
    loan = a_loan(due=on_day(today, -14 + 1))
    a_notice(loan=loan, number=2, said=on_day(today, -6))

    sentence = in_a_sentence(loan, today)

    assert sentence == "Overdue 2 was said on Tue 17 Nov, and Overdue 3 begins tomorrow."
    assert Notice.objects.count() == 1


def test_a_weekend_lies_between(today: date) -> None:
    """A step that is reached on Saturday is said on Monday, when the next daily run is made."""
    a_schedule(1)
    loan = a_loan(due=on_day(today, 4))

    sentence = in_a_sentence(loan, today)

    assert sentence == "Overdue 1 goes on Mon 30 Nov."


def test_who_hears_of_it_and_how(today: date) -> None:
    """The child and one guardian by email, the other on paper."""
    a_schedule(1, who=Step.Who.BOTH)
    mia = a_patron(first_name="Mia", last_name="Chen")
    a_guardianship(patron=mia, guardian=a_guardian(name="Wei Chen"))
    a_guardianship(patron=mia, guardian=a_guardian(name="Grace Chen", email=""))
    loan = a_loan(due=today, patron=mia)

    answer = why.ask([loan.pk], on=today)[loan.pk]

    assert why_words.lede(answer, on=today) == (
        "The next letter is Overdue 1, tomorrow, Tue 24 Nov, to Mia Chen and Wei Chen by email, Grace Chen on paper. "
        "Nothing stands in its way."
    )


def test_where_it_repeats(today: date) -> None:
    """The step that was said is said again."""
    a_schedule(1, repeat_days=7)
    loan = a_loan(due=on_day(today, -3))
    a_notice(loan=loan, number=1, said=on_day(today, -2))

    sentence = in_a_sentence(loan, today)

    assert sentence == "Overdue 1 was said on Sat 21 Nov, and it is said again on Mon 30 Nov."


def test_letters_that_do_not_go_by_themselves(today: date) -> None:
    """The patron's own answer, or the group's, or that of a group that is not active."""
    a_schedule(1)
    own = a_loan(due=today, patron=a_patron(first_name="Mia", auto_send="no"))
    of_group = a_loan(due=today, patron=a_patron(group=a_group(name="7B", auto_send=False)))
    inactive = a_loan(due=today, patron=a_patron(group=a_group(name="7C", active=False)))

    sentences = [in_a_sentence(loan, today) for loan in (own, of_group, inactive)]

    assert sentences == [
        "Letters of Mia do not go by themselves.",
        "Letters of 7B do not go by themselves.",
        "7C is not an active group.",
    ]


def test_what_the_loan_itself_says(today: date) -> None:
    """Billed, back as its reader says, past *stop after*, returned."""
    a_schedule(1, stop_after=90)
    billed = a_loan(due=today, status=Loan.Status.BILLED)
    back = a_loan(due=today, patron=a_patron(first_name="Tom"), status=Loan.Status.SAYS_BACK)
    silent = a_loan(due=on_day(today, -91))
    returned = a_loan(due=today, returned=on_day(today, -1))

    sentences = [in_a_sentence(loan, today) for loan in (billed, back, silent, returned)]

    assert sentences == [
        "The loan is billed.",
        "Tom says it is back.",
        "It is more than 90 days late.",
        "It came back on Sun 22 Nov.",
    ]


def test_an_extension_ends(today: date) -> None:
    """Quiet until a day, and then the step that the loan is at."""
    a_schedule(1)
    loan = a_loan(due=on_day(today, -1), status=Loan.Status.EXTENSION_ASKED, quiet_until=on_day(today, 3))

    sentence = in_a_sentence(loan, today)

    assert sentence == "An extension was asked: quiet until Thu 26 Nov. Overdue 1 goes on Thu 26 Nov."


def test_letters_off_for_somebody(today: date) -> None:
    """For the child, or for everybody at home."""
    a_schedule(1, who=Step.Who.GUARDIANS)
    mia = a_patron(first_name="Mia", no_letters_until=on_day(today, 9))
    tom = a_patron(first_name="Tom")
    a_guardianship(patron=tom, library_letters=False)
    quiet, off = a_loan(due=on_day(today, -1), patron=mia), a_loan(due=on_day(today, -1), patron=tom)

    sentences = [in_a_sentence(loan, today) for loan in (quiet, off)]

    assert sentences == [
        "Mia gets no letters before Wed 2 Dec. Overdue 1 goes on Wed 2 Dec.",
        "Letters to the home of Tom are off.",
    ]


def test_nobody_has_an_address(today: date) -> None:
    """By email only, and there is none."""
    a_schedule(1, how=Step.How.EMAIL_ONLY)
    loan = a_loan(due=today, patron=a_patron(first_name="Mia", email=""))

    sentence = in_a_sentence(loan, today)

    assert sentence == "Mia has no address, and this step goes by email only."


def test_days_between_two_letters_to_one_home(today: date) -> None:
    """A brother's letter of tomorrow makes hers wait, although nobody asked about him."""
    a_schedule(1, who=Step.Who.GUARDIANS, days_between=3)
    home = a_guardian()
    a_loan(due=today, patron=a_patron(guardians=[home]))
    hers = a_loan(due=on_day(today, 1), patron=a_patron(guardians=[home]))

    sentence = in_a_sentence(hers, today)

    assert sentence == (
        "A reader was written to shortly before; two letters lie at least 3 days apart. Overdue 1 goes on Fri 27 Nov."
    )


def test_days_on_which_a_schedule_writes(today: date) -> None:
    """On Thursdays; and on a library day on which no daily run is made: never."""
    thursdays, never = a_group(), a_group(name="7B", library_day=6)
    a_schedule(1, groups=[thursdays], weekdays=[3])
    a_schedule(1, groups=[never], on_library_day=True, name="Library days")
    first = a_loan(due=today, patron=a_patron(group=thursdays))
    second = a_loan(due=today, patron=a_patron(group=never))

    sentences = [in_a_sentence(loan, today) for loan in (first, second)]

    assert sentences == [
        "Overdue 1 goes on Thu 26 Nov.",
        "Library days writes on the library day of 7B, Sundays.",
    ]


def test_no_schedule_and_one_that_says_no_letters(today: date) -> None:
    """Interlibrary loans have none here."""
    a_schedule(name="Quiet", no_letters=True)
    ours, theirs = a_loan(due=today), a_loan(due=today, partner=a_partner())

    sentences = [in_a_sentence(loan, today) for loan in (ours, theirs)]

    assert sentences == ["The schedule Quiet says: no letters.", "No schedule covers it."]


def test_a_held_run_and_the_rung_after_it(today: date) -> None:
    """Held letters are thought to be let go today; the next rung follows the days that lie between the two."""
    a_schedule(1, 8, climb=True)
    loan = a_loan(due=on_day(today, -1))
    run = by_the_clock(today)

    sentence = in_a_sentence(loan, today)

    assert run.is_held
    assert sentence == "Overdue 1 of Mon 23 Nov is held for you, and Overdue 2 begins on Mon 30 Nov."


def test_all_that_comes(today: date) -> None:
    """Every letter up to *stop after*."""
    a_schedule(1, 8, 15, stop_after=20, count=Schedule.Count.CALENDAR)
    loan = a_loan(due=today)

    answer = why.ask([loan.pk], on=today, letters=9)[loan.pk]

    assert [(one.step.number, one.day - today) for one in answer.coming] == [
        (number, timedelta(days=days)) for number, days in ((1, 1), (2, 8), (3, 15))
    ]


def test_a_list_of_loans_is_asked_about_at_once(today: date) -> None:
    """Twenty loans cost as many statements as one."""
    a_schedule(1)
    loans = [a_loan(due=today).pk for _ in range(20)]

    with CaptureQueriesContext(connection) as about_one:
        why.ask(loans[:1], on=today)
    with CaptureQueriesContext(connection) as about_all:
        answers = why.ask(loans, on=today)

    assert len(about_all) == len(about_one)
    assert {answer.next.day for answer in answers.values() if answer.next} == {on_day(today, 1)}


def test_today_is_over_once_it_was_run(today: date) -> None:
    """What the morning's run looked at is not asked again today."""
    a_schedule(1)
    by_the_clock(today)
    scan.run(on=today)
    loan = a_loan(due=on_day(today, -1))

    sentence = in_a_sentence(loan, today)

    assert sentence == "Overdue 1 goes tomorrow."
