"""Two desks, two processes, one item (product.md, C2): each time one of them wins and the other is told why."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import pytest

from circulation import desk
from circulation.models import Item, Loan, Patron
from tests.builders import a_group, a_patron, an_item
from tests.circulation.a_desk import a_desk

TIMES = 1_000


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_processes_lend_one_item_a_thousand_times(today: date, noon: datetime) -> None:
    """Both scan the atlas at the same moment; it comes back, and they do it again."""
    seven_b, atlas = a_group(name="7B"), an_item(title="Atlas")
    mia = a_patron(group=seven_b, first_name="Mia", last_name="Chen")
    zayd = a_patron(group=seven_b, first_name="Zayd", last_name="Rahimi")
    answers: Counter[tuple[str, str]] = Counter()

    with _two_desks(atlas, mia, zayd) as desks:
        for _ in range(TIMES):
            answers[_both_scan(desks, on=today)] += 1
            desk.take_back(atlas, on=today, at=noon)

    with_mia, with_zayd = (f"Atlas is on loan to {who}, 7B, until Mon 7 Dec." for who in ("Mia Chen", "Zayd Rahimi"))
    assert set(answers) <= {("lent", with_mia), (with_zayd, "lent")}
    assert answers.total() == Loan.objects.count() == TIMES
    assert Loan.objects.of_patron(mia).count() == answers["lent", with_mia]


@contextmanager
def _two_desks(item: Item, *patrons: Patron) -> Iterator[list["subprocess.Popen[str]"]]:
    desks = [a_desk(item.pk, patron.pk) for patron in patrons]
    try:
        yield desks
    finally:
        for one in desks:
            one.communicate(timeout=30)  # no more days to come: it ends


def _both_scan(desks: list["subprocess.Popen[str]"], *, on: date) -> tuple[str, str]:
    for one in desks:
        assert one.stdin is not None
        one.stdin.write(f"{on}\n")
    one, other = (each.stdout.readline().strip() for each in desks if each.stdout is not None)
    return one, other
