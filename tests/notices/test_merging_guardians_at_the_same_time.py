"""Two entries of one guardian become one while others are at work: a colleague, letters by hand, the run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from circulation import merging, people
from circulation.models import Guardian, Guardianship, Loan
from notices import schedules
from notices.letters_sql import STAND_STILL
from notices.models import Audience, Letter, Run
from tests.builders import a_guardian, a_guardianship, a_patron
from tests.notices.test_letters_by_hand_at_the_same_time import somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def link() -> Guardianship:
    """Tom, under the second entry of Kim Lee."""
    return a_guardianship(patron=a_patron(first_name="Tom"), guardian=a_guardian(name="Kim Lee"))


def met(deed: Callable[[], Any], then: Callable[[], Any], by: Callable[[], Any]) -> None:
    """``deed`` and then ``then`` in one transaction; between them ``by`` begins elsewhere, and has to wait."""
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            deed()
            elsewhere = threads.submit(_apart, by)
            assert somebody_waits()
            then()
        elsewhere.result(30)


def _apart(deed: Callable[[], Any]) -> Any:
    try:
        return deed()
    finally:
        connection.close()


def in_sql(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def nothing() -> None:
    """The transaction ends at once."""


def test_a_no_that_is_just_being_said_stands(link: Guardianship) -> None:
    """A colleague has turned the switch and not committed when somebody presses."""
    first, second = a_guardian(name="Kim Lee"), link.guardian

    met(lambda: people.stop_letters_home([link]), nothing, by=lambda: merging.merge(second, into=first))

    assert list(Guardianship.objects.values_list("guardian", "library_letters")) == [(first.pk, False)]


def test_letters_by_hand_are_waited_for(link: Guardianship, today: date) -> None:
    """*Send* locks links and then guardians: who locks them the other way round would meet it head on."""
    first, second = a_guardian(name="Kim Lee"), link.guardian
    run = Run.objects.create(day=today, started_at=timezone.now())
    about_links, about_guardians = STAND_STILL.split(";")[2:4]
    letter = Letter.objects.create(
        run=run,
        service=Loan.Service.CIRCULATION,
        audience=Audience.GUARDIAN,
        channel="paper",
        state=Letter.State.DRAFT,
        number=0,
        day=today,
        guardian=second,
    )

    met(
        lambda: in_sql(about_links, run=run.pk),
        lambda: in_sql(f"SET LOCAL lock_timeout = '2s'; {about_guardians}", run=run.pk),
        by=lambda: merging.merge(second, into=first),
    )

    letter.refresh_from_db()
    assert (letter.guardian, Guardian.objects.count()) == (first, 1)


def test_a_run_is_over_first(link: Guardianship) -> None:
    """What it plans to the entry that goes would have no reader when it is done."""
    first, second = a_guardian(name="Kim Lee"), link.guardian
    there: list[Guardian] = []

    met(
        schedules.wait_for_the_run,
        lambda: there.append(Guardian.objects.select_for_update(nowait=True).get(pk=second.pk)),
        by=lambda: merging.merge(second, into=first),
    )

    assert (there, list(Guardian.objects.all())) == ([second], [first])
