"""The print queue while others are at work: two people mark at once, and a desk takes a book back while one marks."""

from datetime import date

import pytest

from circulation import desk
from circulation.models import Loan
from notices import compose, paper, scan
from notices.models import Letter
from tests.builders import a_group, a_loan, a_patron
from tests.notices.builders import a_gateway_with_an_address, a_schedule, morning_of, on_day, wording
from tests.notices.test_letters_by_hand_at_the_same_time import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = 12


@pytest.fixture
def loans(today: date) -> list[Loan]:
    """Twelve letters to print."""
    a_gateway_with_an_address()
    a_schedule(1)
    wording(1)
    group = a_group(name="7B", year_level=7)
    made = [a_loan(due=on_day(today, -1), patron=a_patron(group=group, email="")) for _ in range(LETTERS)]
    scan.run(on=today)
    compose.write_planned(on=today)
    return made


def shown(today: date) -> dict[int, int]:
    return {sheet.letter.pk: sheet.letter.revision for pile in paper.to_print(None, on=today) for sheet in pile.sheets}


def test_two_people_mark_the_same_pile(today: date, loans: list[Loan]) -> None:
    """Each letter is marked once, and who came second is told of every one."""
    screen = shown(today)

    def mark() -> paper.Marked:
        return paper.mark(screen, at=morning_of(today), by=None)

    first, second = sorted(at_once(mark, mark), key=lambda done: done.printed)

    assert (first.printed, second.printed) == (0, LETTERS)
    assert first.left_out == ["12 letters had been marked as printed by somebody before: do not post them twice."]


def test_a_book_comes_back_while_somebody_marks(today: date, loans: list[Loan]) -> None:
    """Whichever is first: the letter is printed, or taken back and named; never both, never neither."""
    screen = shown(today)

    done, _ = at_once(
        lambda: paper.mark(screen, at=morning_of(today), by=None),
        lambda: desk.take_back(loans[0], on=today, at=morning_of(today)),
    )

    letter = Letter.objects.get(notices__loan=loans[0])
    outcome = (letter.state, done.printed, len(done.left_out))
    assert outcome in [(Letter.State.PRINTED, LETTERS, 0), (Letter.State.TAKEN_BACK, LETTERS - 1, 1)]


def test_two_people_open_the_same_pile(today: date, loans: list[Loan]) -> None:
    """A book came back that nobody told the program of: both look for it, and both see the same letters."""
    Loan.objects.filter(pk=loans[1].pk).update(returned_on=today)

    def prepare() -> paper.Prepared:
        return paper.prepare(None, on=today, at=morning_of(today), by=None)

    at_once(prepare, prepare)

    assert len(shown(today)) == LETTERS - 1
    assert Letter.objects.get(notices__loan=loans[1]).state == Letter.State.TAKEN_BACK
