"""What lies held for a person is what goes when it is let go, on that day and on later ones (product.md, N14)."""

from datetime import date

import pytest

from circulation.models import Loan
from notices import daily, due_notices, held, said, standing, why, why_words
from notices.models import Letter, Outcome, Schedule, Step
from tests.builders import a_guardian, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock, morning_of, on_day, told

pytestmark = pytest.mark.django_db

Words = dict[int, tuple[str, str, str]]


@pytest.fixture
def loan(today: date) -> Loan:
    """A child of six who is late, and a mother."""
    a_gateway_with_an_address()
    standing.set_up()
    a_schedule(1, 20, who=Step.Who.BOTH, days_between=3)
    return a_loan(due=on_day(today, -1), patron=a_patron(guardians=[a_guardian()]))


def words() -> Words:
    letters = Letter.objects.select_related("message")
    return {one.pk: (one.subject, *map(str.rstrip, said.words_of(one))) for one in letters}


@pytest.mark.parametrize("days", [0, 4])
def test_what_is_shown_is_what_goes(today: date, loan: Loan, days: int) -> None:
    """Held on Monday and let go on that day, or on Friday: to the byte, with Friday's dates."""
    run, later = by_the_clock(today), on_day(today, days)
    daily.write(on=today)
    daily.look(at=morning_of(later))
    shown = words()

    held.let_go(run, by=None, on=later)
    daily.write(on=later)

    assert shown == words()
    assert set(Letter.objects.values_list("state", "day")) == {(Letter.State.QUEUED, later)}


def test_the_next_run_keeps_its_distance(today: date, loan: Loan) -> None:
    """It may be let go at any moment: whoever it is for gets no second letter today."""
    by_the_clock(today)
    daily.write(on=today)
    later = on_day(today, 7)
    another = a_loan(due=on_day(later, -1), patron=loan.patron)
    daily.write(on=later)

    run = by_the_clock(later)

    assert dict(run.outcomes())[Outcome.TOO_SOON] == 1
    assert told(another) == []
    assert why_words.why(why.ask([another.pk], on=later)[another.pk], on=later).startswith(
        "A letter to a reader is held for you since Mon 23 Nov; until you decide, they hear nothing else."
    )


def test_the_list_of_the_day_says_what_it_waits_for(today: date, loan: Loan) -> None:
    """A sister's mother has the letter that is held; the loan of the sister is left out because of it."""
    mother = loan.patron.guardians.get()
    by_the_clock(today)
    daily.write(on=today)
    hers = a_loan(due=on_day(today, -1), patron=a_patron(guardians=[mother]))

    with due_notices.due(due_notices.Asked(day=today, by_clock=False), on=today) as found:
        reasons = found.reasons([hers], Outcome.TOO_SOON)

    assert list(reasons.values()) == [
        "A letter to a reader is held for you since Mon 23 Nov; until you decide, they hear nothing else."
    ]


def test_who_has_to_decide_is_told_what_waiting_does(today: date, loan: Loan) -> None:
    """On Home and on the run's page; not where no schedule keeps letters apart."""
    by_the_clock(today)

    with_days = held.meanwhile()
    Schedule.objects.update(days_between=0)

    assert with_days == "Until you decide, the daily run writes nothing else to the same people."
    assert held.meanwhile() == ""
