"""Days, people and numbers as circulation says them."""

from datetime import date

import pytest

from circulation.words import a_day, several, who
from tests.builders import a_group, a_partner, a_patron

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "Mon 23 Nov"),
        (date(2026, 1, 5), "Mon 5 Jan"),
        (date(2027, 2, 23), "Tue 23 Feb"),
        (date(2027, 2, 24), "Wed 24 Feb 2027"),
        (date(2025, 12, 31), "Wed 31 Dec 2025"),
    ],
)
def test_a_day_has_a_year_only_when_it_is_far(day: date, words: str) -> None:
    """This year and the next three months go without."""
    assert a_day(day, on=ON) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0 loans"), (1, "1 loan"), (2, "2 loans"), (1204, "1,204 loans")])
def test_plurals_are_real(count: int, words: str) -> None:
    """Never loan(s)."""
    assert several(count, "loan") == words


@pytest.mark.django_db
def test_a_borrower_is_named_with_the_group() -> None:
    """A library has none."""
    mia = a_patron(first_name="Mia", last_name="Chen", group=a_group(name="7B"))

    assert who(mia) == "Mia Chen, 7B"
    assert who(a_partner(name="Karri University Library")) == "Karri University Library"
