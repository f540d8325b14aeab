"""Two people press at the same moment: letting go and dropping, saying sorry, sending again."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from circulation.models import Loan
from notices import again, compose, corrections, held, scan, undo
from notices.models import Letter, Notice, Run, Step, Template
from smtp_gateway.models import OutboundMessage
from tests.builders import a_guardian, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, by_the_clock, on_day, wording
from tests.notices.test_letters_by_hand_at_the_same_time import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = 12


@pytest.fixture
def loans(today: date) -> list[Loan]:
    """Six pupils, each with a mother, and one late book each: twelve letters."""
    a_gateway_with_an_address()
    wording(1)
    a_schedule(1, who=Step.Who.BOTH)
    return [a_loan(due=on_day(today, -1), patron=a_patron(guardians=[a_guardian()])) for _ in range(LETTERS // 2)]


def sent(today: date) -> list[int]:
    """Said by hand, written and gone; the ids of what was said."""
    run = scan.run(on=today)
    compose.write_planned(on=today)
    now = timezone.now()
    OutboundMessage.objects.update(state=OutboundMessage.State.SENT, sent_at=now, finished_at=now)
    return list(undo.of_run(run).values_list("pk", flat=True))


@pytest.mark.parametrize("written", [True, False])
def test_one_lets_go_and_one_drops(today: date, loans: list[Loan], written: bool) -> None:
    """Who is first decides about all of them; composing works on them meanwhile."""
    run = by_the_clock(today)
    if written:
        compose.write_planned(on=today)

    results = at_once(
        lambda: held.let_go(run, by=None, on=today),
        lambda: held.drop(run, by=None),
        lambda: compose.write_planned(on=today),
    )
    compose.write_planned(on=today)

    run.refresh_from_db()
    assert sorted(results[:2]) == [0, LETTERS]
    assert (run.let_go_at is None) == (results[0] == 0)
    assert (run.dropped_at is None) == (results[1] == 0)
    state = Letter.State.QUEUED if run.let_go_at else Letter.State.DROPPED
    assert set(Letter.objects.values_list("state", flat=True)) == {state}
    assert OutboundMessage.objects.count() == (LETTERS if run.let_go_at else 0)
    assert Notice.objects.filter(dropped_at=None).count() == (len(loans) if run.let_go_at else 0)


def test_four_people_say_sorry(today: date, loans: list[Loan]) -> None:
    """Each reader gets one correction."""
    notices = sent(today)

    results = at_once(*[lambda: corrections.write(notices, by=None, on=today)] * 4)

    assert sorted(one.run.letters if one.run else 0 for one in results) == [0, 0, 0, LETTERS]
    assert Letter.objects.filter(kind=Template.Kind.CORRECTION).count() == LETTERS
    assert Run.objects.count() == 2


def test_two_people_take_the_same_steps_back(today: date, loans: list[Loan]) -> None:
    notices = sent(today)

    results = at_once(*[lambda: undo.undo(notices, reason="By mistake.", by=None, on=today)] * 2)

    assert sorted(one.steps for one in results) == [0, len(loans)]


def test_two_people_send_the_same_letter_again(today: date, loans: list[Loan]) -> None:
    """One copy; the other is told why."""
    sent(today)
    message = OutboundMessage.objects.earliest("pk").pk

    results = at_once(*[lambda: _or_why_not(lambda: again.send(message, on=today))] * 2)

    assert Letter.objects.count() == LETTERS + 1
    assert [str(one) for one in results if isinstance(one, again.AgainError)] == [
        "This letter was sent again today. Another copy can go tomorrow."
    ]


def test_two_people_process_the_same_due_notices(today: date, loans: list[Loan]) -> None:
    """Ticked by two: each loan is told once, in one letter to each reader."""
    ticked = [loan.pk for loan in loans]

    runs = at_once(*[lambda: scan.run(on=today, only=ticked)] * 2)

    assert sorted(run.letters for run in runs) == [0, LETTERS]
    assert Notice.objects.count() == len(loans)


def _or_why_not(deed: Callable[[], Any]) -> Any:
    try:
        return deed()
    except again.AgainError as reason:
        return reason
