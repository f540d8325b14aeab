"""However often a file is asked for, by whomever: it is applied once, and only what was shown."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from circulation import tasks
from circulation.imports import by_hand
from circulation.imports.plan import Options
from circulation.models import ImportFile, Patron
from tests.builders import a_group, a_patron
from tests.circulation.conftest import NOON

LIST = b"barcode,last_name,first_name,group\n" + b"".join(b"P%d,Chen,Mia,7B\n" % number for number in range(200))


@pytest.fixture
def file(db: None) -> ImportFile:
    return by_hand.take_in(LIST, kind="patrons", name="list.csv", on=NOON.date(), at=NOON)


def asked(file: ImportFile, **options: Any) -> ImportFile:
    return by_hand.ask_to_apply(file.pk, Options(**options), at=NOON)


@pytest.mark.django_db(transaction=True)
def test_four_clicks_at_once_apply_once(file: ImportFile) -> None:
    """Two people, each with a quick finger; whoever comes later waits and finds the work done."""

    def click(_: int) -> str:
        try:
            asked(file)
            by_hand.apply_asked(file.pk, on=NOON.date(), at=NOON)
        except by_hand.ByHandError as reason:
            return str(reason)
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(4) as people:
        said = list(people.map(click, range(4)))

    file.refresh_from_db()
    assert (file.state, file.added, Patron.objects.count()) == ("applied", 200, 200)
    assert set(said) <= {"", "This file was applied before. Nothing was applied again."}


def test_a_task_that_comes_twice_applies_once(file: ImportFile) -> None:
    """A broker may deliver twice; the second finds nothing that waits."""
    asked(file)

    tasks.apply_file(file.pk)
    tasks.apply_file(file.pk)

    file.refresh_from_db()
    assert (file.state, Patron.objects.count()) == ("applied", 200)


def test_what_nobody_asked_for_is_not_applied(file: ImportFile) -> None:
    """A task for a file that a person only looked at."""
    tasks.apply_file(file.pk)

    file.refresh_from_db()
    assert (file.state, Patron.objects.count()) == ("planned", 0)


def test_a_worker_that_finds_other_figures_gives_the_file_back(file: ImportFile) -> None:
    """While it waited, somebody put P7 on file: the person looks at it again."""
    asked(file)
    a_patron(barcode="P7", last_name="Chen", first_name="Mia", email="", group=a_group(name="7B"))

    by_hand.apply_asked(file.pk, on=NOON.date(), at=NOON)

    file.refresh_from_db()
    assert (file.state, file.asked_at, file.added, file.unchanged) == ("planned", None, 199, 1)
    assert file.shown["why_again"] == (
        "Something changed since this was shown, so nothing was applied. Look at it once more."
    )
    assert Patron.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_whether_somebody_is_at_work_is_known_without_asking_them(file: ImportFile) -> None:
    """The row of the file is locked by whoever applies it, and by nobody else."""
    waiting = asked(file)
    other = connections.create_connection("default")
    try:
        before = by_hand.progress(waiting).at_work
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM circulation_importfile FOR UPDATE")
            during = by_hand.progress(waiting).at_work
    finally:
        other.rollback()
        other.close()

    assert (before, during, by_hand.progress(waiting).at_work) == (False, True, False)


def test_an_applied_file_is_not_looked_at_again(file: ImportFile) -> None:
    """*Back*, and then *Look once more* or other columns: what was done stays as it was done."""
    asked(file)
    by_hand.apply_asked(file.pk, on=NOON.date(), at=NOON)

    by_hand.look_again(file.pk, on=NOON.date(), at=NOON + timedelta(days=1))
    by_hand.match_columns(file.pk, {"barcode": "barcode"}, on=NOON.date(), at=NOON)

    file.refresh_from_db()
    assert (file.state, file.added, file.applied_at) == ("applied", 200, NOON)
