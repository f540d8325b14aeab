"""What goes wrong is logged by kind and place; the values it stumbled over are nobody's business (product.md, S3)."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from celery.app.trace import build_tracer
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, connection
from django.test import Client

from circulation.models import Patron
from library import celery
from library.logs import Discreet
from tests.builders import a_group, a_patron

ADDRESS = "mia.chen@banksia.example"


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What a handler with our formatter writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Discreet("{levelname} {name}: {message}", style="{"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


@pytest.mark.django_db
def test_a_refusal_of_the_database_is_told_without_the_row(said: io.StringIO) -> None:
    """PostgreSQL's DETAIL line has the card number in it."""
    a_patron(barcode="P100234", group=a_group(name="7B"))
    values = {"first_name": "Mia", "last_name": "Chen", "email": ADDRESS, "group": a_group(name="7B")}

    try:
        Patron.objects.create(barcode="P100234", **values)
    except IntegrityError as error:
        logging.getLogger("library").exception("Not saved: %s", error)

    lines = said.getvalue().splitlines()
    assert lines[0] == "ERROR library: Not saved: django.db.utils.IntegrityError"
    assert lines[-1] == "django.db.utils.IntegrityError"
    assert "P100234" not in said.getvalue()


def test_what_the_machine_says_is_told(said: io.StringIO) -> None:
    """A database that does not answer: its words are what the administrator needs."""
    try:
        raise OperationalError("connection refused")
    except OperationalError:
        logging.getLogger("library").exception("No database")

    assert said.getvalue().splitlines()[-1] == "django.db.utils.OperationalError: connection refused"


def test_the_first_cause_is_told_too(said: io.StringIO) -> None:
    """Type and place of each link of the chain, the words of none."""
    try:
        try:
            int(ADDRESS)
        except ValueError as error:
            raise KeyError(ADDRESS) from error
    except KeyError:
        logging.getLogger("library").exception("Not read")

    told = said.getvalue()
    assert [line for line in told.splitlines() if "Error" in line] == ["ValueError", "KeyError"]
    assert "in test_the_first_cause_is_told_too" in told
    assert ADDRESS not in told


def test_a_task_that_fails_is_told_without_its_words(said: io.StringIO) -> None:
    """Celery writes the exception into its own line as well."""

    @celery.app.task(name="tests.fails", shared=False)
    def fails(number: int) -> None:
        raise ValueError(ADDRESS)

    build_tracer(fails.name, fails, app=celery.app)("9f0c", [7], {}, {"is_eager": False})
    celery.app.tasks.unregister(fails.name)

    told = said.getvalue()
    assert told.splitlines()[0] == "ERROR celery.app.trace: Task tests.fails[None] raised unexpected: ValueError"
    assert ADDRESS not in told


@pytest.mark.django_db
def test_a_page_that_breaks_is_told_by_its_address_alone(client: Client, said: io.StringIO) -> None:
    """No query, no form, no words of the exception; the person sees a sentence."""
    client.raise_request_exception = False
    client.force_login(User.objects.create_superuser("ana"))
    with connection.cursor() as cursor:  # as after an upgrade that was not finished
        cursor.execute("ALTER TABLE circulation_patron RENAME COLUMN known_as TO called")

    answer = client.get("/patrons/", {"q": "Mia Chen"})

    told = said.getvalue()
    assert answer.status_code == 500
    assert told.splitlines()[0] == "ERROR django.request: Internal Server Error: /patrons/"
    assert "Chen" not in told


def test_a_request_that_gunicorn_cannot_pass_on_is_told_without_its_query() -> None:
    """It never reached Django."""
    ask = (
        "from gunicorn.config import Config; from library.logs import WebLogger; log = WebLogger(Config())\n"
        f"try: raise ValueError('{ADDRESS}')\n"
        "except ValueError: log.exception('Error handling request %s', '/find/?q=Mia+Chen')\n"
    )

    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stderr

    assert "Error handling request /find/\n" in told
    assert told.splitlines()[-1] == "ValueError"
