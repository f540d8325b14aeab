"""A process or a database that dies in the middle of an import: nothing is applied, and later all of it is, once.

A process of its own applies the file, and stops when the rows are changed and nothing is committed. Then it is killed,
or PostgreSQL is stopped under it without a checkpoint; in both cases the file still waits.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from circulation.imports import apply as imports
from circulation.imports import by_hand
from circulation.imports.plan import Options
from circulation.models import Guardian, Guardianship, ImportFile, Loan, Patron
from tests.circulation.conftest import NOON, sample
from tests.faults.conftest import installation, own  # noqa: F401
from tests.faults.installation import Installation

pytestmark = pytest.mark.slow

HALF_WAY = """
import sys
import time

import django

django.setup()

from circulation.imports import by_hand
from circulation.signals import loans_changed, people_changed
from tests.circulation.conftest import NOON


def stop_here(**_):
    print("half-way", flush=True)
    time.sleep(600)


loans_changed.connect(stop_here)
people_changed.connect(stop_here)
by_hand.apply_asked(int(sys.argv[1]), on=NOON.date(), at=NOON)
"""


def the_process(own: Installation, worker: "subprocess.Popen[str]") -> None:  # noqa: F811
    """SIGKILL, as the out-of-memory killer does."""
    worker.kill()


def the_database(own: Installation, worker: "subprocess.Popen[str]") -> None:  # noqa: F811
    """As ``pg_ctl stop -m immediate``: sessions are cut off, and recovery reads the log."""
    own.stop_hard(own.postgres)
    worker.kill()
    own.start_again(own.postgres)


@pytest.mark.parametrize("kill", [the_process, the_database])
@pytest.mark.parametrize(
    ("kind", "name"), [("patrons", "patrons-with-guardians.csv"), ("loans", "koha-open-loans-2026-11-23.csv")]
)
def test_killed_half_way(own: Installation, kind: str, name: str, kill: Callable[..., None]) -> None:  # noqa: F811
    """Not one row of it is there; the file waits, and is applied when somebody asks again."""
    _on_file("koha-patrons.csv" if kind == "loans" else "")
    before = _rows()
    file = by_hand.take_in(sample(name), kind=kind, name=name, on=NOON.date(), at=NOON)
    by_hand.ask_to_apply(file.pk, Options(), at=timezone.now())

    with _half_way(own, file.pk) as worker:
        kill(own, worker)

    file.refresh_from_db()
    assert (_rows(), file.state) == (before, ImportFile.State.WAITING)

    by_hand.apply_asked(file.pk, on=NOON.date(), at=NOON)
    once = _rows()
    by_hand.apply_asked(file.pk, on=NOON.date(), at=NOON)

    file.refresh_from_db()
    assert (file.state, file.added) == (ImportFile.State.APPLIED, file.rows)
    assert _rows() == once != before


@contextmanager
def _half_way(own: Installation, pk: int) -> "Iterator[subprocess.Popen[str]]":  # noqa: F811
    """A process that applies this file and has come to the middle of it."""
    environment = os.environ | {
        "DATABASE_URL": own.postgres.address.database_url,
        "DJANGO_SETTINGS_MODULE": "library.settings",
    }
    command = [sys.executable, "-c", HALF_WAY, str(pk)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        try:
            assert worker.stdout.readline() == "half-way\n"
            yield worker
        finally:
            worker.kill()


def _on_file(name: str) -> None:
    if name:
        imports.apply(imports.a_file(sample(name), kind="patrons", name=name), on=NOON.date(), at=NOON)


def _rows() -> list[int]:
    return [model.objects.count() for model in (Patron, Guardian, Guardianship, Loan)]
