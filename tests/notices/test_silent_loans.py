"""Silent loans: later than their schedule speaks of; a person decides about them (product.md, N17)."""

from datetime import date, timedelta

import pytest

from circulation.models import Loan
from notices import scan, silent, standing
from notices.models import Letter, Notice, Outcome, Step
from tests.builders import a_group, a_guardian, a_loan, a_partner, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_notice, a_schedule

pytestmark = pytest.mark.django_db


def found(on: date) -> set[int]:
    return set(silent.silent(Loan.objects.open(), on=on).values_list("pk", flat=True))


def test_what_a_run_counts_as_past_its_stop(today: date) -> None:
    """Each by the schedule of its own group; what is in time for one is too late for the other."""
    short, long = a_group(), a_group()
    a_schedule(1, groups=[short], stop_after=30)
    a_schedule(1, groups=[long], stop_after=90)
    loans = [
        a_loan(due=today - timedelta(days=days), patron=a_patron(group=group))
        for group, days in ((short, 30), (short, 31), (long, 31), (long, 91))
    ]

    run = scan.run(on=today)

    assert found(today) == {loans[1].pk, loans[3].pk}
    assert run.past_stop == 1  # the other is later than any run looks


def test_only_what_would_be_written_about(today: date) -> None:
    """Billed, without a schedule, under one that says no letters: somebody has decided already."""
    quiet = a_group()
    a_schedule(1, stop_after=30)
    a_schedule(groups=[quiet], no_letters=True, stop_after=30)
    late = today - timedelta(days=40)
    a_loan(due=late, status=Loan.Status.BILLED)
    a_loan(due=late, patron=a_patron(group=quiet))
    a_loan(due=late, partner=a_partner())

    assert found(today) == set()


def test_no_schedule_at_all(today: date) -> None:
    """Nothing was ever said, so nothing fell silent."""
    a_loan(due=today - timedelta(days=400))

    assert found(today) == set()


def test_one_more_letter_goes_where_the_last_one_went(today: date) -> None:
    """Drafts at the step that was heard last, to the home; the ledger is left alone."""
    standing.set_up()
    a_gateway_with_an_address()
    a_schedule(7, 14, who=Step.Who.GUARDIANS, stop_after=30)
    loan = a_loan(due=today - timedelta(days=40), patron=a_patron(guardians=[a_guardian()]))
    a_notice(loan=loan, number=2, said=today - timedelta(days=20))

    run = silent.once_more(Loan.objects.filter(pk=loan.pk), on=today, by=None)

    letter = Letter.objects.get(run=run)
    assert (letter.state, letter.number, letter.audience) == (Letter.State.DRAFT, 2, "guardian")
    assert Notice.objects.told().filter(loan=loan).count() == 1


def test_no_letter_by_hand_about_what_is_lent_to_a_library(today: date) -> None:
    """The sentence says what to tick."""
    loan = a_loan(due=today - timedelta(days=400), partner=a_partner())

    with pytest.raises(silent.SilentError, match="Letters by hand are about late loans of patrons"):
        silent.once_more(Loan.objects.filter(pk=loan.pk), on=today, by=None)

    assert not Letter.objects.exists()


def test_a_run_and_the_list_agree(today: date) -> None:
    """Whatever a run settles as past *stop after* is in the list."""
    a_schedule(1, stop_after=30)
    loans = [a_loan(due=today - timedelta(days=days)) for days in (29, 30, 31, 32)]

    run = scan.run(on=today)

    assert dict(run.outcomes())[Outcome.PAST_STOP] == 0
    assert found(today) == {loan.pk for loan in loans[2:]}
