"""What the fault tests share: a sink, workers to be killed, and the oracle's question at the end."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from smtp_gateway.models import Gateway
from tests.faults.installation import Installation
from tests.faults.nursery import Nursery
from tests.faults.sink import Sink
from tests.smtp_gateway.outgoing import a_gateway


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture
def gateway(sink: Sink, transactional_db: None) -> Gateway:
    """On, and in no hurry to slow down: the throttle has tests of its own."""
    return a_gateway(port=sink.port, messages_each_check=1000)


@pytest.fixture
def nursery(transactional_db: None) -> Iterator[Nursery]:
    with Nursery(database_url()) as open_nursery:
        yield open_nursery


@pytest.fixture(scope="module")
def installation(django_db_setup: None, django_db_blocker: Any) -> Iterator[Installation]:
    """Servers and programs for the tests of one file."""
    with django_db_blocker.unblock(), Installation() as own:
        yield own


@pytest.fixture
def own(installation: Installation, django_db_blocker: Any) -> Iterator[Installation]:
    """The installation as if it were new; this process is connected to its database."""
    with django_db_blocker.unblock():
        installation.forget()
        yield installation
        installation.kill_programs()
        connection.close()


def database_url() -> str:
    """The database of this test, for its children."""
    at = connection.settings_dict
    return f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
