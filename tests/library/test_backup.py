"""A copy of the database in one file, and back into an empty one: nothing lost, nothing written over."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from library import backup
from tests.builders import a_guardian, a_loan, a_patron
from tests.faults.conftest import database_url
from tests.faults.installation import connecting_to

pytestmark = pytest.mark.django_db(transaction=True)

COPY = f"put_back_{os.getpid()}"


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of an empty database."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {COPY}")
    yield database_url().rpartition("/")[0] + f"/{COPY}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {COPY} WITH (FORCE)")


def _rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_every_row_is_back(elsewhere: str, tmp_path: Path) -> None:
    """Table by table, as many as there were; the file is for its owner's eyes."""
    a_loan(due=date(2026, 11, 23), patron=a_patron(guardians=[a_guardian()]))
    before, file = _rows(), tmp_path / "library.backup"

    backup.save(file)
    with connecting_to(elsewhere):
        backup.put_back(file)
        after = _rows()

    assert after == before
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_database_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    """Restoring over a living library would be the end of it."""
    a_patron()
    file, before = tmp_path / "library.backup", _rows()
    backup.save(file)

    with pytest.raises(backup.BackupError) as refusal:
        backup.put_back(file)

    assert str(refusal.value) == (
        "This installation's database is not empty, and nothing is ever put over it. "
        "Name a new folder with LIBRARY_VAR, or a new database with DATABASE_URL, then restore."
    )
    assert _rows() == before


def test_a_copy_is_never_written_over_another(tmp_path: Path) -> None:
    """Yesterday's stays what it was."""
    file = tmp_path / "library.backup"
    file.write_text("yesterday's")

    with pytest.raises(backup.BackupError) as refusal:
        backup.save(file)

    assert (
        str(refusal.value) == f"{file} is there already, and a copy is never written over another. Choose another name."
    )
    assert file.read_text() == "yesterday's"


def test_what_is_no_copy_is_refused_and_changes_nothing(elsewhere: str, tmp_path: Path) -> None:
    """With the words of PostgreSQL."""
    file = tmp_path / "library.backup"
    file.write_text("not a copy at all")

    with connecting_to(elsewhere), pytest.raises(backup.BackupError) as refusal:
        backup.put_back(file)

    assert str(refusal.value).startswith("pg_restore could not do it: pg_restore: error: input file")
